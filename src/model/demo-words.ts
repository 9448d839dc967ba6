import { codeBlock } from "../core/markdown.ts";

/** What the demonstration says, in one language. */
export interface DemoWords {
  readonly greeting: string;
  readonly nothing: string;
  readonly running: string;
  readonly saving: string;
  ran(result: string): string;
  saved(result: string): string;
  readonly noTerminal: string;
  readonly noMemory: string;
  /** Stands under every answer. */
  readonly disclosure: string;
}

/** Chinese when the person writes Chinese, else English. */
export function wordsFor(text: string): DemoWords {
  return /\p{Script=Han}/u.test(text) ? chinese : english;
}

const english: DemoWords = {
  greeting:
    "Hello! Everything around me is real: the chat, the queue, the sandbox and the memory. Try “run a command” or “remember that I like tea”.",
  nothing:
    "I have read your message, but a script cannot think about it. I can show you two things: say “run a command” or “remember that I like tea”.",
  running: "A script answers here, not a model. It asks the sandbox to run a harmless command.",
  saving: "A script answers here, not a model. It writes this into your memory.",
  ran: (result) => `The sandbox really ran it and printed:\n\n${fenced(result)}`,
  saved: (result) => `The memory answered: ${result}\n\nA new session will know it.`,
  noTerminal: "I was not given the terminal tool, so I cannot run a command here.",
  noMemory: "I was not given the memory tool, so I cannot keep that.",
  disclosure:
    "*I am the built-in demonstration: a script, not a model. To connect a real model, run `hermes model`, or set `OPENAI_BASE_URL` to your model server (like `http://127.0.0.1:8080/v1`).*",
};

const chinese: DemoWords = {
  greeting: "你好！我周围的一切都是真的：聊天、队列、沙箱和记忆。可以试试“运行一个命令”或“记住我喜欢喝茶”。",
  nothing: "你的消息我收到了，但脚本不会思考。我可以演示两件事：请说“运行一个命令”或“记住我喜欢喝茶”。",
  running: "这里回答的是脚本，不是模型。它请沙箱运行一个无害的命令。",
  saving: "这里回答的是脚本，不是模型。它把这件事写进你的记忆。",
  ran: (result) => `沙箱真的运行了命令，输出如下：\n\n${fenced(result)}`,
  saved: (result) => `记忆的答复：${result}\n\n新的会话会记得它。`,
  noTerminal: "我没有得到 terminal 工具，不能在这里运行命令。",
  noMemory: "我没有得到 memory 工具，不能记住这件事。",
  disclosure:
    "*我是内置的演示：一段脚本，不是模型。要连接真正的模型，请运行 `hermes model`，或把 `OPENAI_BASE_URL` 设为你的模型服务器（例如 `http://127.0.0.1:8080/v1`）。*",
};

/** A code block of the text, or of its beginning. */
function fenced(text: string): string {
  const short = text.length > 1_500 ? `${text.slice(0, 1_500)}\n…` : text;
  return codeBlock(short.trimEnd());
}

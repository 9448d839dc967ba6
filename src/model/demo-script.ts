import { z } from "zod";
import { wordsFor, type DemoWords } from "./demo-words.ts";

/** The part of a chat request that the script looks at. */
export const demoRequest = z.object({
  messages: z.array(
    z.object({
      role: z.string(),
      content: z.string().nullish(),
      tool_calls: z.array(z.object({ function: z.object({ name: z.string() }) })).nullish(),
    }),
  ),
  tools: z.array(z.object({ function: z.object({ name: z.string() }) })).nullish(),
  tool_choice: z.unknown().optional(),
});

export type DemoRequest = z.infer<typeof demoRequest>;

/** What the script answers: a text, and possibly a call after it. */
export interface DemoAnswer {
  readonly text: string;
  readonly call: { readonly name: string; readonly arguments: string } | null;
}

/** The script. It sees what a model would see and nothing else. */
export function demoAnswer(request: DemoRequest): DemoAnswer {
  const asked = request.messages.findLast((message) => message.role === "user")?.content ?? "";
  const words = wordsFor(asked);
  const last = request.messages.at(-1);
  if (last?.role === "tool") return say(words, fromResult(request, words, last.content ?? ""));
  const offered = new Set(request.tool_choice === "none" ? [] : (request.tools ?? []).map((tool) => tool.function.name));
  const fact = wantedFact(asked);
  if (fact !== null)
    return offered.has("memory")
      ? call(words.saving, "memory", { action: "add", target: "user", content: fact })
      : say(words, words.noMemory);
  if (wantsCommand.test(asked))
    return offered.has("terminal") ? call(words.running, "terminal", { command: harmless(asked) }) : say(words, words.noTerminal);
  return say(words, greets.test(asked) ? words.greeting : words.nothing);
}

const wantsCommand = /\b(?:run|execute|exec|command|terminal|shell|sandbox)\b|运行|执行|命令|终端|沙箱/i;
const greets = /\b(?:hi|hello|hey|start|help|good (?:morning|evening|day))\b|你好|您好|嗨|早上好|晚上好|帮助/i;

/** What follows "remember" (that, to), or null. */
function wantedFact(asked: string): string | null {
  const found =
    /\bremember\b[:,]?\s*(?:that\s+|to\s+)?([\s\S]+)/i.exec(asked) ??
    /(?:请)?(?:记住|记下|记得)[：:，,]?\s*([\s\S]+)/.exec(asked);
  const fact = found?.[1]?.trim().slice(0, 300) ?? "";
  return fact === "" ? null : fact;
}

/** A command that only looks, as the person wrote it; anything else becomes a fixed one. */
function harmless(asked: string): string {
  const written = /`([^`\n]+)`/.exec(asked)?.[1] ?? /\b(?:run|execute)\b:?\s+([a-z]+(?:[ \t]+[\w./=,+-]+)*)/i.exec(asked)?.[1];
  const command = written?.trim() ?? "";
  return /^(?:echo|ls|pwd|date|whoami|uname|wc|head)(?: +[\w./=,+:-]+)*$/.test(command) ? command : defaultCommand;
}

const defaultCommand = 'echo "Hello from the sandbox" && pwd && ls -a';

function fromResult(request: DemoRequest, words: DemoWords, result: string): string {
  const caller = request.messages.findLast((message) => (message.tool_calls?.length ?? 0) > 0);
  return caller?.tool_calls?.[0]?.function.name === "memory" ? words.saved(result) : words.ran(result);
}

function say(words: DemoWords, text: string): DemoAnswer {
  return { text: `${text}\n\n${words.disclosure}`, call: null };
}

function call(text: string, name: string, args: unknown): DemoAnswer {
  return { text, call: { name, arguments: JSON.stringify(args) } };
}

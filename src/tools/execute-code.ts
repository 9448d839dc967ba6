import { z } from "zod";
import { tool, type ToolContext } from "../core/tool.ts";
import { quoted } from "../sandbox/shell-scripts.ts";
import { capText } from "./cap.ts";
import { bootstrap } from "./code/bootstrap.ts";
import { channel } from "./code/channel.ts";
import { plainText } from "./plain-text.ts";

/** The original's limits. */
const longestMs = 300_000;
const mostCalls = 50;
const outputChars = 50_000;

/** What code may call, as in the original. */
const callable = ["patch", "read_file", "search_files", "terminal", "web_extract", "web_search", "write_file"];

const parameters = z.strictObject({
  code: z.string().min(1).max(100_000).describe("Python 3."),
});

export const executeCode = tool({
  name: "execute_code",
  description:
    "Run Python in the sandbox; `from hermes_tools import read_file, terminal, …` calls tools from it. For loops over many calls; print what you need.",
  kind: "effect",
  toolset: "code_execution",
  parameters,
  aliases: { script: "code", python: "code", source: "code" },
  deeds: ({ code }) => [{ kind: "run", command: code, language: "python", workdir: "" }],
  preview: ({ code }) => `python: ${code.trim().split("\n")[0] ?? ""}`,
  run: ({ code }, context) => execute(code, context),
});

async function execute(code: string, context: ToolContext): Promise<string> {
  const sandbox = await context.sandbox();
  const limit = AbortSignal.timeout(longestMs);
  const flood = new AbortController();
  const signal = AbortSignal.any([context.signal, limit, flood.signal]);
  const printed = printer(context);
  const state = { calls: 0 };
  const line = channel(
    async (name, args) => {
      state.calls += 1;
      if (state.calls > mostCalls) throw new Error(`No more than ${mostCalls} tool calls in one run: do the rest in another.`);
      if (!callable.includes(name)) throw new Error(`${name} can't be called from code.`);
      return await context.tools.call(name, args);
    },
    () => flood.abort(),
  );
  const program = await sandbox.attach(`exec python3 -u -c ${quoted(bootstrap)}`, {
    signal,
    onOutput: (chunk) => line.take(chunk),
    onError: (chunk) => printed.push(chunk),
  });
  line.to(program);
  program.write(`${JSON.stringify({ code, tools: offered(context) })}\n`);
  const exit = await program.ended;
  line.close();
  const stop = flood.signal.aborted ? noCalls : limit.aborted ? tooLate : null;
  return report(printed.text(), exit, stop, state.calls);
}

/** Names of parameters in order, by tool. */
function offered({ tools }: ToolContext): Readonly<Record<string, readonly string[]>> {
  const known = callable.flatMap((name) => {
    const names = tools.parametersOf(name);
    return names === null ? [] : [[name, names] as const];
  });
  return Object.fromEntries(known);
}

const tooLate = `[stopped: not finished after ${longestMs / 1_000} s. Do it in smaller parts.]`;
const noCalls = "[stopped: it wrote to the pipe that tool calls go through. Print to stdout, and call tools by hermes_tools.]";

function report(text: string, exit: number | null, stop: string | null, calls: number): string {
  const notes = [
    ...(stop === null ? [] : [stop]),
    ...(exit === 127 ? ["[there is no python3 in this sandbox: use terminal, or another image (terminal.docker_image)]"] : []),
    ...(exit !== null && exit !== 0 && exit !== 127 ? [`[exit code ${exit}]`] : []),
    ...(exit === null && stop === null ? ["[ended before it had finished]"] : []),
  ];
  const said = capText(plainText(text).trimEnd(), outputChars);
  const whole = [said, ...notes].filter((part) => part !== "").join("\n");
  return whole === "" ? `(no output; ${calls} tool calls)` : whole;
}

/** Gathers what is printed, the beginning and the end of it, and shows it meanwhile. */
function printer(context: ToolContext): { push(chunk: Uint8Array): void; text(): string } {
  const decoder = new TextDecoder();
  let head = "";
  let tail = "";
  let dropped = 0;
  return {
    push(chunk) {
      const text = decoder.decode(chunk, { stream: true });
      context.progress(plainText(text.slice(-2_000)));
      const room = Math.max(0, outputChars - head.length);
      head += text.slice(0, room);
      tail += text.slice(room);
      const over = Math.max(0, tail.length - outputChars);
      dropped += over;
      tail = tail.slice(over);
    },
    text: () => (dropped === 0 ? head + tail : `${head}\n[... ${dropped} characters cut here ...]\n${tail}`),
  };
}

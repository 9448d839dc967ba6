import { z } from "zod";
import { beginning } from "../core/excerpt.ts";
import type { ProcessInfo, Sandbox } from "../core/sandbox.ts";
import { type Deed, tool, type ToolContext } from "../core/tool.ts";
import { plainText } from "./plain-text.ts";
import { pause } from "../core/pause.ts";

/** Longest one call waits, in seconds; more is asked for by waiting again. */
const longestSeconds = 600;
/** While it waits it looks first so often, later less. */
const firstLookMs = 100;
const lastLookMs = 1_000;
/** Read at once from a process's output. */
const pollBytes = 60_000;
/** The original's: lines of a log that are given where nothing else is asked for. */
const logLines = 200;

const actions = ["list", "poll", "log", "wait", "kill", "write", "submit", "close"] as const;
type Action = (typeof actions)[number];

const parameters = z.strictObject({
  action: z.enum(actions),
  session_id: z.string().trim().default(""),
  data: z.string().default("").describe("To write; submit adds a newline. \\u0003 is Ctrl-C."),
  timeout: z.int().min(0).max(86_400).default(0).describe("Seconds to wait."),
  offset: z.int().min(0).default(0).describe("First line; 0: the last ones."),
  limit: z.int().min(1).max(10_000).default(logLines),
});

type Wish = z.output<typeof parameters>;

export const process = tool({
  name: "process",
  description: "Background commands: poll for new output, log for all of it, wait for the end; close ends the input.",
  kind: "effect",
  toolset: "terminal",
  parameters,
  aliases: { pid: "session_id", id: "session_id", process_id: "session_id", input: "data" },
  deeds: ({ action, data }) => (action === "write" || action === "submit" ? typed(data) : []),
  preview: ({ action, session_id: id, data }) => `process ${action} ${id} ${data.trim().split("\n")[0] ?? ""}`.trim(),
  async run(wish, context) {
    const sandbox = await context.sandbox();
    if (wish.action === "list") return listOf(await sandbox.processes());
    if (wish.session_id === "") throw new Error(`session_id is missing. ${listOf(await sandbox.processes())}`);
    return await act(wish.action, sandbox, wish, context);
  },
});

async function act(action: Exclude<Action, "list">, sandbox: Sandbox, wish: Wish, context: ToolContext): Promise<string> {
  const id = wish.session_id;
  switch (action) {
    case "poll":
      return await polled(sandbox, id, context);
    case "log":
      return await log(sandbox, wish, context);
    case "wait":
      return await wait(sandbox, wish, context);
    case "kill": {
      const info = await sandbox.kill(id);
      await context.watching.seen(id);
      return `${id} ${stateOf(info)}.`;
    }
    case "write":
    case "submit": {
      const text = action === "submit" ? `${wish.data}\n` : wish.data;
      if (sandbox.backend === "ssh" || sandbox.backend === "local") checkTyped(text);
      await sandbox.send(id, text);
      return `Sent to ${id}.`;
    }
    case "close":
      await sandbox.closeInput(id);
      return `The input of ${id} is closed.`;
  }
}

/** What is typed into a shell that waits there is a command like any other, and into an interpreter a program. */
function typed(data: string): readonly Deed[] {
  const deed: Deed = { kind: "run", command: data, language: "shell", workdir: "" };
  return data.includes("(") ? [deed, { ...deed, language: "python" }] : [deed];
}

/** Ctrl-C, Ctrl-D, Ctrl-Z, Ctrl-\\ and Enter: none of them begins or edits a line, as Esc and the arrows do. */
const keys = /^[\u0003\u0004\u001A\u001C\n\r]*$/;
/** No tab either: a shell that then asks whether to list all takes the next letter for its answer. */
const wholeLines = /^(?:[^\u0000-\u001F\u007F]*\n)*[^\u0000-\u001F\u007F]*[\n\r]$/;
/** An interactive shell puts earlier commands, changed at will, in the place of these. */
const history = /(?:^|\n)\s*\^|!(?![\s=])/;

/** Where there are no walls each text is judged by itself, so none may be a piece of a line, go on in the next, or change what was typed. */
function checkTyped(text: string): void {
  if (keys.test(text)) return;
  if (wholeLines.test(text) && !/\\[\n\r]*$/.test(text) && !history.test(text)) return;
  throw new Error(
    "Not sent. Here only whole lines can be typed (submit, without a \\ at the end, a ! that no blank follows, a ^ at the begin of a line, or " +
      "tabs and other control characters), or one of these keys alone: Ctrl-C, Ctrl-D, Ctrl-Z, Ctrl-\\, Enter.",
  );
}

async function find(sandbox: Sandbox, id: string): Promise<ProcessInfo> {
  const all = await sandbox.processes();
  const info = all.find((each) => each.id === id);
  if (info === undefined)
    throw new Error(`There is no process ${id.slice(0, 40)}; a restarted sandbox has none of before. ${listOf(all)}`);
  return info;
}

/** What it has printed since the last look, and how it stands. */
async function polled(sandbox: Sandbox, id: string, context: ToolContext): Promise<string> {
  const info = await find(sandbox, id);
  const { text, next, total } = await sandbox.output(id, "unread", pollBytes);
  await noteEnd(info, context);
  const rest = next < total ? ` ${total - next} bytes more are there: poll again.` : "";
  const said = plainText(text).trimEnd();
  return `${said === "" ? "(no new output)" : said}\n[${id} ${stateOf(info)}.${rest}]`;
}

async function wait(sandbox: Sandbox, wish: Wish, context: ToolContext): Promise<string> {
  const id = wish.session_id;
  const limitMs = wish.timeout === 0 ? context.limits.commandMs : Math.min(wish.timeout, longestSeconds) * 1000;
  const until = performance.now() + limitMs;
  let shown = 0;
  let lookMs = firstLookMs;
  for (;;) {
    const info = await find(sandbox, id);
    if (info.outputBytes > shown) {
      const part = await sandbox.output(id, Math.max(shown, info.outputBytes - shownBytes), shownBytes);
      context.progress(plainText(part.text));
      shown = part.next;
    }
    const left = until - performance.now();
    if (info.state !== "running" || left <= 0 || context.signal.aborted) return await polled(sandbox, id, context);
    await pause(Math.min(lookMs, left), context.signal);
    lookMs = Math.min(lastLookMs, lookMs * 1.5);
  }
}

/** Of new output, at one look: progress is for the eye. */
const shownBytes = 2_000;

async function log(sandbox: Sandbox, { session_id: id, offset, limit }: Wish, context: ToolContext): Promise<string> {
  const info = await find(sandbox, id);
  await noteEnd(info, context);
  const { text, cut } = await whole(sandbox, id);
  const lines = plainText(text).replace(/\n$/, "").split("\n");
  const first = offset === 0 ? Math.max(0, lines.length - limit) : offset - 1;
  const part = lines.slice(first, first + limit);
  const gone = cut > 0 ? ` ${cut} bytes of the middle are gone.` : "";
  return `${part.join("\n")}\n[Lines ${first + 1} to ${first + part.length} of ${lines.length}.${gone} ${id} ${stateOf(info)}.]`;
}

/** All that is kept: at most some megabytes. */
async function whole(sandbox: Sandbox, id: string): Promise<{ readonly text: string; readonly cut: number }> {
  const parts: string[] = [];
  let [at, cut, total] = [0, 0, 1];
  while (at < total) {
    const part = await sandbox.output(id, at, logBytes);
    if (part.next <= at) break;
    if (part.from - at > longestCharacter) {
      cut += part.from - at;
      parts.push(`\n[... ${part.from - at} bytes are gone here ...]\n`);
    }
    parts.push(part.text);
    [at, total] = [part.next, part.total];
  }
  return { text: parts.join(""), cut };
}

const logBytes = 512 * 1024;
/** In bytes: parts may begin so much later than asked without anything being gone. */
const longestCharacter = 4;

/** Who has seen the end need not be told of it. */
async function noteEnd({ id, state }: ProcessInfo, { watching }: ToolContext): Promise<void> {
  if (state !== "running") await watching.seen(id);
}

function listOf(all: readonly ProcessInfo[]): string {
  if (all.length === 0) return "There are no background processes.";
  return all.map((info) => `${info.id} ${stateOf(info)}, ${info.outputBytes} bytes: ${firstLine(info.command)}`).join("\n");
}

function stateOf({ state, exitCode, ms }: ProcessInfo): string {
  const seconds = `${Math.round(ms / 1000)} s`;
  switch (state) {
    case "running":
      return `has been running for ${seconds}`;
    case "exited":
      return `ended with exit code ${exitCode ?? "unknown"} after ${seconds}`;
    case "killed":
      return "was killed";
    case "lost":
      return "is gone; how it ended is unknown";
  }
}

function firstLine(command: string): string {
  const [line = ""] = command.trim().split("\n");
  return line.length > 100 ? `${beginning(line, 100)}…` : line;
}

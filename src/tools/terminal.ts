import { z } from "zod";
import { pause } from "../core/pause.ts";
import type { CommandResult, Sandbox } from "../core/sandbox.ts";
import { tool, type ToolContext } from "../core/tool.ts";
import { plainText } from "./plain-text.ts";

/** Longest a command in the foreground may take (the original's limit), in seconds. */
const longestSeconds = 600;
/** A command in the background that fails does so mostly at once: so long it is waited for before the model is told. */
const firstLookMs = 400;
/** Of what it has printed by then. */
const firstLookBytes = 2_000;

const parameters = z.strictObject({
  command: z.string().min(1).describe("Shell command."),
  timeout: z.int().min(0).max(86_400).default(0).describe(`Seconds, at most ${longestSeconds}; 0 for the usual limit.`),
  workdir: z.string().default("").describe("Directory for this command only."),
  background: z.boolean().default(false).describe("Go on by itself; see process."),
  pty: z.boolean().default(false).describe("Give it a terminal."),
  notify_on_complete: z.boolean().default(false).describe("Background: tells you of its end."),
  watch_patterns: z.array(z.string().min(1).max(200)).max(10).default([]).describe("Or: of output with one of these."),
});

type Wish = z.output<typeof parameters>;

export const terminal = tool({
  name: "terminal",
  description: "Run a shell command in the sandbox. Directory and exported variables persist between calls; stdin is empty.",
  kind: "effect",
  toolset: "terminal",
  parameters,
  deeds: ({ command, workdir }) => [{ kind: "run", command, language: "shell", workdir }],
  preview: ({ command, background }) => `$ ${command.trim().split("\n")[0] ?? ""}${background ? " &" : ""}`,
  async run(wish, context) {
    const { command, timeout, workdir, pty } = wish;
    refuse(wish);
    const sandbox = await context.sandbox();
    if (wish.background) return await begin(sandbox, wish, context);
    const timeoutMs = timeout === 0 ? context.limits.commandMs : Math.min(timeout, longestSeconds) * 1000;
    const result = await sandbox.run(command, {
      timeoutMs,
      pty,
      signal: context.signal,
      onOutput: (chunk) => context.progress(plainText(chunk)),
      ...(workdir === "" ? {} : { workdir }),
    });
    return report(result, timeoutMs);
  },
});

/** Wishes that can't both be met. */
function refuse({ background, notify_on_complete: notify, watch_patterns: patterns }: Wish): void {
  if (notify && patterns.length > 0) throw new Error("Give notify_on_complete or watch_patterns, not both.");
  if (!background && (notify || patterns.length > 0)) {
    throw new Error("notify_on_complete and watch_patterns are for commands with background=true.");
  }
}

async function begin(sandbox: Sandbox, wish: Wish, { signal, watching }: ToolContext): Promise<string> {
  const { command, workdir, pty, notify_on_complete: notify, watch_patterns: patterns } = wish;
  const { id } = await sandbox.start(command, { pty, ...(workdir === "" ? {} : { workdir }) });
  if (notify || patterns.length > 0) await watching.watch({ backend: sandbox.backend, id, command }, patterns);
  await pause(firstLookMs, signal);
  const info = (await sandbox.processes()).find((each) => each.id === id);
  const { text } = await sandbox.output(id, "unread", firstLookBytes);
  const said = plainText(text).trimEnd();
  const ended = info !== undefined && info.state !== "running";
  // Who has seen the end need not be told of it.
  if (ended) await watching.seen(id);
  const state = ended ? `has ended, exit code ${info.exitCode ?? "unknown"}.` : `runs in the background.${promise(wish)}`;
  const how = `[Process ${id} ${state} See process(action="poll", session_id="${id}").]`;
  return said === "" ? how : `${said}\n${how}`;
}

function promise({ notify_on_complete: notify, watch_patterns: patterns }: Wish): string {
  if (notify) return " You will be told of its end.";
  return patterns.length > 0 ? " You will be told of a match." : "";
}

function report(result: CommandResult, timeoutMs: number): string {
  const text = plainText(result.output).trimEnd();
  const note = ending(result, timeoutMs);
  if (text === "") return note ?? "(no output)";
  return note === null ? text : `${text}\n${note}`;
}

function ending({ end, exitCode }: CommandResult, timeoutMs: number): string | null {
  switch (end) {
    case "timed_out":
      return `[stopped: not finished after ${timeoutMs / 1000} s. Give a longer timeout, or background=true.]`;
    case "aborted":
      return "[stopped on request before it finished]";
    case "exited":
      return exitCode === 0 ? null : `[exit code ${exitCode ?? "unknown"}]`;
  }
}

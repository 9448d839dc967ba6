import { stripVTControlCharacters } from "node:util";
import { z } from "zod";
import type { CommandResult } from "../core/sandbox.ts";
import { tool } from "../core/tool.ts";

/** Longest a command in the foreground may take (the original's limit), in seconds. */
const longestSeconds = 600;

const parameters = z.strictObject({
  command: z.string().min(1).describe("Shell command."),
  timeout: z.int().min(0).max(86_400).default(0).describe(`Seconds, at most ${longestSeconds}; 0 for the usual limit.`),
  workdir: z.string().default("").describe("Directory for this command only."),
});

export const terminal = tool({
  name: "terminal",
  description: "Run a shell command in the sandbox. Directory and exported variables persist between calls; stdin is empty.",
  kind: "effect",
  toolset: "terminal",
  parameters,
  deeds: ({ command, workdir }) => [{ kind: "run", command, language: "shell", workdir }],
  preview: ({ command }) => `$ ${command.trim().split("\n")[0] ?? ""}`,
  async run({ command, timeout, workdir }, context) {
    const sandbox = await context.sandbox();
    const timeoutMs = timeout === 0 ? context.limits.commandMs : Math.min(timeout, longestSeconds) * 1000;
    const result = await sandbox.run(command, {
      timeoutMs,
      signal: context.signal,
      onOutput: (chunk) => context.progress(stripVTControlCharacters(chunk)),
      ...(workdir === "" ? {} : { workdir }),
    });
    return report(result, timeoutMs);
  },
});

function report(result: CommandResult, timeoutMs: number): string {
  const text = stripVTControlCharacters(result.output).trimEnd();
  const note = ending(result, timeoutMs);
  if (text === "") return note ?? "(no output)";
  return note === null ? text : `${text}\n${note}`;
}

function ending({ end, exitCode }: CommandResult, timeoutMs: number): string | null {
  switch (end) {
    case "timed_out":
      return `[stopped: not finished after ${timeoutMs / 1000} s. Give a longer timeout, or run it in smaller parts.]`;
    case "aborted":
      return "[stopped on request before it finished]";
    case "exited":
      return exitCode === 0 ? null : `[exit code ${exitCode ?? "unknown"}]`;
  }
}

import { randomBytes } from "node:crypto";
import type { CommandResult, RunOptions } from "../core/sandbox.ts";
import { noTerminal } from "./background.ts";
import { endsWithin } from "./in-time.ts";
import { type Lifeline, resetNote } from "./lifeline.ts";
import type { Machine } from "./machine.ts";
import { type OutputCollector, outputCollector } from "./output.ts";
import { progressFeed } from "./progress.ts";
import { killRun, newMarker, type Shell, ShellEnded } from "./shell.ts";
import { quoted } from "./shell-scripts.ts";

/** A command that prints more than this is stopped: reading on would only burn a core. */
const floodBytes = 256 * 1024 * 1024;
/** How long the shell may take to notice that its command was killed. */
const settleMs = 3_000;
const looks = 4;
/** What shells say when the process table is full, each in its own words. */
const forkFailed = /cannot fork|can't fork|fork: retry|resource temporarily unavailable/i;

type Stop = "timed_out" | "aborted" | "flooded";

/** How one try at a command ended. `code` is the exit code, or `broken` for a command that was not begun. */
interface Attempt {
  readonly code: string;
  readonly processes: number;
  readonly stop: Stop | null;
  /** Stopping it took a restart of the machine. */
  readonly restarted: boolean;
}

interface Job {
  readonly line: Lifeline;
  readonly command: string;
  readonly run: RunOptions;
  readonly output: OutputCollector;
  /** False when there has been too much. */
  readonly onData: (chunk: Buffer) => boolean;
}

/** Runs one command in a session's shell. Throws an Error the model reads when the sandbox broke down under it. */
export async function runCommand(line: Lifeline, session: string, command: string, run: RunOptions): Promise<CommandResult> {
  const began = Date.now();
  if (run.signal.aborted) return { output: "", exitCode: null, end: "aborted", ms: 0 };
  const output = outputCollector();
  const progress = progressFeed(run.onOutput);
  const onData = (chunk: Buffer): boolean => {
    output.push(chunk);
    progress(chunk);
    return output.total <= floodBytes;
  };
  const result = await tryTwice({ line, command, run, output, onData });
  if (result.code === "terminal") throw new Error(noTerminal);
  const news = line.news();
  const notes = news === null ? [] : [`${news} ${resetNote}`];
  if (!result.restarted) line.used();
  if (result.stop === null && result.processes > line.machine.mostProcesses) {
    await line.restart();
    notes.push(`It left ${result.processes} processes running; the sandbox was restarted to end them. ${resetNote}`);
  }
  return finish(result, readable(output.text(), line.machine, session), notes, Date.now() - began, line.machine);
}

/** Runs a command; once more, in a restarted sandbox, when it surely has not begun. */
async function tryTwice(job: Job): Promise<Attempt> {
  const { line, output } = job;
  try {
    const result = await attempt(job);
    if (result.code !== "broken") return result;
    line.tell("An earlier command had left the sandbox full of processes or files, so it was restarted first.");
  } catch (thrown) {
    if (!(thrown instanceof ShellEnded) || output.total > 512 || !forkFailed.test(output.text())) return line.recover(thrown);
    line.tell("An earlier command had left no room for another process, so the sandbox was restarted first.");
  }
  output.clear();
  await line.restart();
  return attempt(job).catch(line.recover);
}

async function attempt(job: Job): Promise<Attempt> {
  const { run, line } = job;
  const shell = await line.shell();
  // It may have been stopped while the shell was opened.
  if (run.signal.aborted) return { code: "", processes: 0, stop: "aborted", restarted: false };
  const id = randomBytes(8).toString("hex");
  const { promise: ended, resolve: onEnded } = Promise.withResolvers<void>();
  let stop: Stop | null = null;
  let killed: Promise<boolean> | null = null;
  const halt = (why: Stop): void => {
    stop ??= why;
    killed ??= kill(line, id, ended);
  };
  const timer = setTimeout(() => halt("timed_out"), run.timeoutMs);
  const onAbort = (): void => halt("aborted");
  run.signal.addEventListener("abort", onAbort);
  const trailer = await send(job, shell, id, () => halt("flooded")).catch((thrown: unknown) => asError(thrown));
  onEnded();
  clearTimeout(timer);
  run.signal.removeEventListener("abort", onAbort);
  const restarted = killed !== null && !(await killed);
  // A shell that ended because its command was stopped has done what it should.
  if (trailer instanceof Error && stop === null) throw trailer;
  const [code = "", processes = "0"] = trailer instanceof Error ? ["137"] : trailer.split(" ");
  return { code, processes: Number(processes), stop, restarted };
}

function send({ command, run, onData }: Job, shell: Shell, id: string, onFlood: () => void): Promise<string> {
  const marker = newMarker();
  const words = [marker, id, run.workdir ?? "", command, run.pty === true ? "1" : ""];
  const input = `r ${words.map(quoted).join(" ")}\n`;
  return shell.call(marker, input, (chunk) => {
    if (!onData(chunk)) onFlood();
  });
}

/** Kills one command. False when that took a restart of the whole machine. */
async function kill(line: Lifeline, id: string, ended: Promise<void>): Promise<boolean> {
  try {
    // A command that was stopped as it began may not be there yet at the first look.
    for (let look = 0; look < looks; look += 1) {
      await killRun(line.machine, id);
      if (await endsWithin(ended, settleMs / looks)) return true;
    }
  } catch {
    // Too full for one more process, or something that can't be killed one by one.
  }
  await line.restart();
  return false;
}

function finish(result: Attempt, text: string, notes: readonly string[], ms: number, machine: Machine): CommandResult {
  const all = [...notes, ...notesOn(result, machine)].map((note) => `[${note}]`);
  // The shell's own word for a command that was stopped.
  const said = result.stop === null ? text : text.replace(/Killed\n$/, "");
  const output = all.length === 0 ? said : [said.replace(/\n$/, ""), ...all].filter((part) => part !== "").join("\n");
  if (result.stop === null) return { output, exitCode: Number(result.code), end: "exited", ms };
  return { output, exitCode: null, end: result.stop === "flooded" ? "exited" : result.stop, ms };
}

function notesOn({ stop, restarted, code }: Attempt, { killedNote }: Machine): readonly string[] {
  const flooded = stop === "flooded" ? ["It printed more than 256 MB and was stopped."] : [];
  const reset = restarted ? [`Stopping it took a restart of the sandbox. ${resetNote}`] : [];
  return [...flooded, ...reset, ...(stop === null && code === "137" ? [killedNote] : [])];
}

/** Error messages name the file that the command was put into; the model knows of none. */
function readable(text: string, { place }: Machine, session: string): string {
  const directory = `${place.state}/${session}`;
  return text.replaceAll(`${directory}/command: `, "bash: ").replaceAll(`${directory}/run: `, "bash: ");
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

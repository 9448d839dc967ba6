import type { CommandResult, RunOptions } from "../core/sandbox.ts";
import { noTerminal } from "./background.ts";
import { endsWithin } from "./in-time.ts";
import { type Lifeline, resetNote } from "./lifeline.ts";
import type { Machine } from "./machine.ts";
import { type OutputCollector, outputCollector } from "./output.ts";
import { progressFeed } from "./progress.ts";
import { markerScan } from "./marker-scan.ts";
import { killRun, newMarker, runName, type Shell, ShellEnded } from "./shell.ts";
import { quoted } from "./shell-scripts.ts";

/** A command that prints more than this is stopped: reading on would only burn a core. */
const floodBytes = 256 * 1024 * 1024;
/** How long the shell may take to notice that its command was killed. */
const settleMs = 3_000;
const looks = 4;
/** How long a shell may take to begin a command: one that was stopped, or whose own files were spoilt, never does. */
const beginMs = 5_000;
/** What shells say when the process table is full, each in its own words. */
const forkFailed = /cannot fork|can't fork|fork: retry|resource temporarily unavailable/i;

type Stop = "timed_out" | "aborted" | "flooded";

/** How one try at a command ended. `code` is the exit code, or `broken` for a command that there was no room for. */
interface Attempt {
  readonly code: string;
  readonly begun: boolean;
  readonly processes: number;
  readonly stop: Stop | null;
  /** Stopping it took a restart of the machine. */
  readonly restarted: boolean;
}

interface Job {
  readonly line: Lifeline;
  readonly session: string;
  readonly command: string;
  readonly run: RunOptions;
  readonly output: OutputCollector;
  /** What came before it began: somebody else's, or why it could not begin. */
  readonly early: OutputCollector;
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
  const result = await tryTwice({ line, session, command, run, output, early: outputCollector(), onData });
  if (result.code === "terminal") throw new Error(noTerminal);
  const news = line.news();
  const notes = news === null ? [] : [news];
  if (!result.restarted) line.used();
  if (result.stop === null && result.processes > line.machine.mostProcesses) {
    await line.restart();
    notes.push(`It left ${result.processes} processes running; the sandbox was restarted to end them. ${resetNote}`);
  }
  return finish(result, readable(output.text(), line.machine, session), notes, Date.now() - began, line.machine);
}

/** Runs a command; once more when it surely has not begun: with a fresh environment, and in a restarted sandbox where need be. */
async function tryTwice(job: Job): Promise<Attempt> {
  const { line, early } = job;
  try {
    const result = await attempt(job, false);
    if (result.begun || result.stop !== null || result.code === "terminal") return result;
    if (result.code !== "broken") {
      line.tell("What earlier commands had left in the environment could not be read any more.");
      return await lastAttempt(job);
    }
    line.tell("An earlier command had left the sandbox full of processes or files, so it was restarted first.");
  } catch (thrown) {
    if (thrown === notBegun) line.tell("The sandbox did not take commands any more, so it was restarted first.");
    else if (!(thrown instanceof ShellEnded) || !forkFailed.test(early.text())) return line.recover(thrown);
    else line.tell("An earlier command had left no room for another process, so the sandbox was restarted first.");
  }
  await line.restart();
  return await lastAttempt(job).catch(line.recover);
}

async function lastAttempt(job: Job): Promise<Attempt> {
  job.early.clear();
  const result = await attempt(job, true);
  if (!result.begun) job.output.push(Buffer.from(job.early.text()));
  return result;
}

/** Thrown when the shell has taken a command and surely not begun it. */
const notBegun = new Error("The sandbox did not begin the command. Try again.");

async function attempt(job: Job, fresh: boolean): Promise<Attempt> {
  const { run, line } = job;
  const shell = await line.shell();
  // It may have been stopped while the shell was opened.
  if (run.signal.aborted) return { code: "", begun: false, processes: 0, stop: "aborted", restarted: false };
  const id = runName(job.session);
  const { promise: ended, resolve: onEnded } = Promise.withResolvers<void>();
  const state = { begun: false, late: null as Promise<boolean> | null };
  let stop: Stop | null = null;
  let killed: Promise<boolean> | null = null;
  const halt = (why: Stop): void => {
    stop ??= why;
    killed ??= kill(line, why === "flooded" ? job.session : id, ended);
  };
  const timer = setTimeout(() => halt("timed_out"), run.timeoutMs);
  const late = setTimeout(() => {
    if (state.begun || stop !== null) return;
    state.late = killRun(line.machine, id).catch(() => false);
    void state.late.then(() => shell.end());
  }, beginMs);
  const onAbort = (): void => halt("aborted");
  run.signal.addEventListener("abort", onAbort);
  const heard = { begin: () => void (state.begun = true), flood: () => halt("flooded") };
  const trailer = await send(job, shell, id, fresh, heard).catch((thrown: unknown) => asError(thrown));
  onEnded();
  clearTimeout(timer);
  clearTimeout(late);
  run.signal.removeEventListener("abort", onAbort);
  const restarted = killed !== null && !(await killed);
  // The shell is ended then: nothing more may be sent to it.
  const gone = state.late === null ? null : await state.late;
  // A shell that ended because its command was stopped has done what it should.
  if (trailer instanceof Error && stop === null) throw gone === false && !state.begun ? notBegun : trailer;
  const [code = "", processes = "0"] = trailer instanceof Error ? ["137"] : trailer.split(" ");
  return { code, begun: state.begun, processes: Number(processes), stop, restarted };
}

interface Heard {
  begin(): void;
  flood(): void;
}

function send({ command, run, early, onData }: Job, shell: Shell, id: string, fresh: boolean, heard: Heard): Promise<string> {
  const [marker, begun] = [newMarker(), newMarker()];
  const how = run.own === true ? "own" : run.pty === true ? "pty" : fresh ? "new" : "";
  const words = [marker, id, begun, run.workdir ?? "", command, how];
  const take = (chunk: Buffer): void => {
    if (!onData(chunk)) heard.flood();
  };
  const scan = markerScan(begun, early.push, heard.begin, take);
  const input = `r ${words.map(quoted).join(" ")}\n`;
  return shell.call(marker, input, (chunk) => scan.push(chunk), run.own === true ? undefined : "commands");
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

import { randomBytes } from "node:crypto";
import type { CommandResult, RunOptions, Sandbox, SandboxOwner } from "../core/sandbox.ts";
import type { Containers } from "./docker-container.ts";
import { type Engine, engineFailure } from "./docker-engine.ts";
import { readFile, writeFile } from "./docker-files.ts";
import { killRun, newMarker, openShell, type Shell, ShellEnded } from "./docker-shell.ts";
import type { SandboxOptions } from "./options.ts";
import { type OutputCollector, outputCollector } from "./output.ts";
import { checkCommand } from "./paths.ts";
import { progressFeed } from "./progress.ts";
import { quoted, stateDir } from "./shell-scripts.ts";
import { turnstile } from "./turnstile.ts";

/** One session's shell in its owner's container, opened again whenever it is lost. */
export interface DockerSession {
  readonly sandbox: Sandbox;
  /** Makes sure the container runs. */
  ready(): Promise<void>;
  /** How long nothing has been asked of it; 0 while something runs. */
  idleMs(): number;
  end(): void;
}

/** A command that prints more than this is stopped: reading on would only burn a core. */
const floodBytes = 256 * 1024 * 1024;
/** Above this part of the process limit a finished command has left a bomb behind. */
const crowded = 0.8;
/** How long the shell may take to notice that its command was killed. */
const settleMs = 3_000;
/** What shells say when the process table is full, each in its own words. */
const forkFailed = /cannot fork|can't fork|fork: retry|resource temporarily unavailable/i;

type Stop = "timed_out" | "aborted" | "flooded";

interface Attempt {
  readonly code: string;
  readonly processes: number;
  readonly stop: Stop | null;
  readonly restarted: boolean;
}

/**
 * `known` holds the sessions that have run a command since this process began: only they have a directory and an environment to lose.
 */
export function dockerSession(
  engine: Engine,
  containers: Containers,
  owner: SandboxOwner,
  session: string,
  options: SandboxOptions,
  known: Set<string>,
): DockerSession {
  const oneAtATime = turnstile();
  const mostProcesses = Math.floor(options.pids * crowded);
  let shell: Shell | null = null;
  let running = 0;
  let lastUsed = Date.now();
  /** What the model must still be told about a loss of its directory and environment. */
  let untold: string | null = null;

  const restart = async (): Promise<void> => {
    shell?.end();
    shell = null;
    await containers.restart(owner);
  };

  const open = async (): Promise<Shell> => {
    const opened = await openShell(await containers.ensure(owner), session, mostProcesses);
    if (opened.fresh && known.has(session)) untold ??= "The sandbox was started anew since the last command.";
    return opened.shell;
  };

  const liveShell = async (): Promise<Shell> => {
    if (shell?.alive) return shell;
    try {
      shell = await open();
    } catch (thrown) {
      if (isUnreachable(thrown)) throw thrown;
      // The container runs but can't start a process: its process table is full, or its memory.
      options.log.warn({ owner: owner.key, error: String(thrown) }, "a sandbox could not start a shell and is restarted");
      await restart();
      shell = await open();
    }
    return shell;
  };

  /** After a call that broke off: brings the sandbox up again and says what happened. */
  const recover = async (thrown: unknown): Promise<never> => {
    shell?.end();
    shell = null;
    if (!(thrown instanceof ShellEnded)) throw thrown;
    const why = await containers.whyStopped(owner);
    await containers.ensure(owner);
    known.delete(session);
    const cause = why === null ? "The sandbox's shell ended" : `The sandbox ended (${why})`;
    throw new Error(`${cause} while this ran; it may have been done in part. It is up again: files in /workspace are kept. ${resetNote}`);
  };

  const attempt = async (command: string, run: RunOptions, onData: (chunk: Buffer) => boolean): Promise<Attempt> => {
    const live = await liveShell();
    const id = randomBytes(8).toString("hex");
    const marker = newMarker();
    const input = `r ${[marker, id, run.workdir ?? "", command].map(quoted).join(" ")}\n`;
    let stop: Stop | null = null;
    let restarted = false;
    let killed: Promise<void> | null = null;
    const halt = (why: Stop): void => {
      stop ??= why;
      killed ??= kill(id, ended).then((all) => {
        restarted = !all;
      });
    };
    const { promise: ended, resolve: onEnded } = Promise.withResolvers<void>();
    const timer = setTimeout(() => halt("timed_out"), run.timeoutMs);
    const onAbort = (): void => halt("aborted");
    run.signal.addEventListener("abort", onAbort);
    try {
      const trailer = await live.call(marker, input, (chunk) => {
        if (!onData(chunk)) halt("flooded");
      });
      onEnded();
      await killed;
      const [code = "", processes = "0"] = trailer.split(" ");
      return { code, processes: Number(processes), stop, restarted };
    } catch (thrown) {
      onEnded();
      await killed;
      if (stop === null) throw thrown;
      return { code: "137", processes: 0, stop, restarted };
    } finally {
      clearTimeout(timer);
      run.signal.removeEventListener("abort", onAbort);
    }
  };

  /** Kills one command. False when that took a restart of the whole container. */
  const kill = async (id: string, ended: Promise<void>): Promise<boolean> => {
    const done = await killRun(await containers.ensure(owner), id).catch(() => false);
    if (done && (await settles(ended, settleMs))) return true;
    await restart();
    known.delete(session);
    return false;
  };

  const run = async (command: string, runOptions: RunOptions): Promise<CommandResult> => {
    checkCommand(command);
    const began = Date.now();
    if (runOptions.signal.aborted) return { output: "", exitCode: null, end: "aborted", ms: 0 };
    const output = outputCollector();
    const progress = progressFeed(runOptions.onOutput);
    const notes: string[] = [];
    const onData = (chunk: Buffer): boolean => {
      output.push(chunk);
      progress(chunk);
      return output.total <= floodBytes;
    };
    const result = await tryTwice(command, runOptions, onData, output);
    known.add(session);
    if (untold !== null) notes.push(`${untold} ${resetNote}`);
    untold = null;
    if (result.stop === null && result.processes > mostProcesses) {
      await restart();
      notes.push(`It left ${result.processes} processes running (limit ${options.pids}); the sandbox was restarted to end them. ${resetNote}`);
      known.delete(session);
    }
    return finish(result, readable(output.text(), session), notes, Date.now() - began, options);
  };

  /** Runs a command; once more, in a restarted sandbox, when it surely has not begun. */
  const tryTwice = async (
    command: string,
    runOptions: RunOptions,
    onData: (chunk: Buffer) => boolean,
    output: OutputCollector,
  ): Promise<Attempt> => {
    try {
      const result = await attempt(command, runOptions, onData);
      if (result.code !== "broken") return result;
      untold = "An earlier command had left the sandbox full of processes or files, so it was restarted first.";
    } catch (thrown) {
      if (!(thrown instanceof ShellEnded) || output.total > 512 || !forkFailed.test(output.text())) return recover(thrown);
      untold = "An earlier command had left no room for another process, so the sandbox was restarted first.";
    }
    output.clear();
    await restart();
    return attempt(command, runOptions, onData).catch(recover);
  };

  const guarded = <Result>(task: () => Promise<Result>): Promise<Result> =>
    oneAtATime(async () => {
      running += 1;
      try {
        return await task();
      } catch (thrown) {
        throw isEngineError(thrown) ? engineFailure(thrown, engine.address) : thrown;
      } finally {
        running -= 1;
        lastUsed = Date.now();
      }
    });

  const onFiles = <Result>(task: (live: Shell) => Promise<Result>): Promise<Result> =>
    guarded(async () => task(await liveShell()).catch((thrown: unknown) => (shell?.alive ? Promise.reject(thrown) : recover(thrown))));

  return {
    sandbox: {
      run: (command, runOptions) => guarded(() => run(command, runOptions)),
      readFile: (path, limitBytes) => onFiles((live) => readFile(live, path, limitBytes)),
      writeFile: (path, data) => onFiles((live) => writeFile(live, path, data)),
    },
    ready: async () => {
      if (!shell?.alive) await containers.ensure(owner);
    },
    idleMs: () => (running > 0 ? 0 : Date.now() - lastUsed),
    end: () => shell?.end(),
  };
}

const resetNote = "The directory and environment are back at their start.";

function finish(result: Attempt, text: string, notes: string[], ms: number, options: SandboxOptions): CommandResult {
  const said = result.stop === null ? text : text.replace(/Killed\n$/, "");
  if (result.stop === "flooded") notes.push("It printed more than 256 MB and was stopped.");
  if (result.restarted) notes.push(`Stopping it took a restart of the sandbox. ${resetNote}`);
  if (result.stop === null && result.code === "137") {
    notes.push(`It was killed, most likely for using more than ${options.memoryMb} MB of memory.`);
  }
  const output = [said.replace(/\n$/, notes.length === 0 ? "\n" : ""), ...notes.map((note) => `[${note}]`)].filter((part) => part !== "").join("\n");
  if (result.stop !== null) return { output, exitCode: null, end: result.stop === "flooded" ? "exited" : result.stop, ms };
  return { output, exitCode: Number(result.code), end: "exited", ms };
}

/** Error messages name the file that the command was put into; the model knows of none. */
function readable(text: string, session: string): string {
  return text.replaceAll(`${stateDir}/${session}/command: `, "bash: ").replaceAll(`${stateDir}/${session}/run: `, "bash: ");
}

/** True when `event` comes within `ms`. */
async function settles(event: Promise<void>, ms: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), ms);
  void event.then(() => resolve(true));
  const inTime = await promise;
  clearTimeout(timer);
  return inTime;
}

/** Errors of the connection or the engine, as against our own words for the model. */
function isEngineError(thrown: unknown): boolean {
  return thrown instanceof Error && ("statusCode" in thrown || "syscall" in thrown);
}

/** No engine at the address: restarting a container can't help. */
function isUnreachable(thrown: unknown): boolean {
  return thrown instanceof Error && "syscall" in thrown;
}

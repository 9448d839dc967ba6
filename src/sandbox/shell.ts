import { randomBytes } from "node:crypto";
import { inTime } from "./in-time.ts";
import type { Machine } from "./machine.ts";
import { type MarkerScan, markerScan } from "./marker-scan.ts";
import { backgroundScript, terminalScript } from "./background-scripts.ts";
import { driverScript, killScript, quoted } from "./shell-scripts.ts";

/** Thrown when the shell's connection ends in the middle of a call: what the call did is unknown. */
export class ShellEnded extends Error {
  constructor() {
    super("the shell has ended");
    this.name = "ShellEnded";
  }
}

/** A shell kept open on a machine. One call at a time. */
export interface Shell {
  readonly alive: boolean;
  /**
   * Writes text (or a file's bytes) to the shell and passes on what comes back until the marker; gives the words behind it. `commands`:
   * the answer comes where commands print, among what earlier ones have left running may print.
   */
  call(marker: string, input: string | Uint8Array, onData: (chunk: Buffer) => void, from?: "commands"): Promise<string>;
  end(): void;
}

export interface OpenedShell {
  readonly shell: Shell;
  /** False when the directory and environment of the session's last command are still there. */
  readonly fresh: boolean;
}

/** Longest a machine may take to start a shell; one whose process table is full never does. */
const helloMs = 10_000;

/** What is printed between two commands is nobody's; after so much of it, less what a second may bring, it has no end. */
const mostStray = 64 * 1024 * 1024;
const strayPerSecond = 1024 * 1024;

/** A line no command can guess. */
export function newMarker(): string {
  return `\u001e${randomBytes(16).toString("hex")}`;
}

/**
 * Opens a shell for `session`; what an earlier shell of the same session left (directory, environment) is still there. `onStray`: what
 * its commands have left running prints without end.
 */
export async function openShell(machine: Machine, session: string, onStray: () => void): Promise<OpenedShell> {
  const shell = await shellOn(machine, onStray);
  const hello = newMarker();
  const { place, mostProcesses } = machine;
  const driver = [driverScript(place, session, mostProcesses), terminalScript, backgroundScript(place)].join("");
  const ready = shell.call(hello, `${driver}\nprintf '%s %s\\n' ${quoted(hello)} $H\n`, () => undefined);
  try {
    return { shell, fresh: (await inTime(ready, helloMs, "starting a shell")) === "fresh" };
  } catch (thrown) {
    shell.end();
    throw thrown;
  }
}

/** Kills a run's processes by a second connection, and tells whether there were any. Throws when the machine could not even start that. */
export async function killRun(machine: Machine, run: string): Promise<boolean> {
  return await killMarked(machine, `HERMES_RUN=${run}`);
}

/** A name for a run of a session, by whose first part all of the session's can be killed. */
export function runName(session: string): string {
  return `${session}-${randomBytes(8).toString("hex")}`;
}

/** Kills everything that an owner's shells have started, and the shells. */
export async function killOwner(machine: Machine): Promise<void> {
  await killMarked(machine, `${ownerMark}=${machine.owner}`);
}

/** Runs a short program with pipes of its own and gives what it printed. */
export async function spawnText(machine: Machine, argv: readonly string[]): Promise<string> {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const said: Buffer[] = [];
  const pipes = await machine.spawn(argv, { onOutput: (chunk) => void said.push(Buffer.from(chunk)), onEnd: resolve });
  try {
    await inTime(ended, helloMs, "an answer from the sandbox");
  } finally {
    pipes.destroy();
  }
  return Buffer.concat(said).toString("utf8");
}

/** In the environment of an owner's shells, and so of all that they start. */
export const ownerMark = "HERMES_SANDBOX";

async function killMarked(machine: Machine, mark: string): Promise<boolean> {
  const killed = await spawnText(machine, ["sh", "-c", killScript(mark)]);
  return Number(killed) > 0;
}

interface Waiting {
  readonly from: "answers" | "commands";
  readonly scan: MarkerScan;
  readonly fail: (error: Error) => void;
}

async function shellOn(machine: Machine, onStray: () => void): Promise<Shell> {
  let waiting: Waiting | null = null;
  let alive = true;
  const onStrayChunk = strayCount(onStray);
  const onEnd = (): void => {
    alive = false;
    waiting?.fail(new ShellEnded());
    waiting = null;
  };
  const pipes = await machine.spawn(["env", `${ownerMark}=${machine.owner}`, "sh"], {
    onOutput: (chunk) => {
      if (waiting?.from === "answers") waiting.scan.push(chunk);
    },
    onError: (chunk) => {
      if (waiting?.from === "commands") return waiting.scan.push(chunk);
      onStrayChunk(chunk);
    },
    onEnd,
  });
  return {
    get alive() {
      return alive;
    },
    call: (marker, input, onData, from) =>
      new Promise((resolve, reject) => {
        if (!alive) {
          reject(new ShellEnded());
          return;
        }
        const done = (trailer: string): void => {
          waiting = null;
          resolve(trailer);
        };
        waiting = { from: from ?? "answers", scan: markerScan(marker, onData, done), fail: reject };
        pipes.write(input);
      }),
    end() {
      onEnd();
      pipes.destroy();
    },
  };
}

/** Calls `onFlood` when there is too much for too long. */
function strayCount(onFlood: () => void): (chunk: Buffer) => void {
  let [stray, last] = [0, performance.now()];
  return ({ length }) => {
    const now = performance.now();
    stray = Math.max(0, stray - ((now - last) / 1000) * strayPerSecond) + length;
    last = now;
    if (stray <= mostStray) return;
    stray = 0;
    onFlood();
  };
}

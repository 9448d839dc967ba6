import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import type Docker from "dockerode";
import { frameReader } from "./docker-frames.ts";
import { inTime } from "./in-time.ts";
import { type MarkerScan, markerScan } from "./marker-scan.ts";
import { driverScript, killScript, quoted, stateDir } from "./shell-scripts.ts";

/** Thrown when the shell's connection ends in the middle of a call: what the call did is unknown. */
export class ShellEnded extends Error {
  constructor() {
    super("the shell has ended");
    this.name = "ShellEnded";
  }
}

/** A shell kept open in a container. One call at a time. */
export interface Shell {
  readonly alive: boolean;
  /** Writes text (or a file's bytes) to the shell and passes on what comes back until the marker; gives the words behind it. */
  call(marker: string, input: string | Uint8Array, onData: (chunk: Buffer) => void): Promise<string>;
  end(): void;
}

export interface OpenedShell {
  readonly shell: Shell;
  /** False when the directory and environment of the session's last command are still there. */
  readonly fresh: boolean;
}

/** Longest a container may take to start a shell; one whose process table is full never does. */
const helloMs = 10_000;

/** A line no command can guess. */
export function newMarker(): string {
  return `\u001e${randomBytes(16).toString("hex")}`;
}

/** Opens a shell for `session`; what an earlier shell of the same session left (directory, environment) is still there. */
export async function openShell(container: Docker.Container, session: string, mostProcesses: number): Promise<OpenedShell> {
  const shell = shellOver(await startExec(container, ["sh"], true));
  const hello = newMarker();
  const driver = driverScript(`${stateDir}/${session}`, mostProcesses);
  const ready = shell.call(hello, `${driver}printf '%s %s\\n' ${quoted(hello)} $H\n`, () => undefined);
  try {
    return { shell, fresh: (await inTime(ready, helloMs, "starting a shell")) === "fresh" };
  } catch (thrown) {
    shell.end();
    throw thrown;
  }
}

/** Kills a run's processes by a second connection. Throws when the container could not even start that. */
export async function killRun(container: Docker.Container, run: string): Promise<void> {
  const stream = await startExec(container, ["sh", "-c", killScript(run)], false);
  const ended = new Promise<void>((resolve) =>
    stream
      .once("close", resolve)
      .once("end", resolve)
      .once("error", () => resolve()),
  );
  stream.resume();
  try {
    await inTime(ended, helloMs, "stopping a command");
  } finally {
    stream.destroy();
  }
}

/** An engine may take for ever to start a process in a container whose process table is full. */
async function startExec(container: Docker.Container, Cmd: string[], stdin: boolean): Promise<Duplex> {
  const starting = container
    .exec({ Cmd, AttachStdin: stdin, AttachStdout: true, AttachStderr: true })
    .then((exec) => exec.start(stdin ? { hijack: true, stdin: true } : {}));
  try {
    return await inTime(starting, helloMs, "starting a process in the sandbox");
  } catch (thrown) {
    // Should it come up after all, nobody waits for it.
    starting.then(
      (stream) => stream.destroy(),
      () => undefined,
    );
    throw thrown;
  }
}

interface Waiting {
  readonly scan: MarkerScan;
  readonly fail: (error: Error) => void;
}

function shellOver(stream: Duplex): Shell {
  let waiting: Waiting | null = null;
  let alive = true;
  const read = frameReader((chunk) => waiting?.scan.push(chunk));
  const end = (): void => {
    alive = false;
    waiting?.fail(new ShellEnded());
    waiting = null;
    stream.destroy();
  };
  stream.on("data", read);
  stream.once("end", end);
  stream.once("close", end);
  stream.on("error", end);
  return {
    get alive() {
      return alive;
    },
    call: (marker, input, onData) =>
      new Promise((resolve, reject) => {
        if (!alive) {
          reject(new ShellEnded());
          return;
        }
        const done = (trailer: string): void => {
          waiting = null;
          resolve(trailer);
        };
        waiting = { scan: markerScan(marker, onData, done), fail: reject };
        stream.write(input);
      }),
    end,
  };
}

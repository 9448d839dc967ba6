import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import type Docker from "dockerode";
import { frameReader } from "./docker-frames.ts";
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
  const exec = await container.exec({ Cmd: ["sh"], AttachStdin: true, AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({ hijack: true, stdin: true });
  const shell = shellOver(stream);
  const hello = newMarker();
  const ready = shell.call(
    hello,
    `${driverScript(`${stateDir}/${session}`, mostProcesses)}printf '%s %s\\n' ${quoted(hello)} $H\n`,
    () => undefined,
  );
  const timer = setTimeout(() => shell.end(), helloMs);
  try {
    return { shell, fresh: (await ready) === "fresh" };
  } finally {
    clearTimeout(timer);
  }
}

/** Kills a run's processes by a second connection. False when the container could not even start that. */
export async function killRun(container: Docker.Container, run: string): Promise<boolean> {
  const exec = await container.exec({ Cmd: ["sh", "-c", killScript(run)], AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({});
  const ended = new Promise<void>((resolve) =>
    stream
      .once("close", resolve)
      .once("end", resolve)
      .once("error", () => resolve()),
  );
  stream.resume();
  const timer = setTimeout(() => stream.destroy(), helloMs);
  await ended;
  clearTimeout(timer);
  return (await exec.inspect()).ExitCode === 0;
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

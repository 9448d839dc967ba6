import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdtempSync, readdirSync, rmSync, statfsSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A program that lives no longer than the process that started it, whatever ends that process. */
export interface Service {
  readonly child: ChildProcess;
  /** Ends it with `signal` and waits until it is gone. */
  end(signal: NodeJS.Signals): Promise<void>;
}

export interface ServiceOptions {
  readonly cwd?: string;
  /** Runs as this account; only root may ask for it. */
  readonly account?: { readonly uid: number; readonly gid: number };
  /** What it gets when this process ends: KILL, unless it must tidy up. */
  readonly deathSignal?: "SIGKILL" | "SIGQUIT";
}

/** Starts a program without holding the event loop open; the kernel ends it when this process dies, even of SIGKILL. */
export function startService(command: readonly string[], options: ServiceOptions = {}): Service {
  const { account, deathSignal = "SIGKILL", ...rest } = options;
  const bound =
    findProgram("setpriv") === null ? [] : ["setpriv", "--pdeathsig", deathSignal.slice(3), ...identity(account), "--"];
  const [program = "", ...args] = [...bound, ...command];
  const child = spawn(program, args, { stdio: "ignore", ...rest });
  const kill = (): void => void child.kill(deathSignal);
  child.unref();
  child.on("error", () => {});
  process.once("exit", kill);
  const gone = once(child, "exit").catch(() => undefined);
  return {
    child,
    async end(signal) {
      process.off("exit", kill);
      if (child.pid === undefined || hasEnded(child)) return;
      child.ref();
      child.kill(signal);
      await gone;
    },
  };
}

/** The first of `names` on the PATH or in `folders`, as a full path; null when none is there. */
export function findProgram(...names: readonly string[]): string | null {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/local/sbin", "/usr/sbin", "/sbin"];
  for (const name of names) {
    const found = folders.map((folder) => join(folder, name)).find(isExecutable);
    if (found !== undefined) return found;
  }
  return null;
}

/** A port of 127.0.0.1 that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return address.port;
}

/** Asks `probe` until it says yes; throws when the service died or the time is over. */
export async function untilReady(
  name: string,
  service: Service,
  probe: () => Promise<boolean>,
  withinMs = 30_000,
): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await probe())) {
    if (hasEnded(service.child)) throw new Error(`${name} ended while starting (exit ${service.child.exitCode ?? "unknown"})`);
    if (Date.now() > end) throw new Error(`${name} did not answer within ${withinMs / 1000} s`);
    await sleep(15);
  }
}

/** A new temporary directory, removed when the process ends; those of killed processes are swept away first. */
export function temporaryFolder(kind: string, parent: string = tmpdir()): { readonly path: string; remove(): void } {
  sweep(parent, `hermes-test-${kind}-`);
  const path = mkdtempSync(join(parent, `hermes-test-${kind}-${process.pid}-`));
  const remove = (): void => rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  process.once("exit", remove);
  return {
    path,
    remove() {
      process.off("exit", remove);
      remove();
    },
  };
}

/** Where files are in memory, if there is room for a suite's: databases and containers, of hundreds of files each, cost a disk far more. */
export function quickFolder(): string {
  try {
    accessSync(sharedMemory, constants.W_OK);
    const { bavail, bsize } = statfsSync(sharedMemory);
    return bavail * bsize > roomBytes ? sharedMemory : tmpdir();
  } catch {
    return tmpdir();
  }
}

const sharedMemory = "/dev/shm";
/** A dozen records of 30 MB and an engine's images of 200 are all that ever stand there; a container's usual 64 MB don't do. */
const roomBytes = 2 ** 30;

/** Says on stderr what was found or started. */
export function announce(line: string): void {
  process.stderr.write(`[test] ${line}\n`);
}

/** Seconds since `start`, for people. */
export function since(start: number): string {
  return `${((Date.now() - start) / 1000).toFixed(1)} s`;
}

/** setpriv's own way of changing the account: changing it before would clear the death signal. */
function identity(account: ServiceOptions["account"]): readonly string[] {
  return account === undefined ? [] : [`--reuid=${account.uid}`, `--regid=${account.gid}`, "--clear-groups"];
}

function sweep(parent: string, prefix: string): void {
  for (const name of readdirSync(parent)) {
    const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length).split("-")[0]) : 0;
    if (pid > 0 && !isAlive(pid)) rmSync(join(parent, name), { recursive: true, force: true });
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (thrown) {
    return thrown instanceof Error && "code" in thrown && thrown.code === "EPERM";
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

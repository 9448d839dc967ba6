import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { scarcity } from "../config/disk-space.ts";
import { Failure } from "../core/failures.ts";

/** A directory that only this process uses until it is disposed. */
export interface HeldHome extends AsyncDisposable {
  readonly directory: string;
}

/**
 * Makes `directory` (owner-only) and takes it for this process. Throws `home.held` when another process (or an earlier call in this one)
 * has it. The lock is the operating system's: it is gone the moment its process is, however that ended.
 */
export async function holdHome(directory: string): Promise<HeldHome> {
  await makePrivate(directory);
  const holderFile = join(directory, "holder.json");
  const lock = await takeLock(directory, holderFile);
  await writeFile(holderFile, JSON.stringify({ pid: process.pid, since: new Date().toISOString() }), { mode: 0o600 });
  return {
    directory,
    async [Symbol.asyncDispose]() {
      await rm(holderFile, { force: true });
      lock.close();
    },
  };
}

async function makePrivate(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await chmod(directory, 0o700);
  } catch (error) {
    throw await unusable(directory, error);
  }
}

/**
 * Node has no call for file locks, its SQLite does: an exclusive transaction on an empty database is one, on every system. (A socket or a
 * pid file would outlive a killed process, and two starters that tidy up at once could both win.)
 */
async function takeLock(directory: string, holderFile: string): Promise<DatabaseSync> {
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(join(directory, "lock.db"), { timeout: 0 });
    lock.exec("begin exclusive");
    return lock;
  } catch (error) {
    lock?.close();
    if (isBusy(error)) throw held(directory, await readHolder(holderFile));
    throw await unusable(directory, error);
  }
}

/** SQLITE_BUSY */
const busy = 5;

function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === busy;
}

async function readHolder(file: string): Promise<string> {
  try {
    const holder: unknown = JSON.parse(await readFile(file, "utf8"));
    if (typeof holder !== "object" || holder === null || !("pid" in holder) || !("since" in holder)) return "another process";
    return `process ${String(holder.pid)} since ${String(holder.since)}`;
  } catch {
    return "another process"; // It has the lock, but hasn't written its name yet.
  }
}

function held(directory: string, holder: string): Failure {
  return new Failure("home.held", `${directory} is in use by ${holder}`, {
    advice: "Stop that process first (hermes gateway stop), or give this one a home of its own with HERMES_HOME.",
  });
}

async function unusable(directory: string, cause: unknown): Promise<Failure> {
  const full = await scarcity(directory);
  return new Failure(
    "state.unavailable",
    `${directory} can't be used: ${cause instanceof Error ? cause.message : String(cause)}`,
    {
      advice: full ?? "Make the directory writable for this account, or set HERMES_HOME to one that is.",
      cause,
    },
  );
}

import { randomUUID } from "node:crypto";
import { open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { Failure } from "../core/failures.ts";

/** Does `work` while no other process changes this file. What a killed process left behind is found out and removed. */
export async function withFileLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const lock = `${file}.lock`;
  await take(lock, file);
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

/** Whether whoever took this lock has surely gone. */
export async function isAbandoned(lock: string): Promise<boolean> {
  const { text, ageMs } = await look(lock);
  return text !== null && isGone(text, ageMs);
}

const waitMs = 10_000;
const pauseMs = 15;
/** Changing a file takes milliseconds, on the worst of disks seconds. */
const longestMs = 60_000;

async function take(lock: string, file: string): Promise<void> {
  const until = performance.now() + waitMs;
  while (performance.now() < until) {
    if (await begin(lock)) return;
    await removeAbandoned(lock);
    await wait(pauseMs + Math.random() * pauseMs);
  }
  throw new Failure("config.invalid", `${file} is being changed by another process.`, {
    advice: `Try again; if nobody does, remove ${lock}.`,
  });
}

/** False while another has it. */
async function begin(lock: string): Promise<boolean> {
  const handle = await open(lock, "wx", 0o600).catch((thrown: unknown) => {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "EEXIST") return null;
    throw thrown;
  });
  if (handle === null) return false;
  try {
    await handle.writeFile(`${process.pid} ${hostname()} ${randomUUID()}`);
    return true;
  } catch (thrown) {
    // A full disk takes the name, and not what is in it.
    await rm(lock, { force: true });
    throw thrown;
  } finally {
    await handle.close();
  }
}

/** Of several that find the same lock abandoned, one moves it away; a lock that was taken anew meanwhile is put back. */
async function removeAbandoned(lock: string): Promise<void> {
  const { text, ageMs } = await look(lock);
  if (text === null || !isGone(text, ageMs)) return;
  const aside = `${lock}.${randomUUID()}.tmp`;
  const moved = await rename(lock, aside).then(
    () => true,
    () => false,
  );
  if (!moved) return;
  const was = await readFile(aside, "utf8").catch(() => text);
  if (was !== text) await writeFile(lock, was, { flag: "wx", mode: 0o600 }).catch(() => {});
  await rm(aside, { force: true });
}

async function look(lock: string): Promise<{ readonly text: string | null; readonly ageMs: number }> {
  const [text, found] = await Promise.all([readFile(lock, "utf8").catch(() => null), stat(lock).catch(() => null)]);
  return { text, ageMs: found === null ? 0 : Date.now() - found.mtimeMs };
}

function isGone(text: string, ageMs: number): boolean {
  if (ageMs > longestMs) return true;
  const [pid, host] = text.split(" ");
  return host === hostname() && !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    // Somebody else's process may not be signalled, and lives.
    return thrown instanceof Error && "code" in thrown && thrown.code === "EPERM";
  }
}

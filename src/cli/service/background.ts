import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { scarcity } from "../../config/disk-space.ts";
import { Failure } from "../../core/failures.ts";
import { identityOf } from "./identity.ts";
import type { Place } from "./place.ts";
import { launcher, modeCommands, type ServiceMode } from "./plan.ts";

/** A service that `hermes gateway start` has put into the background. */
export interface Background {
  readonly pid: number;
  /** What tells the process from a later one of its number. */
  readonly identity: string;
  readonly startedAt: number | null;
}

/** What of this mode runs in the background on the home; null when nothing does, whatever its file says. */
export async function backgroundOf(home: string, mode: ServiceMode): Promise<Background | null> {
  const noted = await readNote(noteFile(home, mode));
  if (noted === null) return null;
  const now = await identityOf(noted.pid);
  return now === null || now.key !== noted.identity ? null : { ...noted, startedAt: now.startedAt };
}

/** Why what was put into the background is there no more, where nobody has stopped it; null otherwise. */
export async function diedWords(home: string, mode: ServiceMode): Promise<string | null> {
  const noted = await readNote(noteFile(home, mode));
  if (noted === null || (await identityOf(noted.pid))?.key === noted.identity) return null;
  const said = (await readFile(join(home, "logs", `${modeCommands[mode]}.out`), "utf8").catch(() => ""))
    .trim()
    .split("\n")
    .at(-1);
  const words = said === undefined || said === "" ? "" : ` Its last words: ${said.slice(-lastChars)}`;
  return `Process ${noted.pid}, which ran in the background, ended by itself or with the machine.${words} See: hermes logs`;
}

/** How a start went: it is ready, or still at it when the time was over. */
export interface Started {
  readonly pid: number;
  readonly ready: boolean;
}

/**
 * Starts a service that stays when this command and its terminal are gone, and waits until it is ready. Throws what it said when it ends
 * instead, and `home.held` when another start is under way.
 */
export async function startBackground(
  { home, env }: Pick<Place, "home" | "env">,
  mode: ServiceMode,
  withinMs = readyMs,
): Promise<Started> {
  const file = noteFile(home, mode);
  const said = join(home, "logs", `${modeCommands[mode]}.out`);
  await reserve(home, file, mode);
  try {
    const child = await launch({ home, env }, mode, said);
    const { pid } = child;
    const identity = pid === undefined ? null : await identityOf(pid);
    if (pid === undefined || identity === null) throw await ended(home, child, said);
    await note(home, file, { pid, identity: identity.key });
    const ready = await readiness(home, child, said, withinMs);
    child.unref();
    if (child.connected) child.disconnect();
    return { pid, ready };
  } catch (thrown) {
    await rm(file, { force: true });
    throw thrown;
  }
}

/** Nothing of this mode runs in the background any more. */
export async function forgetBackground(home: string, mode: ServiceMode): Promise<void> {
  await rm(noteFile(home, mode), { force: true });
}

/** What a start says to the command that waits for it; process managers such as pm2 wait for the same word. */
const readyWord = "ready";

/** A first start makes the record; a slow disk takes its time. */
const readyMs = 60_000;
/** Between a file's making and its words there is one start of a process. */
const reservedMs = 10_000;
const saidChars = 2_000;
const lastChars = 200;

function noteFile(home: string, mode: ServiceMode): string {
  return join(home, `${modeCommands[mode]}.background.json`);
}

/** Of two starts at once only one gets the file. */
async function reserve(home: string, file: string, mode: ServiceMode): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      await mkdir(join(home, "logs"), { recursive: true, mode: 0o700 });
      return await (await open(file, "wx", 0o600)).close();
    } catch (thrown) {
      if (!isThere(thrown)) throw await unwritable(home, thrown);
    }
    const found = await backgroundOf(home, mode);
    if (found !== null || (await isFresh(file)))
      throw new Failure("home.held", `${home} is in use by ${found === null ? "another start" : `process ${found.pid}`}.`, {
        advice: "See: hermes gateway status",
      });
    await rm(file, { force: true });
  }
  throw new Failure("home.held", `${home} is in use by another start.`, { advice: "See: hermes gateway status" });
}

async function isFresh(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => null);
  return found !== null && found.size === 0 && Date.now() - found.mtimeMs < reservedMs;
}

async function launch({ home, env }: Pick<Place, "home" | "env">, mode: ServiceMode, said: string): Promise<ChildProcess> {
  const console = await open(said, "w", 0o600).catch(async (thrown: unknown) => {
    throw await unwritable(home, thrown);
  });
  try {
    const child = spawn(process.execPath, [launcher, modeCommands[mode], "--quiet"], {
      cwd: home,
      detached: true,
      env: { ...env, HERMES_HOME: home },
      stdio: ["ignore", console.fd, console.fd, "ipc"],
    });
    await once(child, "spawn");
    return child;
  } finally {
    await console.close();
  }
}

/** Without it nobody could stop the process later: then it must not run. */
async function note(
  home: string,
  file: string,
  { pid, identity }: { readonly pid: number; readonly identity: string },
): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify({ pid, identity })}\n`, { mode: 0o600 });
  } catch (thrown) {
    process.kill(pid, "SIGTERM");
    throw await unwritable(home, thrown);
  }
}

/** False when it is still starting. Throws when it has ended. */
async function readiness(home: string, child: ChildProcess, said: string, withinMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<"ready" | "ended" | "late">();
  child.on("message", (word) => word === readyWord && resolve("ready"));
  child.once("exit", () => resolve("ended"));
  const timer = setTimeout(() => resolve("late"), withinMs);
  const outcome = await promise;
  clearTimeout(timer);
  child.removeAllListeners("message");
  if (outcome === "ended") throw await ended(home, child, said);
  return outcome === "ready";
}

async function ended(home: string, child: ChildProcess, said: string): Promise<Failure> {
  const words = (await readFile(said, "utf8").catch(() => "")).trim().slice(-saidChars);
  const status = child.signalCode ?? child.exitCode ?? "an unknown status";
  const message = words.replace(/^hermes: /, "") || `it ended at once, with status ${status}`;
  return new Failure("state.unavailable", `Hermes did not start: ${message}`, {
    advice: (await scarcity(home)) ?? "See also: hermes logs",
  });
}

async function readNote(file: string): Promise<{ pid: number; identity: string } | null> {
  const text = await readFile(file, "utf8").catch(() => "");
  try {
    const note: unknown = JSON.parse(text);
    if (typeof note !== "object" || note === null || !("pid" in note) || !("identity" in note)) return null;
    const { pid, identity } = note;
    return typeof pid === "number" && Number.isSafeInteger(pid) && pid > 1 && typeof identity === "string"
      ? { pid, identity }
      : null;
  } catch {
    return null;
  }
}

function isThere(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === "EEXIST";
}

async function unwritable(home: string, thrown: unknown): Promise<Failure> {
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : String(thrown);
  return new Failure("config.invalid", `${home} can't be written (${code}).`, {
    advice: (await scarcity(home)) ?? "Make it writable, or set HERMES_HOME to another directory.",
    cause: thrown,
  });
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { scarcity } from "../../config/disk-space.ts";
import { Failure } from "../../core/failures.ts";
import { type Note, readNote, type Reservation, reserveNote } from "./background-note.ts";
import { identityOf } from "./identity.ts";
import type { Place } from "./place.ts";
import { launcher, modeCommands, type ServiceMode } from "./plan.ts";

/** A service that `hermes gateway start` has put into the background. */
export interface Background extends Note {
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
  const own = await reserveNote(home, file).catch(async (thrown: unknown) => {
    throw thrown instanceof Failure ? thrown : await unwritable(home, thrown);
  });
  try {
    const child = await launch({ home, env }, mode, said);
    const { pid } = child;
    const identity = pid === undefined ? null : await identityOf(pid);
    if (pid === undefined || identity === null) throw await ended(home, child, said);
    await note(home, own, { pid, identity: identity.key });
    const ready = await readiness(home, child, said, withinMs);
    child.unref();
    if (child.connected) child.disconnect();
    return { pid, ready };
  } catch (thrown) {
    await own.drop();
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
const saidChars = 2_000;
const lastChars = 200;

function noteFile(home: string, mode: ServiceMode): string {
  return join(home, `${modeCommands[mode]}.background.json`);
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
async function note(home: string, own: Reservation, words: Note): Promise<void> {
  try {
    await own.write(words);
  } catch (thrown) {
    process.kill(words.pid, "SIGTERM");
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
  // What the child said last is its own failure: the message, and below it what to do.
  const [message = "", ...rest] = words.replace(/^hermes: /, "").split("\n");
  const advice = [...rest.map((each) => each.trim()), (await scarcity(home)) ?? "See also: hermes logs"];
  return new Failure("state.unavailable", `Hermes did not start: ${message || `it ended at once, with status ${status}`}`, {
    advice: advice.filter((each) => each !== "").join(" "),
  });
}

async function unwritable(home: string, thrown: unknown): Promise<Failure> {
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : String(thrown);
  return new Failure("config.invalid", `${home} can't be written (${code}).`, {
    advice: (await scarcity(home)) ?? "Make it writable, or set HERMES_HOME to another directory.",
    cause: thrown,
  });
}

import { randomUUID } from "node:crypto";
import { link, mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Failure } from "../../core/failures.ts";
import { identityOf } from "./identity.ts";

/** Which process was put into the background. */
export interface Note {
  readonly pid: number;
  /** What tells the process from a later one of its number. */
  readonly identity: string;
}

/** The place of a note that one start has, and no other. */
export interface Reservation {
  write(note: Note): Promise<void>;
  /** Takes away what was made here, and nothing of another's. */
  drop(): Promise<void>;
}

/** Null where there is none, or none that can be read. */
export async function readNote(file: string): Promise<Note | null> {
  return noteIn(await textOf(file));
}

/** Of two starts at once only one gets the file: the other throws `home.held`. */
export async function reserveNote(home: string, file: string): Promise<Reservation> {
  const held = (by: string) => new Failure("home.held", `${home} is in use by ${by}.`, { advice: "See: hermes gateway status" });
  for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
    const made = await create(home, file);
    if (made !== null) return reservation(file, made);
    // In this order: what is empty now may be a note a moment later.
    if (await isFresh(file)) throw held("another start");
    const text = await textOf(file);
    const note = noteIn(text);
    if (note !== null && (await identityOf(note.pid))?.key === note.identity) throw held(`process ${note.pid}`);
    await takeAway(file, text);
  }
  throw held("another start");
}

const mostAttempts = 3;
/** Between a file's making and its words there is one start of a process. */
const reservedMs = 10_000;

/** The new file's number; null when there is a file already. */
async function create(home: string, file: string): Promise<number | null> {
  await mkdir(join(home, "logs"), { recursive: true, mode: 0o700 });
  try {
    await using handle = await open(file, "wx", 0o600);
    return (await handle.stat()).ino;
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "EEXIST") return null;
    throw thrown;
  }
}

function reservation(file: string, made: number): Reservation {
  let own: number | null = null;
  return {
    async write(note) {
      own = note.pid;
      await writeFile(file, `${JSON.stringify(note)}\n`, { mode: 0o600 });
    },
    async drop() {
      const [text, found] = await Promise.all([textOf(file), stat(file).catch(() => null)]);
      const note = noteIn(text);
      if (note === null ? found?.ino === made : note.pid === own) await rm(file, { force: true });
    },
  };
}

async function isFresh(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => null);
  return found !== null && found.size === 0 && Date.now() - found.mtimeMs < reservedMs;
}

/** Removes what was judged to be left over. What has come in its place meanwhile, by another start, is put back. */
async function takeAway(file: string, judged: string): Promise<void> {
  const own = join(dirname(file), `.${randomUUID()}.old`);
  const taken = await rename(file, own).then(
    () => true,
    () => false,
  );
  if (!taken) return;
  if ((await textOf(own)) !== judged || (await isFresh(own))) await link(own, file).catch(() => undefined);
  await rm(own, { force: true });
}

async function textOf(file: string): Promise<string> {
  return await readFile(file, "utf8").catch(() => "");
}

function noteIn(text: string): Note | null {
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

import { constants } from "node:fs";
import { cp, lstat, mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freeBytes } from "../config/disk-space.ts";

/** The embedded record as it was before an upgrade; a directory keeps the last one. */
export interface RecordCopy {
  /** Where it stands; the record itself is `pgdata` in there. */
  readonly path: string;
  readonly madeAt: string;
  /** The migrations that the record had. */
  readonly had: readonly string[];
  /** The last migration of the version that upgraded it. */
  readonly upgradedTo: string;
}

/** What came of making one: where it stands, or why there is none. */
export type CopyOutcome = { readonly path: string } | { readonly left: string };

/**
 * Copies the record of an embedded database that nobody writes to now, in place of the copy before. While an upgrade is not at its end,
 * however many versions try, the copy from before it is left as it is.
 */
export async function copyRecord(directory: string, about: About, freeIn = freeBytes): Promise<CopyOutcome> {
  const path = join(directory, folder);
  const fresh = `${path}.new`;
  try {
    const former = await recordCopy(directory);
    if (former !== null && former.had.length < about.had.length && !about.had.includes(former.upgradedTo)) {
      // What it is there for is there all the same.
      await note(path, { ...former, upgradedTo: about.upgradedTo }).catch(() => undefined);
      return { path };
    }
    // Of a copy that was broken off.
    for (const left of [fresh, `${path}.old`]) await rm(left, { recursive: true, force: true });
    const lacking = await makeRoom(directory, path, freeIn);
    if (lacking !== null) return { left: lacking };
    await mkdir(fresh, { mode: 0o700 });
    // A record that lies elsewhere, behind a link, is copied, not its link.
    const how = { recursive: true, dereference: true, mode: constants.COPYFILE_FICLONE };
    await cp(join(directory, "pgdata"), join(fresh, "pgdata"), how);
    await note(fresh, { ...about, madeAt: new Date().toISOString() });
    await replace(path, fresh);
    return { path };
  } catch (thrown) {
    await rm(fresh, { recursive: true, force: true }).catch(() => undefined);
    return { left: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

/** The copy that is kept; null where there is none. */
export async function recordCopy(directory: string): Promise<RecordCopy | null> {
  const path = join(directory, folder);
  try {
    const note: unknown = JSON.parse(await readFile(join(path, noteName), "utf8"));
    if (typeof note !== "object" || note === null || !("had" in note) || !Array.isArray(note.had)) return null;
    if (!("madeAt" in note) || !("upgradedTo" in note)) return null;
    return { path, madeAt: String(note.madeAt), upgradedTo: String(note.upgradedTo), had: note.had.map(String) };
  } catch {
    return null;
  }
}

const folder = "before-upgrade";
const noteName = "about.json";
/** What the upgrade itself may take, and the first minutes after it. */
const reserve = 128 * 1024 * 1024;

type About = Pick<RecordCopy, "had" | "upgradedTo">;

/** Where the disk has none for two copies, the one before goes first. What it lacks even so, or null. */
async function makeRoom(directory: string, path: string, freeIn: typeof freeBytes): Promise<string | null> {
  const [needed, freed, free] = await Promise.all([sizeOf(join(directory, "pgdata")), sizeOf(path), freeIn(directory)]);
  if (free === null || free >= needed + reserve) return null;
  if (free + freed < needed + reserve)
    return `the disk has ${megabytes(free + freed)} for it, which takes ${megabytes(needed)} and leaves less than ${megabytes(reserve)} for the rest`;
  await rm(path, { recursive: true, force: true });
  return null;
}

/** At once: one that is broken off leaves the note before. */
async function note(path: string, { madeAt, had, upgradedTo }: Omit<RecordCopy, "path">): Promise<void> {
  const fresh = join(path, `${noteName}.new`);
  await writeFile(fresh, `${JSON.stringify({ madeAt, had, upgradedTo }, null, 2)}\n`, { mode: 0o600 });
  await rename(fresh, join(path, noteName));
}

/** The one before goes when the new one is whole. */
async function replace(path: string, fresh: string): Promise<void> {
  const old = `${path}.old`;
  // There may be none.
  await rename(path, old).catch(() => undefined);
  await rename(fresh, path);
  await rm(old, { recursive: true, force: true }).catch(() => undefined);
}

async function sizeOf(path: string): Promise<number> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(async (entry) => (await lstat(join(entry.parentPath, entry.name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MB`;
}

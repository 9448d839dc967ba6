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
 * Copies the record of an embedded database that nobody writes to now, in place of the copy before. An upgrade that broke off leaves the
 * one from before it.
 */
export async function copyRecord(
  directory: string,
  about: Pick<RecordCopy, "had" | "upgradedTo">,
  freeIn = freeBytes,
): Promise<CopyOutcome> {
  const path = join(directory, folder);
  const former = await recordCopy(directory);
  if (former?.upgradedTo === about.upgradedTo && former.had.length < about.had.length) return { path };
  const record = join(directory, "pgdata");
  const [needed, freed, free] = await Promise.all([sizeOf(record), sizeOf(path), freeIn(directory)]);
  if (free !== null && free + freed < needed + reserve)
    return {
      left: `the disk has ${megabytes(free + freed)} for it, which takes ${megabytes(needed)} and leaves less than ${megabytes(reserve)} for the rest`,
    };
  const fresh = `${path}.new`;
  try {
    for (const old of [fresh, path]) await rm(old, { recursive: true, force: true });
    await mkdir(fresh, { mode: 0o700 });
    await cp(record, join(fresh, "pgdata"), { recursive: true, mode: constants.COPYFILE_FICLONE });
    const note = { madeAt: new Date().toISOString(), ...about };
    await writeFile(join(fresh, noteName), `${JSON.stringify(note, null, 2)}\n`, { mode: 0o600 });
    await rename(fresh, path);
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

async function sizeOf(path: string): Promise<number> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(async (entry) => (await lstat(join(entry.parentPath, entry.name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MB`;
}

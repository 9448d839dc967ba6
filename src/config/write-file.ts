import { randomUUID } from "node:crypto";
import { chmod, chown, mkdir, open, readFile, readlink, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { Failure } from "../core/failures.ts";
import { withFileLock } from "./file-lock.ts";
import { overwrite } from "./overwrite.ts";

/**
 * Changes a file of the home: what `edit` makes of its text replaces it at once. A reader sees the old or the new, a crash or a full disk
 * leaves one of them, two processes that change it at once lose nothing. False when there was nothing to change. `edit` may run twice.
 */
export async function editOwnFile(file: string, edit: (before: string) => string): Promise<boolean> {
  const before = await readOwnFile(file);
  // A file that may be read only can be looked at all the same.
  if (edit(before) === before) return false;
  const target = await targetOf(file);
  try {
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    return await withFileLock(target, async () => {
      const now = await readOwnFile(file);
      const after = edit(now);
      if (after !== now) await replace(target, after, basename(file) === ".env");
      return after !== now;
    });
  } catch (thrown) {
    throw thrown instanceof Failure ? thrown : unwritable(file, thrown, "it is unchanged");
  }
}

/** Why a file could not be written, and what became of it. */
export function unwritable(file: string, thrown: unknown, outcome: string): Failure {
  return new Failure("config.invalid", `${file} can't be written (${reasonOf(thrown)}); ${outcome}.`, {
    advice: "Make the directory writable and see that its disk has room.",
    cause: thrown,
  });
}

/** A file's text; empty when there is none. */
export async function readOwnFile(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return "";
    throw new Failure("config.invalid", `${file} can't be read (${reasonOf(thrown)}).`, {
      advice: "Make it a file that you may read.",
      cause: thrown,
    });
  }
}

/** Where a link leads, also where nothing is there yet. */
async function targetOf(file: string): Promise<string> {
  return await realpath(file).catch(async () => {
    const link = await readlink(file).catch(() => null);
    return link === null ? file : resolve(dirname(file), link);
  });
}

/** A new file is readable by its owner only; an old one keeps its owner and mode, but for `.env`, which is nobody else's business. */
async function replace(target: string, text: string, closed: boolean): Promise<void> {
  const old = await stat(target).catch(() => null);
  const temporary = `${target}.${randomUUID()}.tmp`;
  try {
    await writeSynced(temporary, text);
    if (old !== null) {
      await chmod(temporary, closed ? old.mode & 0o600 : old.mode & 0o777);
      if (old.uid !== process.getuid?.() || old.gid !== process.getgid?.())
        await chown(temporary, old.uid, old.gid).catch(() => {});
    }
    await rename(temporary, target);
    await syncDirectory(dirname(target));
  } catch (thrown) {
    // Mounted by itself, as containers do with files.
    if (codeOf(thrown) === "EBUSY") await overwrite(target, text);
    else throw thrown;
  } finally {
    await rm(temporary, { force: true }).catch(() => {});
  }
}

async function writeSynced(file: string, text: string): Promise<void> {
  const handle = await open(file, "wx", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** So that a power cut does not bring the old name back; where directories can't be synced, the rename must do. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r").catch(() => null);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: "you may not do that there",
  EPERM: "you may not do that there",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "your share of the disk is full",
  EFBIG: "files may not be that large",
  ENOTDIR: "a part of its path is no directory",
  EISDIR: "it is a directory",
};

function reasonOf(thrown: unknown): string {
  const code = codeOf(thrown);
  const reason = reasons[code];
  return reason === undefined ? code : `${reason}, ${code}`;
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : String(thrown);
}

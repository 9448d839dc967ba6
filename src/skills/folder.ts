import { constants } from "node:fs";
import { lstat, open, readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import type { SkillFile } from "../core/skill.ts";
import { isLitter, skillLimits } from "./names.ts";

/** The files below a folder. Links are not followed, so that a skill takes nothing along from elsewhere. */
export async function readFolder(folder: string): Promise<readonly SkillFile[]> {
  const files: SkillFile[] = [];
  let left: number = skillLimits.bytes;
  const walk = async (directory: string, depth: number): Promise<void> => {
    if (depth > skillLimits.depth) return;
    for (const entry of (await readdir(directory, { withFileTypes: true })).toSorted((one, other) =>
      one.name < other.name ? -1 : 1,
    )) {
      const place = join(directory, entry.name);
      const path = relative(folder, place).split(sep).join("/");
      if (isLitter(path)) continue;
      if (entry.isDirectory()) await walk(place, depth + 1);
      if (!entry.isFile()) continue;
      if (files.length >= skillLimits.files)
        throw new Error(`It has more than ${skillLimits.files} files; a skill has at most that many.`);
      const file = await readOne(place, path, left);
      left -= file.bytes.length;
      files.push(file);
    }
  };
  await walk(folder, 1);
  return files;
}

/** The folders below one that hold a SKILL.md, a few levels deep. */
export async function skillFolders(folder: string, depth = 3): Promise<readonly string[]> {
  let entries;
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch {
    return [];
  }
  if (entries.some((entry) => entry.isFile() && entry.name === "SKILL.md")) return [folder];
  if (depth === 0) return [];
  const found: string[] = [];
  for (const entry of entries) {
    if (!entry.isDirectory() || entry.name.startsWith(".") || isLitter(entry.name)) continue;
    found.push(...(await skillFolders(join(folder, entry.name), depth - 1)));
    if (found.length > mostFolders) break;
  }
  return found.slice(0, mostFolders).toSorted();
}

/** A home with more skills than this is none. */
const mostFolders = 500;

async function readOne(place: string, path: string, left: number): Promise<SkillFile> {
  const { size, mode } = await lstat(place);
  if (size > Math.min(left, skillLimits.fileBytes))
    throw new Error(`It is larger than a skill may be (at ${path.slice(0, 100)}).`);
  // Between the look and here it may have become a link.
  const file = await open(place, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    return { path, bytes: new Uint8Array(await file.readFile()), executable: (mode & 0o100) !== 0 };
  } finally {
    await file.close();
  }
}

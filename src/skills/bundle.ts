import { createHash } from "node:crypto";
import type { SkillBundle, SkillFile } from "../core/skill.ts";
import { sizeWords } from "../core/size-words.ts";
import { readSkillText } from "./front-matter.ts";
import { isLitter, plainPath, skillLimits } from "./names.ts";

/** The file that makes a skill. */
export const skillFileName = "SKILL.md";

/** Files as a skill: their names plain and single, within the limits, with a SKILL.md that can be read. Throws what is wrong. */
export function bundleOf(files: readonly SkillFile[], fallbackName = ""): SkillBundle {
  const kept = files.filter(({ path }) => !isLitter(path)).map((file) => ({ ...file, path: plainPath(file.path) }));
  checkSizes(kept);
  const seen = new Set<string>();
  for (const { path } of kept) {
    const folded = path.toLowerCase();
    if (seen.has(folded)) throw new Error(`The skill has two files named ${path} (but for capitals).`);
    seen.add(folded);
  }
  for (const { path } of kept) {
    const within = path.toLowerCase().split("/").slice(0, -1);
    for (let depth = 1; depth <= within.length; depth += 1)
      if (seen.has(within.slice(0, depth).join("/"))) throw new Error(`${path} lies in something that is a file.`);
  }
  const main = kept.find(({ path }) => path === skillFileName);
  if (!main) throw new Error("There is no SKILL.md in it.");
  if (main.bytes.length > skillLimits.bodyBytes)
    throw new Error(
      `SKILL.md has ${sizeWords(main.bytes.length)}; ${sizeWords(skillLimits.bodyBytes)} is the most. Move parts of it into references/.`,
    );
  const { meta } = readSkillText(textOf(main), fallbackName);
  const sorted = kept.toSorted((one, other) => (one.path < other.path ? -1 : 1));
  return { meta, hash: hashOf(sorted), files: sorted };
}

/** A file's text. Throws where it has none. */
export function textOf({ path, bytes }: Pick<SkillFile, "path" | "bytes">): string {
  try {
    if (!bytes.includes(0)) return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    // Said below.
  }
  throw new Error(`${path} is no text in UTF-8.`);
}

/** One figure for all that a skill is; two skills are the same where it is. */
function hashOf(sorted: readonly SkillFile[]): string {
  const hash = createHash("sha256");
  for (const { path, bytes, executable } of sorted) {
    hash.update(`${path}\0${executable ? "x" : "-"}\0${bytes.length}\0`);
    hash.update(bytes);
  }
  return hash.digest("hex");
}

function checkSizes(files: readonly SkillFile[]): void {
  if (files.length > skillLimits.files)
    throw new Error(`It has ${files.length} files; a skill has at most ${skillLimits.files}.`);
  const large = files.find(({ bytes }) => bytes.length > skillLimits.fileBytes);
  if (large)
    throw new Error(
      `${large.path} has ${sizeWords(large.bytes.length)}; ${sizeWords(skillLimits.fileBytes)} is the most for one file.`,
    );
  const total = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (total > skillLimits.bytes)
    throw new Error(`It has ${sizeWords(total)}; ${sizeWords(skillLimits.bytes)} is the most for a skill.`);
}

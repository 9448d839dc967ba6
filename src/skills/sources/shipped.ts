import { join } from "node:path";
import type { SkillMeta } from "../../core/skill.ts";
import { bundleOf } from "../bundle.ts";
import { readFolder, skillFolders } from "../folder.ts";
import { nameFault } from "../names.ts";
import type { FoundSkill } from "./source.ts";

/** One of the skills that ship with this version, by its name; null where there is none. */
export async function shippedSkill(directory: string, name: string): Promise<FoundSkill | null> {
  if (nameFault(name) !== null) return null;
  const [folder] = await skillFolders(join(directory, name), 0);
  if (folder === undefined) return null;
  const bundle = bundleOf(await readFolder(folder), name);
  return { bundle, origin: { type: "shipped", from: name, revision: bundle.meta.version || null } };
}

/** All of them. */
export async function shippedSkills(directory: string): Promise<readonly SkillMeta[]> {
  const folders = await skillFolders(directory, 1);
  return await Promise.all(folders.map(async (folder) => bundleOf(await readFolder(folder)).meta));
}

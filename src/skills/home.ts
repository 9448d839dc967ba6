import { createHash } from "node:crypto";
import { relative } from "node:path";
import type { Log } from "../core/log.ts";
import type { SkillBundle, SkillReach } from "../core/skill.ts";
import type { Db } from "../store/hold.ts";
import { importsOf, keepBundle, noteImport, ownedSkill, putSkill } from "../store/skills.ts";
import { bundleOf } from "./bundle.ts";
import { readFolder, skillFolders } from "./folder.ts";
import { scanSkill } from "./scan.ts";

const team = { scope: "team" } as const;

/**
 * Takes the skills in a home's folder into the record, as the team's; the files are only read. What was taken before is taken again where
 * the file has changed and the record has not: what people changed or removed since stays so. Gives the names taken.
 */
export async function importHome(db: Db, folder: string, inspect: SkillReach["inspect"], log: Log): Promise<readonly string[]> {
  const folders = await skillFolders(folder);
  if (folders.length === 0) return [];
  const known = await importsOf(db);
  const taken: string[] = [];
  for (const place of folders) {
    const path = relative(folder, place);
    try {
      const bundle = bundleOf(await readFolder(place), place.split("/").at(-1));
      if (known.get(path) === bundle.hash) continue;
      if (await takeOne(db, path, known.get(path) ?? null, bundle, inspect, log)) taken.push(bundle.meta.name);
    } catch (error) {
      if (known.get(path) === faultOf(error)) continue;
      log.warn(
        { skill: path, reason: error instanceof Error ? error.message : String(error) },
        "a skill of the home was not taken",
      );
      // Told once, not at every start.
      await noteImport(db, path, faultOf(error));
    }
  }
  if (taken.length > 0) log.info({ skills: taken }, "skills of the home are in use");
  return taken;
}

async function takeOne(
  db: Db,
  path: string,
  before: string | null,
  bundle: SkillBundle,
  inspect: SkillReach["inspect"],
  log: Log,
): Promise<boolean> {
  const { name } = bundle.meta;
  const current = await ownedSkill(db, team, name);
  await noteImport(db, path, bundle.hash);
  // Changed or removed here since it was taken, or another of that name: that stands.
  if (before === null ? current !== null : current?.hash !== before) return false;
  const { verdict, findings } = await scanSkill(bundle, inspect);
  if (verdict === "dangerous") {
    log.warn({ skill: path, findings: findings.slice(0, 5) }, "a skill of the home is dangerous and was not taken");
    return false;
  }
  await keepBundle(db, bundle);
  await putSkill(db, {
    owner: team,
    name,
    bundle: bundle.hash,
    origin: { type: "home", from: path, revision: null },
    verdict,
    by: null,
  });
  return true;
}

function faultOf(error: unknown): string {
  return `fault:${createHash("sha256").update(String(error)).digest("hex").slice(0, 16)}`;
}

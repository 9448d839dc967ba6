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
    const { last, fault } = knownOf(known.get(path));
    const look = async (): Promise<string | null> => {
      const bundle = bundleOf(await readFolder(place), place.split("/").at(-1));
      if (fault === null ? last === bundle.hash : fault === bundle.hash) return null;
      return (await takeOne(db, path, last, bundle, inspect, log)) ? bundle.meta.name : null;
    };
    try {
      const name = await look();
      if (name !== null) taken.push(name);
    } catch (error) {
      const now = createHash("sha256").update(String(error)).digest("hex");
      if (fault === now) continue;
      log.warn(
        { skill: path, reason: error instanceof Error ? error.message : String(error) },
        "a skill of the home was not taken",
      );
      await noteFault(db, path, now, last);
    }
  }
  if (taken.length > 0) log.info({ skills: taken }, "skills of the home are in use");
  return taken;
}

async function takeOne(
  db: Db,
  path: string,
  last: string | null,
  bundle: SkillBundle,
  inspect: SkillReach["inspect"],
  log: Log,
): Promise<boolean> {
  const { name } = bundle.meta;
  const current = await ownedSkill(db, team, name);
  // Changed or removed here since it was taken, or another of that name: that stands.
  if (last === null ? current !== null : current?.hash !== last) {
    await noteImport(db, path, bundle.hash);
    return false;
  }
  const { verdict, findings } = await scanSkill(bundle, inspect);
  if (verdict === "dangerous") {
    log.warn({ skill: path, findings: findings.slice(0, 5) }, "a skill of the home is dangerous and was not taken");
    await noteFault(db, path, bundle.hash, last);
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
  await noteImport(db, path, bundle.hash);
  return true;
}

/** What a note says: the version that was last taken, and what was wrong with the file since, so that it is told once and not at every start. */
function knownOf(note = ""): { readonly last: string | null; readonly fault: string | null } {
  const [, fault, last = ""] = /^fault:(\w+) ?(\w*)$/.exec(note) ?? [null, null, note];
  return { last: last === "" ? null : last, fault: fault ?? null };
}

async function noteFault(db: Db, path: string, fault: string, last: string | null): Promise<void> {
  await noteImport(db, path, `fault:${fault} ${last ?? ""}`.trim());
}

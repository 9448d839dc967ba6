import type { SkillBundle, SkillChange, SkillEntry, SkillFile, SkillOrigin, SkillOwner, SkillViewer } from "../core/skill.ts";
import { bundleOf, skillFileName, textOf } from "../skills/bundle.ts";
import { nameFault, plainPath } from "../skills/names.ts";
import { lookAt, mayDecide, propose, type SkillWish } from "../skills/proposing.ts";
import { readSkill } from "../skills/reading.ts";
import type { SkillAsker, SkillRules, SkillWork } from "./skill-asker.ts";

/**
 * Puts a change that the agent wants before a person. What it writes in a private chat is that person's own, also where it changes one
 * of the team's: it may say what was said in private, so only that person gives it on.
 */
export async function changeSkill(work: SkillWork, asker: SkillAsker, viewer: SkillViewer, change: SkillChange): Promise<string> {
  const rules = await work.settings();
  const wish = await wishFor(work, asker, viewer, rules, change);
  const parts = { db: work.db, inspect: work.inspect, approvers: rules.approvers };
  const looked = await lookAt(parts, wish);
  if (wish.bundle !== null && looked.base === wish.bundle.hash)
    return `The skill ${wish.name} is so already; nothing is to be changed.`;
  const { person, chat, kind, replyTo } = asker;
  const made = await propose(parts, looked, { person, chat, shared: kind === "shared", replyTo });
  await work.wake(made.chats);
  if (!made.fresh) return `The same change of ${wish.name} waits for a person already (${made.id}). Don't propose it again.`;
  const who = made.own ? person.name : rules.approvers === "owner" ? "an owner" : "an owner or admin";
  return `Proposed as ${made.id}; it counts once ${who} has accepted it, in the message that shows it. Don't propose it again; go on.`;
}

async function wishFor(
  work: SkillWork,
  asker: SkillAsker,
  viewer: SkillViewer,
  rules: SkillRules,
  change: SkillChange,
): Promise<SkillWish> {
  const name = change.name.trim().toLowerCase();
  const skill = await readSkill(work.db, viewer, name);
  const origin: SkillOrigin = { type: "agent", from: asker.person.name, revision: null };
  const home: SkillOwner = asker.kind === "shared" ? { scope: "team" } : { scope: "person", person: asker.person.id };
  if (change.action === "create") {
    if (skill !== null)
      throw new Error(`There is a skill ${name} already: read it with skill_view, then patch it, or take another name.`);
    return { action: "create", owner: home, name, bundle: named(name, [mainFile(change.content)]), origin };
  }
  if (skill === null) throw new Error(`There is no skill "${name.slice(0, 80)}". skill_view without a name lists them.`);
  const { entry, files } = skill;
  if (change.action === "delete") {
    const may = asker.kind === "shared" || mayDecide(rules, { owner: entry.owner, origin }, asker.person);
    if (!may) throw new Error("Only an owner or admin removes a skill of the team; tell them.");
    return { action: "remove", owner: entry.owner, name, bundle: null, origin };
  }
  const bundle = named(name, edited(entry, files, change));
  // Who may decide over the team's talks of private things too: only their own word gives those to the team.
  return asker.kind === "shared" || entry.owner.scope === "person"
    ? { action: "change", owner: entry.owner, name, bundle, origin }
    : { action: "create", owner: home, name, bundle, origin };
}

function edited(
  entry: SkillEntry,
  files: readonly SkillFile[],
  change: Exclude<SkillChange, { action: "create" | "delete" }>,
): readonly SkillFile[] {
  switch (change.action) {
    case "edit":
      return replaced(files, mainFile(change.content));
    case "write_file": {
      const path = plainPath(change.file);
      return replaced(files, { path, bytes: Buffer.from(change.content), executable: change.content.startsWith("#!") });
    }
    case "remove_file": {
      const path = plainPath(change.file);
      if (files.every((file) => file.path !== path)) throw new Error(`The skill ${entry.name} has no file ${path}.`);
      return files.filter((file) => file.path !== path);
    }
    case "patch": {
      const path = plainPath(change.file);
      const file = files.find((each) => each.path === path);
      if (file === undefined) throw new Error(`The skill ${entry.name} has no file ${path}.`);
      const parts = textOf(file).split(change.from);
      if (parts.length !== 2)
        throw new Error(`old stands ${parts.length - 1} times in ${path}; it must stand there exactly once.`);
      return replaced(files, { ...file, bytes: Buffer.from(parts.join(change.to)) });
    }
  }
}

function replaced(files: readonly SkillFile[], file: SkillFile): readonly SkillFile[] {
  return [...files.filter(({ path }) => path !== file.path), file];
}

function mainFile(content: string): SkillFile {
  return { path: skillFileName, bytes: Buffer.from(content.endsWith("\n") ? content : `${content}\n`), executable: false };
}

/** The skill in its own name alone: whoever accepts one must not get another. */
function named(name: string, files: readonly SkillFile[]): SkillBundle {
  const fault = nameFault(name);
  if (fault !== null) throw new Error(fault);
  const bundle = bundleOf(files, name);
  if (bundle.meta.name !== name)
    throw new Error(`SKILL.md says name: ${bundle.meta.name}, but the call says ${name}. Use one name.`);
  return bundle;
}

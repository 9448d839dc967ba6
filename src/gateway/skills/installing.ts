import type { Person } from "../../core/chats.ts";
import { codeSpan } from "../../core/markdown.ts";
import type { ProposalAction, SkillEntry, SkillOwner, SkillReply } from "../../core/skill.ts";
import { originWords, verdictLines } from "../../skills/card.ts";
import { dangerWords, type LookedAt, lookAt, mayDecide, propose } from "../../skills/proposing.ts";
import { findAgain, findSource, type FoundSkill } from "../../skills/sources/index.ts";
import { dropSkill, findSkill, keepBundle, listSkills, ownedSkill, putSkill } from "../../store/skills.ts";
import { type DeskCall, done, ownerFor, refused } from "./call.ts";

/** Finds a skill, looks through it, and puts it before whoever may decide; where that is clear already, into use. */
export async function install(call: DeskCall): Promise<SkillReply> {
  const owner = ownerFor(call);
  const found = await findSource(call.reading, call.words.join(" "));
  const { name } = found.bundle.meta;
  const before = await ownedSkill(call.desk.db, owner, name);
  if (before?.hash === found.bundle.hash)
    return done(`${codeSpan(name)} is installed already, and up to date.`, { name, hash: before.hash });
  return await take(call, before === null ? "install" : "update", owner, found);
}

/** Takes a found skill into use, or has it asked for. */
async function take(call: DeskCall, action: ProposalAction, owner: SkillOwner, found: FoundSkill): Promise<SkillReply> {
  const { desk, deciding, visitor } = call;
  const { bundle, origin } = found;
  const looked = await lookAt(deciding, { action, owner, name: bundle.meta.name, bundle, origin });
  if (looked.scan.verdict === "dangerous")
    return { ...refused(dangerWords(looked)), data: { verdict: "dangerous", findings: looked.scan.findings } };
  const at = whetherAtOnce(call, looked);
  if (at === "at once") return await putIntoUse(call, looked);
  if (at === "not forced")
    return {
      ...refused(
        [...verdictLines(looked.scan.verdict, looked.scan.findings), "", "To install it all the same, say so with --force."].join(
          "\n",
        ),
      ),
      data: { verdict: looked.scan.verdict, findings: looked.scan.findings },
    };
  const { person, chat } = visitor;
  if (person === null || chat === null) return refused("Nobody is there to ask.");
  const made = await propose(deciding, looked, { person, chat, shared: visitor.shared, replyTo: visitor.replyTo });
  await desk.wake(made.chats);
  const data = { proposal: made.id, verdict: looked.scan.verdict, findings: looked.scan.findings };
  return done(
    made.fresh ? "" : `The same waits for an answer already: ${codeSpan(made.id)}. ${codeSpan("/skills pending")} lists it.`,
    data,
  );
}

/** Whoever may decide and has seen enough need not be asked: what ships with this version is known, `--force` has seen the scan. */
function whetherAtOnce({ visitor, deciding, flags }: DeskCall, { wish, scan }: LookedAt): "at once" | "not forced" | "ask" {
  const { person } = visitor;
  if (person === null) return scan.verdict === "safe" || flags.has("force") ? "at once" : "not forced";
  if (!mayDecide(deciding, wish, person)) return "ask";
  if (wish.origin.type === "shipped" && scan.verdict === "safe") return "at once";
  return flags.has("force") ? "at once" : "ask";
}

async function putIntoUse({ desk, visitor }: DeskCall, { wish, scan, changes }: LookedAt): Promise<SkillReply> {
  const { owner, name, bundle, origin, action } = wish;
  if (bundle === null) return refused("There is nothing to install.");
  await keepBundle(desk.db, bundle);
  await putSkill(desk.db, { owner, name, bundle: bundle.hash, origin, verdict: scan.verdict, by: visitor.person?.id ?? null });
  const data = { name, hash: bundle.hash, verdict: scan.verdict, findings: scan.findings, origin };
  if (action === "update")
    return done([`${codeSpan(name)} is updated. What changed:`, "", ...fenced(changes)].join("\n"), { ...data, changes });
  return done(
    [inUse(name, originWords(origin)), ...bundle.meta.variables.map((each) => variableLine(each.name))].join("\n"),
    data,
  );
}

/** What a person may want to know of a skill that has just come into use. */
export function inUse(name: string, from: string): string {
  return `${codeSpan(name)} is installed, from ${from}. ${codeSpan(`/${name} REQUEST`)} uses it at once; I use it by myself in conversations that begin from now on.`;
}

function variableLine(name: string): string {
  return `It asks for ${codeSpan(name)}: put it into the home's \`.env\`, and its name into \`skills.env_allow\`, if it is to have it.`;
}

function fenced(changes: string): readonly string[] {
  return ["```diff", changes.replaceAll("```", "'''").slice(0, 3_000), "```"];
}

/** Skills that one update looks for, at most: each may be a download. */
const mostUpdated = 30;

/** Looks for newer versions where the skills came from, and shows what would change. */
export async function update(call: DeskCall): Promise<SkillReply> {
  const { desk, visitor, words } = call;
  const all = (await listSkills(desk.db, visitor.viewer)).filter(({ name }) => words.length === 0 || words.includes(name));
  if (words.length > 0 && all.length === 0) return refused(`There is no skill ${words.map(codeSpan).join(", ")} here.`);
  const lines: string[] = [];
  const results: { name: string; result: string }[] = [];
  for (const entry of all.slice(0, mostUpdated)) {
    const { line, result } = await updateOne(call, entry);
    if (line !== "") lines.push(line);
    results.push({ name: entry.name, result });
  }
  if (all.length === 0) lines.push("There is nothing to update: no skill is installed.");
  return done(lines.join("\n\n"), { results });
}

async function updateOne(call: DeskCall, entry: SkillEntry): Promise<{ readonly line: string; readonly result: string }> {
  const name = codeSpan(entry.name);
  try {
    const found = await findAgain(call.reading, entry.origin);
    if (found === null)
      return { line: `${name}: it came from ${originWords(entry.origin)}; there is nowhere to look.`, result: "no source" };
    if (found.bundle.meta.name !== entry.name) return { line: `${name}: its source has another skill now.`, result: "gone" };
    if (found.bundle.hash === entry.hash) return { line: `${name}: up to date.`, result: "up to date" };
    const reply = await take(call, "update", entry.owner, found);
    return { line: reply.text, result: reply.ok ? "newer" : "refused" };
  } catch (thrown) {
    return { line: `${name}: ${thrown instanceof Error ? thrown.message : String(thrown)}`, result: "failed" };
  }
}

/** Takes a skill out of use. */
export async function remove({ desk, visitor, deciding, words: [name = ""] }: DeskCall): Promise<SkillReply> {
  if (name === "") return refused("Say which: `/skills remove NAME`");
  const entry = await findSkill(desk.db, visitor.viewer, name.toLowerCase());
  if (entry === null) return refused(`There is no skill ${codeSpan(name)} here.`);
  if (!mayRemove(entry, visitor.person, deciding)) return refused("Only an owner or admin removes a skill of the team.");
  await dropSkill(desk.db, entry.owner, entry.name);
  return done(`${codeSpan(entry.name)} is removed. Conversations that have read it keep what they read.`, { name: entry.name });
}

function mayRemove({ owner }: SkillEntry, person: Person | null, deciding: DeskCall["deciding"]): boolean {
  if (person === null) return true;
  return owner.scope === "person"
    ? owner.person === person.id
    : mayDecide(deciding, { owner, origin: { type: "person", from: "", revision: null } }, person);
}

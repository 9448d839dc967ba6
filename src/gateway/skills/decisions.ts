import { codeBlock, codeSpan, plainWords, unhidden } from "../../core/markdown.ts";
import type { SkillReply } from "../../core/skill.ts";
import { bundleOf } from "../../skills/bundle.ts";
import { cardOf, originWords } from "../../skills/card.ts";
import { changesOf } from "../../skills/changes.ts";
import { decide, lookAt, mayDecide, maySee, propose } from "../../skills/proposing.ts";
import { openProposal, openProposals, type SkillProposal } from "../../store/skill-proposals.ts";
import { filesOf, ownedSkill } from "../../store/skills.ts";
import { isAtLeast } from "../../core/chats.ts";
import { type DeskCall, done, refused, type Visitor } from "./call.ts";
import { inUse } from "./installing.ts";

/** What waits for an answer, as far as it is this visitor's to see: in a shared chat the team's alone. */
export async function pending({ desk, visitor, deciding }: DeskCall): Promise<SkillReply> {
  const { person } = visitor;
  const whose = person === null ? null : { person: person.id, team: isAtLeast(person.role, deciding.approvers) };
  const open = (await openProposals(desk.db, whose)).filter((each) => visibleTo(each, visitor));
  if (open.length === 0) return done("Nothing waits for an answer.", { pending: [] });
  const lines = open.map(
    ({ id, action, name, origin, verdict, byName }) =>
      `- ${codeSpan(id)}: ${action} ${codeSpan(name)}, from ${originWords(origin)}, scan: ${verdict}${byName === "" ? "" : `, for ${plainWords(byName)}`}`,
  );
  const data = open.map(({ id, action, name, origin, verdict, findings, byName }) => ({
    id,
    action,
    name,
    origin,
    verdict,
    findings,
    by: byName,
  }));
  return done([...lines, "", "`/skills diff ID` shows one, `/skills approve ID` and `/skills reject ID` decide."].join("\n"), {
    pending: data,
  });
}

/** The command line does not show what the agent wrote from somebody's private talk. */
function visibleTo({ owner, origin }: SkillProposal, { person, shared }: Visitor): boolean {
  if (owner.scope === "team") return true;
  if (shared) return false;
  return person !== null || origin.type !== "agent";
}

export async function approve(call: DeskCall): Promise<SkillReply> {
  const proposal = await named(call);
  const refusal = refusalFor(call, proposal);
  if (refusal !== null) return refused(refusal);
  const { desk, visitor } = call;
  const decided = await decide(desk.db, proposal, true, visitor.person, shownFor(visitor, "accepted"));
  switch (decided.type) {
    case "late":
      return refused("That was decided already.");
    case "outdated":
      return refused(`${codeSpan(proposal.name)} has changed since this was asked for; nothing was done. Ask for it again.`);
    case "done":
      await desk.wake(decided.chats);
      return done(doneWords(proposal), { name: proposal.name, action: proposal.action, hash: proposal.bundle });
  }
}

function doneWords({ action, name, origin }: SkillProposal): string {
  switch (action) {
    case "install":
    case "create":
      return inUse(name, originWords(origin));
    case "update":
    case "change":
      return `${codeSpan(name)} is changed. Conversations that have read it keep what they read.`;
    case "remove":
      return `${codeSpan(name)} is removed.`;
  }
}

export async function reject(call: DeskCall): Promise<SkillReply> {
  const proposal = await named(call);
  const { desk, visitor } = call;
  const own = visitor.person !== null && proposal.by === visitor.person.id;
  const refusal = own ? null : refusalFor(call, proposal);
  if (refusal !== null) return refused(refusal);
  const decided = await decide(desk.db, proposal, false, visitor.person, shownFor(visitor, "rejected"));
  if (decided.type !== "done") return refused("That was decided already.");
  await desk.wake(decided.chats);
  return done(`Rejected; ${codeSpan(proposal.name)} is as it was.`, { name: proposal.name });
}

/** Gives on to the team what the agent wrote for one person: only that person does. */
export async function share(call: DeskCall): Promise<SkillReply> {
  const proposal = await named(call);
  const { desk, visitor, deciding } = call;
  const { person, chat } = visitor;
  if (
    person === null ||
    chat === null ||
    proposal.owner.scope !== "person" ||
    proposal.owner.person !== person.id ||
    proposal.bundle === null
  )
    return refused("Only the person for whom it was written gives it to the team.");
  const bundle = bundleOf(await filesOf(desk.db, proposal.bundle), proposal.name);
  const owner = { scope: "team" } as const;
  const stands = (await ownedSkill(desk.db, owner, proposal.name)) !== null;
  const looked = await lookAt(deciding, {
    action: stands ? "change" : "create",
    owner,
    name: proposal.name,
    bundle,
    origin: proposal.origin,
  });
  // In this order: where the team's can't be asked for, what was written stays.
  const made = await propose(deciding, looked, { person, chat, shared: visitor.shared, replyTo: null });
  const decided = await decide(desk.db, proposal, false, person, shownFor(visitor, "for the team"));
  if (decided.type !== "done") {
    const second = made.fresh ? await openProposal(desk.db, made.id) : null;
    if (second !== null) await decide(desk.db, second, false, person, shownFor(visitor, "taken back"));
    return refused("That was decided already.");
  }
  await desk.wake([...decided.chats, ...made.chats]);
  if (!made.own) return done("Sent to those who look after the team's skills.", { proposal: made.id });
  return await approve({ ...call, words: [made.id] });
}

/** What a proposal would make of a skill's files, or of one of them. */
export async function diff(call: DeskCall): Promise<SkillReply> {
  const proposal = await named(call);
  const { desk, words } = call;
  const file = words.slice(1).join(" ");
  const [before, after] = await Promise.all([
    proposal.base === null ? [] : filesOf(desk.db, proposal.base),
    proposal.bundle === null ? [] : filesOf(desk.db, proposal.bundle),
  ]);
  const bundle = proposal.bundle === null ? null : bundleOf(after, proposal.name);
  const head = cardOf({ ...proposal, bundle, changes: "", by: proposal.byName }, null);
  if (file !== "" && ![...before, ...after].some(({ path }) => path === file))
    return refused(`There is no file ${codeSpan(file.slice(0, 100))} in it.`);
  const [old, fresh] = [before, after].map((files) => files.filter(({ path }) => file === "" || path === file));
  const changes = changesOf(old ?? [], fresh ?? []);
  const text = unhidden(changes);
  const most = file === "" ? shownChars : shownOfFile;
  const shown = codeBlock(text.slice(0, most).toWellFormed(), "diff");
  const one = file === "" ? `; ${codeSpan(`/skills diff ${proposal.id} FILE`)} shows one file` : "";
  const more = text.length > most ? [`… (${text.length} characters${one})`] : [];
  return done([head, "", shown, ...more].join("\n"), { ...proposal, changes });
}

/** Chats cut it into several messages. */
const shownChars = 20_000;
const shownOfFile = 100_000;

async function named({ desk, visitor, deciding, words: [id = ""] }: DeskCall): Promise<SkillProposal> {
  if (id === "") throw new Error("Say which, by its id; `/skills pending` lists them.");
  const proposal = await openProposal(desk.db, id.toLowerCase());
  const { person } = visitor;
  const visible = proposal !== null && visibleTo(proposal, visitor) && (person === null || maySee(deciding, proposal, person));
  // Whose it is must not be found out by asking; in a shared chat a card is seen by everybody there.
  if (proposal === null || !(visible || (visitor.shared && proposal.owner.scope === "team")))
    throw new Error(
      `Nothing waits under ${codeSpan(id.slice(0, 20))}: it was decided already, or never was. \`/skills pending\` lists what waits.`,
    );
  return proposal;
}

function refusalFor({ visitor, deciding }: DeskCall, proposal: SkillProposal): string | null {
  if (visitor.person === null || mayDecide(deciding, proposal, visitor.person)) return null;
  return deciding.approvers === "owner" ? "Only an owner decides over this." : "Only an owner or admin decides over this.";
}

function shownFor({ person }: Visitor, what: string): string {
  return `*${person === null ? "At the command line" : plainWords(person.name)}: ${what}.*`;
}

import { randomBytes } from "node:crypto";
import { type ChatRef, chatKey, isAtLeast, type Person, type Role } from "../core/chats.ts";
import type { OutboundButton } from "../core/outbound.ts";
import type { ProposalAction, SkillBundle, SkillOrigin, SkillOwner, SkillReach } from "../core/skill.ts";
import type { Db } from "../store/hold.ts";
import { privateChatsOf } from "../store/people.ts";
import { decideProposal, keepProposal, type SkillProposal, tellProposal } from "../store/skill-proposals.ts";
import { dropSkill, filesOf, keepBundle, lockSkills, ownedSkill, putSkill } from "../store/skills.ts";
import { textOf } from "./bundle.ts";
import { cardOf, type SkillCard, verdictLines } from "./card.ts";
import { changesOf } from "./changes.ts";
import { scanSkill, type SkillScan } from "./scan.ts";

/** Who decides over skills, and what is needed to look through them. */
export interface DecidingParts {
  readonly db: Db;
  /** The weakest role that decides over the team's skills and over what comes from outside. */
  readonly approvers: Exclude<Role, "guest">;
  readonly inspect: SkillReach["inspect"];
}

/** A change of the skills that somebody wants. */
export interface SkillWish {
  readonly action: ProposalAction;
  readonly owner: SkillOwner;
  readonly name: string;
  /** Null: it is to be removed. */
  readonly bundle: SkillBundle | null;
  readonly origin: SkillOrigin;
}

/** A change that has been looked through; `dangerous` ones go no further. */
export interface LookedAt {
  readonly wish: SkillWish;
  readonly scan: SkillScan;
  /** What stands in its place now, by its hash. */
  readonly base: string | null;
  /** What would change; of a new one its text. */
  readonly changes: string;
}

/** Looks through a wish before anybody is asked. */
export async function lookAt({ db, inspect }: DecidingParts, wish: SkillWish): Promise<LookedAt> {
  const before = await ownedSkill(db, wish.owner, wish.name);
  const scan: SkillScan = wish.bundle === null ? { verdict: "safe", findings: [] } : await scanSkill(wish.bundle, inspect);
  return { wish, scan, base: before?.hash ?? null, changes: await changesIn(db, before?.hash ?? null, wish.bundle) };
}

async function changesIn(db: Db, base: string | null, bundle: SkillBundle | null): Promise<string> {
  if (bundle === null) return "";
  if (base !== null) return changesOf(await filesOf(db, base), bundle.files);
  const main = bundle.files.find(({ path }) => path === "SKILL.md");
  return main === undefined ? "" : textOf(main);
}

/** Why a dangerous skill is not taken, with its lines. */
export function dangerWords({ wish, scan }: LookedAt): string {
  return [
    `The skill ${wish.name} was not taken.`,
    ...verdictLines(scan.verdict, scan.findings),
    "Nobody can overrule this; have its author mend it.",
  ].join("\n");
}

/** Who asks, and where. */
export interface Proposer {
  readonly person: Person;
  readonly chat: ChatRef;
  readonly shared: boolean;
  readonly replyTo: string | null;
}

/** What came of a proposal. */
export interface Proposed {
  readonly id: string;
  /** Chats whose deliveries are to be woken. */
  readonly chats: readonly string[];
  /** False: the very same waits already. */
  readonly fresh: boolean;
  /** Whether who asks may decide it. */
  readonly own: boolean;
}

/** Puts a wish before those who may decide it. Throws where it is dangerous, or too much waits already. */
export async function propose(parts: DecidingParts, looked: LookedAt, proposer: Proposer | null): Promise<Proposed> {
  const { wish, scan, base } = looked;
  if (scan.verdict === "dangerous") throw new Error(dangerWords(looked));
  const { db } = parts;
  if (wish.bundle !== null) await keepBundle(db, wish.bundle);
  const { action, owner, name, origin } = wish;
  const common = { action, owner, name, origin, base, bundle: wish.bundle?.hash ?? null, by: proposer?.person.id ?? null };
  const kept = await keepProposal(db, {
    ...common,
    id: randomBytes(4).toString("hex"),
    verdict: scan.verdict,
    findings: scan.findings,
  });
  if (kept === null) throw new Error("Too many changes of skills wait for an answer already; /skills pending lists them.");
  const own = proposer !== null && mayDecide(parts, { owner, origin }, proposer.person);
  const chats = proposer === null ? [] : await tell(parts, looked, kept.id, proposer, own);
  return { ...kept, chats, own };
}

/** Tells the chat where it was asked for, and those who decide where the one who asks may not. */
async function tell(
  parts: DecidingParts,
  looked: LookedAt,
  id: string,
  { person, chat, shared, replyTo }: Proposer,
  own: boolean,
): Promise<readonly string[]> {
  const { wish, scan, changes } = looked;
  const card: SkillCard = { ...wish, ...scan, changes, by: "" };
  const others = own
    ? []
    : (await privateChatsOf(parts.db, parts.approvers, person.id)).filter((each) => chatKey(each) !== chatKey(chat));
  const buttons = own || shared ? buttonsFor(wish, id) : [];
  const waits = own || shared ? "" : `\n\n*Waiting for ${parts.approvers === "owner" ? "an owner" : "an owner or admin"}.*`;
  const here = await tellProposal(parts.db, id, [{ chat, replyTo }], `${cardOf(card, id)}${waits}`, buttons);
  const there = await tellProposal(
    parts.db,
    id,
    others.map((each) => ({ chat: each, replyTo: null })),
    cardOf({ ...card, by: person.name }, id),
    buttonsFor(wish, id),
  );
  return [...here, ...there];
}

/** Pressing one is typing the command. */
function buttonsFor({ action, owner, origin }: SkillWish, id: string): readonly OutboundButton[] {
  const yes = {
    label: action === "remove" ? "Remove" : action === "install" ? "Install" : "Accept",
    data: `/skills approve ${id}`,
  };
  const no = { label: "Reject", data: `/skills reject ${id}` };
  const mine = owner.scope === "person" && origin.type === "agent" && action === "create";
  return mine ? [{ ...yes, label: "Keep for me" }, { label: "For the team", data: `/skills share ${id}` }, no] : [yes, no];
}

/** Whether a person may decide: the team's skills and what comes from outside are for the configured role, one's own for oneself. */
export function mayDecide(
  { approvers }: Pick<DecidingParts, "approvers">,
  { owner, origin }: Pick<SkillWish, "owner" | "origin">,
  person: Person,
): boolean {
  if (person.role === "guest") return false;
  if (isOwnMatter(owner, origin)) return owner.scope === "person" && owner.person === person.id;
  return isAtLeast(person.role, approvers);
}

/** Whether a person alone decides over it: their own skill, of nothing from outside. */
function isOwnMatter(owner: SkillOwner, { type }: SkillOrigin): boolean {
  return owner.scope === "person" && (type === "agent" || type === "person" || type === "shipped");
}

/** Whether somebody who decides over the team's skills has said yes to this one: only then it is given variables. */
export function hasLeave(
  { approvers }: Pick<DecidingParts, "approvers">,
  { owner, origin }: Pick<SkillWish, "owner" | "origin">,
  person: Person,
): boolean {
  return !isOwnMatter(owner, origin) || isAtLeast(person.role, approvers);
}

/** Whether a person may know of it at all: what the agent wrote from somebody's own talk is theirs. */
export function maySee(
  parts: Pick<DecidingParts, "approvers">,
  proposal: Pick<SkillProposal, "owner" | "origin" | "by">,
  person: Person,
): boolean {
  if (mayDecide(parts, proposal, person)) return true;
  return proposal.by === person.id || (proposal.owner.scope === "person" && proposal.owner.person === person.id);
}

/** How a decision ended: done; already decided; or what stood has changed since it was asked for. */
export type Decided =
  | { readonly type: "done"; readonly chats: readonly string[] }
  | { readonly type: "late" }
  | { readonly type: "outdated" };

/** Decides a proposal once, and does what it says. `person` null: whoever runs the service. */
export async function decide(
  db: Db,
  proposal: SkillProposal,
  accepted: boolean,
  person: Person | null,
  shown: string,
): Promise<Decided> {
  return await db.transaction().execute(async (trx) => {
    await lockSkills(trx, proposal.owner);
    const current = await ownedSkill(trx, proposal.owner, proposal.name);
    const outdated = accepted && (current?.hash ?? null) !== proposal.base;
    const chats = await decideProposal(
      trx,
      proposal.id,
      accepted && !outdated ? "accepted" : "rejected",
      person?.id ?? null,
      outdated ? outdatedWords : shown,
    );
    if (chats === null) return { type: "late" };
    if (outdated) return { type: "outdated" };
    if (accepted) await carryOut(trx, proposal, person);
    return { type: "done", chats };
  });
}

const outdatedWords = "*The skill has changed since this was asked for; nothing was done.*";

async function carryOut(db: Db, { owner, name, bundle, origin, verdict }: SkillProposal, person: Person | null): Promise<void> {
  if (bundle === null) return void (await dropSkill(db, owner, name));
  await putSkill(db, { owner, name, bundle, origin, verdict, by: person?.id ?? null });
}

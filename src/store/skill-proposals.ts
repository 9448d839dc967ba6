import { sql } from "kysely";
import { type ChatRef, chatKey } from "../core/chats.ts";
import type { Outbound, OutboundButton } from "../core/outbound.ts";
import type { ProposalAction, SkillFinding, SkillOrigin, SkillOwner, SkillVerdict } from "../core/skill.ts";
import type { Db } from "./hold.ts";
import { lockSkills, ownerOf, rowOf } from "./skills.ts";
import { jsonText } from "./storable.ts";

/** Something that waits for a person's yes. */
export interface SkillProposal {
  readonly id: string;
  readonly action: ProposalAction;
  readonly owner: SkillOwner;
  readonly name: string;
  readonly bundle: string | null;
  readonly base: string | null;
  readonly origin: SkillOrigin;
  readonly verdict: SkillVerdict;
  readonly findings: readonly SkillFinding[];
  /** A person; null: whoever runs the service. */
  readonly by: string | null;
  readonly byName: string;
  readonly messages: readonly string[];
}

/** The most that one person, or the team, has waiting. */
const mostOpen = 30;

/** Keeps a proposal, unless the very same one waits already: that one's id comes back. Null when too many wait. */
export async function keepProposal(
  db: Db,
  proposal: Omit<SkillProposal, "messages" | "byName">,
): Promise<{ id: string; fresh: boolean } | null> {
  const { id, action, owner, name, bundle, base, origin, verdict, findings, by } = proposal;
  const own = rowOf(owner);
  return await db.transaction().execute(async (trx) => {
    await lockSkills(trx, owner);
    const open = await trx
      .selectFrom("skill_proposals")
      .select(["id", "name", "action", "bundle"])
      .where("status", "=", "open")
      .where("scope", "=", own.scope)
      .where("owner", "=", own.owner)
      .execute();
    const same = open.find((each) => each.name === name && each.action === action && each.bundle === bundle);
    if (same) return { id: same.id, fresh: false };
    if (open.length >= mostOpen) return null;
    const values = { origin: jsonText(origin), findings: jsonText(findings), messages: "[]" };
    await trx
      .insertInto("skill_proposals")
      .values({ id, action, ...own, name, bundle, base, verdict, proposed_by: by, decided_by: null, ...values })
      .execute();
    return { id, fresh: true };
  });
}

/** Tells chats of a proposal, with buttons; each of them once. The chats to be woken, by their keys. */
export async function tellProposal(
  db: Db,
  id: string,
  chats: readonly { readonly chat: ChatRef; readonly replyTo: string | null }[],
  markdown: string,
  buttons: readonly OutboundButton[],
): Promise<readonly string[]> {
  const rows = chats.map(({ chat, replyTo }) => {
    const body: Outbound = { markdown, replyTo, buttons };
    return { key: `skill:${id}:${chatKey(chat)}`, platform: chat.platform, chat_key: chatKey(chat), body };
  });
  if (rows.length === 0) return [];
  await sql`
    with told as (
      insert into outbox (key, platform, chat_key, body, sent)
      select m.key, m.platform, m.chat_key, m.body, '[]'::jsonb
      from jsonb_to_recordset(${jsonText(rows)}::jsonb) m (key text, platform text, chat_key text, body jsonb)
      on conflict (key) do nothing)
    update skill_proposals set messages = messages || ${jsonText(rows.map(({ key }) => key))}::jsonb where id = ${id}`.execute(
    db,
  );
  return rows.map((row) => row.chat_key);
}

/** Decides a proposal once: null when somebody else was faster, or there is none. Each of its messages is edited to end with `shown`. */
export async function decideProposal(
  db: Db,
  id: string,
  status: "accepted" | "rejected",
  by: string | null,
  shown: string,
): Promise<readonly string[] | null> {
  const found = await sql<{ chats: readonly string[] | null }>`
    with decided as (
      update skill_proposals set status = ${status}, decided_by = ${by}, decided_at = now()
      where id = ${id} and status = 'open' returning messages),
    told as (
      insert into outbox (key, platform, chat_key, body, sent)
      select 'decided:' || o.key, o.platform, o.chat_key,
        jsonb_build_object('markdown', (o.body->>'markdown') || ${`\n\n${shown}`}::text, 'replyTo', null, 'edits', o.key), '[]'::jsonb
      from decided, jsonb_array_elements_text(decided.messages) told_key join outbox o on o.key = told_key
      on conflict (key) do nothing returning chat_key)
    select (select json_agg(chat_key) from told) as chats from decided`.execute(db);
  const row = found.rows[0];
  return row ? (row.chats ?? []) : null;
}

/** What waits, oldest first. `person`: that one's own, and the team's where `team`; null: everything. */
export async function openProposals(
  db: Db,
  whose: { readonly person: string; readonly team: boolean } | null,
): Promise<readonly SkillProposal[]> {
  const which =
    whose === null
      ? sql`true`
      : sql`((s.scope = 'person' and s.owner = ${whose.person}) or (s.scope = 'team' and (${whose.team} or s.proposed_by = ${whose.person})))`;
  return await proposals(db, sql`s.status = 'open' and ${which}`);
}

/** One that waits. Who may see it is for the caller to say. */
export async function openProposal(db: Db, id: string): Promise<SkillProposal | null> {
  return (await proposals(db, sql`s.status = 'open' and s.id = ${id}`))[0] ?? null;
}

async function proposals(db: Db, which: ReturnType<typeof sql>): Promise<readonly SkillProposal[]> {
  const found = await sql<ProposalRow>`
    select s.id, s.action, s.scope, s.owner, s.name, s.bundle, s.base, s.origin, s.verdict, s.findings, s.messages,
      s.proposed_by as by, coalesce(p.name, '') as by_name
    from skill_proposals s left join people p on p.id = s.proposed_by
    where ${which} order by s.created_at limit 100`.execute(db);
  return found.rows.map(({ scope, owner, by_name: byName, ...row }) => ({ ...row, byName, owner: ownerOf(scope, owner) }));
}

interface ProposalRow extends Omit<SkillProposal, "owner" | "byName"> {
  readonly scope: "team" | "person";
  readonly owner: string;
  readonly by_name: string;
}

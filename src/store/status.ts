import { sql } from "kysely";
import type { Account, ChatRef, Viewer } from "../core/chats.ts";
import type { Outbound } from "../core/outbound.ts";
import type { Inbound } from "../core/inbound.ts";
import type { Db } from "./hold.ts";

/** How a session stands. Times in epoch milliseconds. */
export interface SessionState {
  readonly title: string | null;
  readonly startedAt: number;
  readonly messages: number;
  readonly running: { readonly turn: string; readonly since: number; readonly step: number; readonly tool: string | null } | null;
  readonly waiting: number;
  /** Whether its history is being shortened, or is to be. */
  readonly shortening: boolean;
}

export async function sessionState(db: Db, session: string): Promise<SessionState | null> {
  const found = await sql<{
    at: Date;
    title: string | null;
    messages: number;
    waiting: number;
    shortening: boolean;
    turn: string | null;
    since: Date;
    step: number;
    tool: string | null;
  }>`
    select s.created_at as at, s.title, s.compress_requested is not null as shortening,
      (select count(*)::int from messages m where m.session_id = s.id) as messages,
      (select count(*)::int from inbox i where i.session_id = s.id and i.status = 'waiting') as waiting,
      t.id as turn, t.created_at as since, t.step, t.tool
    from sessions s left join turns t on t.session_id = s.id and t.status in ('running', 'parked')
    where s.id = ${session}`.execute(db);
  const row = found.rows[0];
  if (!row) return null;
  const running = row.turn === null ? null : { turn: row.turn, since: row.since.getTime(), step: row.step, tool: row.tool };
  const { title, at, messages, waiting, shortening } = row;
  return { title, startedAt: at.getTime(), messages, running, waiting, shortening };
}

/** What was said in a chat, as a page shows it. */
export interface SaidItem {
  readonly id: string;
  readonly at: number;
  readonly by: "person" | "agent";
  readonly inbound: Inbound | null;
  readonly outbound: Outbound | null;
  /** What was run for an answer, in order. */
  readonly tools: readonly UsedTool[];
}

/** A call of a turn that is over. `ok` is null where nobody knows how it ended. */
export interface UsedTool {
  readonly call: string;
  readonly tool: string;
  readonly ok: boolean | null;
  readonly ms: number;
}

/** Who looks into a private chat of their own before it has a conversation: only commands were sent there yet. */
export type Newcomer = { readonly kind: "newcomer" } & Pick<Account, "platform" | "id">;

/**
 * The last `limit` things said in a private chat, oldest first: people's messages from the inbox, answers from the outbox. Nothing
 * for a viewer whose conversation it is not.
 */
export async function saidIn(
  db: Db,
  viewer: Viewer | Newcomer,
  chat: ChatRef,
  chatKey: string,
  limit: number,
): Promise<readonly SaidItem[]> {
  if (!(await maySee(db, viewer, chat, chatKey))) return [];
  const found = await sql<{
    id: string;
    at: Date;
    inbound: Inbound | null;
    outbound: Outbound | null;
    tools: readonly UsedTool[] | null;
  }>`
    select * from (
      select 'in-' || id as id, received_at as at, inbound, null::jsonb as outbound, null::jsonb as tools from inbox
      where chat_key = ${chatKey} and inbound->>'type' = 'message' and (inbound->>'text' <> '' or inbound ?| '{files,skills}') -- else it is deleted
      union all
      select 'out-' || o.id, coalesce(o.sent_at, o.created_at), null::jsonb, coalesce(e.body - 'edits', o.body),
        case when o.key not like 'question:%' and o.body->>'file' is null then (
          select jsonb_agg(jsonb_build_object('call', c.step || '-' || c.position, 'tool', c.name,
            'ok', case c.status when 'done' then true when 'failed' then false end,
            'ms', coalesce(round(extract(epoch from c.ended_at - c.started_at) * 1000), 0)) order by c.step, c.position)
          from tool_calls c where c.turn_id = o.turn_id) end
      from outbox o left join outbox e on e.key = 'decided:' || o.key
      where o.chat_key = ${chatKey} and o.status = 'sent' and o.body->>'edits' is null
      order by at desc limit ${limit}) last
    order by at`.execute(db);
  return found.rows.map((row) => ({
    id: row.id,
    at: row.at.getTime(),
    by: row.inbound ? "person" : "agent",
    inbound: row.inbound,
    outbound: row.outbound,
    tools: row.tools ?? [],
  }));
}

async function maySee(db: Db, viewer: Viewer | Newcomer, chat: ChatRef, chatKey: string): Promise<boolean> {
  const conversation = await db
    .selectFrom("conversations")
    .select("id")
    .where("platform", "=", chat.platform)
    .where("chat", "=", chat.chat)
    .where("thread", "=", chat.thread ?? "")
    .executeTakeFirst();
  if (viewer.kind === "newcomer") return conversation === undefined && !(await othersWrote(db, viewer, chatKey));
  return viewer.kind !== "system" && conversation !== undefined && viewer.conversation === conversation.id;
}

/** Whether anybody but this account has ever written here. */
async function othersWrote(db: Db, { platform, id }: Newcomer, chatKey: string): Promise<boolean> {
  const found = await sql<{ one: number }>`
    select 1 as one from inbox where chat_key = ${chatKey}
      and (inbound->'sender'->>'platform' is distinct from ${platform} or inbound->'sender'->>'id' is distinct from ${id})
    limit 1`.execute(db);
  return found.rows.length > 0;
}

/** How much is unfinished in the whole record: for `hermes status` and `/ready`. */
export async function backlog(db: Db): Promise<{ unrouted: number; waiting: number; running: number; undelivered: number }> {
  const found = await sql<{ unrouted: number; waiting: number; running: number; undelivered: number }>`
    select (select count(*)::int from inbox where status = 'new') as unrouted,
      (select count(*)::int from inbox where status = 'waiting') as waiting,
      (select count(*)::int from turns where status = 'running') as running,
      (select count(*)::int from outbox where status in ('pending', 'sending')) as undelivered`.execute(db);
  return found.rows[0] ?? { unrouted: 0, waiting: 0, running: 0, undelivered: 0 };
}

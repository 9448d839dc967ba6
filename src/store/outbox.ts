import { sql } from "kysely";
import { type ChatRef, chatKey, parseChatKey } from "../core/chats.ts";
import type { Outbound } from "../core/outbound.ts";
import type { Db } from "./hold.ts";
import { jsonText } from "./storable.ts";

/** Something to say. The key makes it once-only: adding it again changes nothing. */
export interface NewOutbound {
  readonly key: string;
  readonly chat: ChatRef;
  readonly turn: string | null;
  readonly body: Outbound;
}

/** A row that this process may send now. `interrupted`: an earlier attempt died or got no answer, so its next chunk may have arrived. */
export interface Delivery {
  readonly id: number;
  readonly key: string;
  readonly turn: string | null;
  /** The message that shows the turn, as far as the record knows one. */
  readonly preview: string | null;
  readonly body: Outbound;
  readonly sent: readonly string[];
  readonly attempts: number;
  /** When it came into the outbox, epoch milliseconds. */
  readonly since: number;
  readonly interrupted: boolean;
}

/** What a look into a chat's outbox finds. `later`: the first row in line must wait that many milliseconds. */
export type NextDelivery =
  | { readonly type: "empty" }
  | { readonly type: "later"; readonly afterMs: number }
  | { readonly type: "ready"; readonly delivery: Delivery };

/** Puts something into the outbox; the caller wakes the chat's delivery once its transaction has committed. */
export async function addOutbound(db: Db, outbound: NewOutbound): Promise<void> {
  await db
    .insertInto("outbox")
    .values({
      key: outbound.key,
      platform: outbound.chat.platform,
      chat_key: chatKey(outbound.chat),
      turn_id: outbound.turn,
      body: jsonText(outbound.body),
      sent: "[]",
    })
    .onConflict((conflict) => conflict.column("key").doNothing())
    .execute();
}

interface ClaimedRow {
  readonly status: "pending" | "sending";
  readonly wait: number;
  readonly held: number;
  readonly preview: string | null;
  /** Null when the row was not to be had. */
  readonly id: number | null;
  readonly key: string;
  readonly turn: string | null;
  readonly body: Outbound;
  readonly sent: readonly string[];
  readonly attempts: number;
  readonly since: number;
}

/** Claims the chat's next row in line for `holder`. A row that somebody else is sending makes the chat wait for their lease. */
export async function claimDelivery(db: Db, chat: string, holder: string, leaseMs: number): Promise<NextDelivery> {
  const found = await sql<ClaimedRow>`
    with first as (
      select id, status, turn_id,
        greatest(0, extract(epoch from not_before - now()) * 1000)::int as wait,
        greatest(0, coalesce(extract(epoch from lease_until - now()) * 1000, 0))::int as held
      from outbox where chat_key = ${chat} and status in ('pending', 'sending') order by id limit 1),
    taken as (
      update outbox o set status = 'sending', holder = ${holder}, attempts = o.attempts + 1,
        lease_until = now() + ${leaseMs} * interval '1 millisecond'
      from first f
      where o.id = f.id and f.wait = 0 and o.status in ('pending', 'sending') and (o.lease_until is null or o.lease_until <= now())
      returning o.id, o.key, o.turn_id, o.body, o.sent, o.attempts, o.created_at)
    select f.status, f.wait, f.held, p.message as preview, t.id, t.key, t.turn_id as turn, t.body, t.sent, t.attempts,
      (extract(epoch from t.created_at) * 1000)::float8 as since
    from first f left join taken t on true left join previews p on p.turn_id = f.turn_id`.execute(db);
  const row = found.rows[0];
  if (!row) return { type: "empty" };
  if (row.id === null) return { type: "later", afterMs: Math.max(row.wait, row.held) || leaseMs };
  const { id, key, turn, body, sent, attempts, since, preview } = row;
  return {
    type: "ready",
    delivery: { id, key, turn, preview, body, sent, attempts, since, interrupted: row.status === "sending" },
  };
}

/** One more chunk is out. Renews the lease. Throws nothing when the row is no longer ours: the send has happened. */
export async function noteSent(db: Db, id: number, sent: readonly string[], leaseMs: number): Promise<void> {
  await db
    .updateTable("outbox")
    .set({ sent: jsonText(sent), lease_until: sql<Date>`now() + ${leaseMs} * interval '1 millisecond'` })
    .where("id", "=", id)
    .execute();
}

/** All chunks are out. */
export async function closeDelivery(db: Db, id: number, sent: readonly string[]): Promise<void> {
  await db
    .updateTable("outbox")
    .set({ status: "sent", sent: jsonText(sent), holder: null, lease_until: null, sent_at: sql<Date>`now()` })
    .where("id", "=", id)
    .execute();
}

/** The platform will never take it. */
export async function refuseDelivery(db: Db, id: number, failure: string): Promise<void> {
  await db
    .updateTable("outbox")
    .set({ status: "refused", failure, holder: null, lease_until: null })
    .where("id", "=", id)
    .execute();
}

/** To be tried again after `afterMs`; `certain` when neither the failed attempt nor one before it can have sent the next chunk. */
export async function postponeDelivery(db: Db, id: number, afterMs: number, certain: boolean, failure: string): Promise<void> {
  await db
    .updateTable("outbox")
    .set({
      status: certain ? "pending" : "sending",
      holder: null,
      lease_until: null,
      failure,
      not_before: sql<Date>`now() + ${afterMs} * interval '1 millisecond'`,
    })
    .where("id", "=", id)
    .execute();
}

/** Chats of these platforms with something due that nobody is sending. */
export async function chatsWithDeliveries(
  db: Db,
  platforms: readonly string[],
): Promise<readonly { readonly platform: string; readonly chat: string; readonly attempt: string }[]> {
  if (platforms.length === 0) return [];
  const found = await sql<{ platform: string; chat: string; attempt: string }>`
    select platform, chat_key as chat, max(id) || '-' || max(attempts) as attempt from outbox
    where platform in (${sql.join(platforms)}) and status in ('pending', 'sending') and not_before < now() - interval '1 second'
      and (lease_until is null or lease_until < now())
    group by platform, chat_key limit 1000`.execute(db);
  return found.rows;
}

/** The platform's id of an entry's last message; null when none has been sent. */
export async function lastSentOf(db: Db, key: string): Promise<string | null> {
  const row = await db.selectFrom("outbox").select("sent").where("key", "=", key).executeTakeFirst();
  return row?.sent.at(-1) ?? null;
}

/**
 * What became of an entry whose chat may have refused it: itself, or what was told elsewhere in its place, each under the key of the one
 * before and the chat that did not take it. Null where none stands.
 */
export async function standingEntry(db: Db, key: string): Promise<{ readonly key: string; readonly chat: ChatRef } | null> {
  const found = await sql<{ key: string; chat: string }>`
    with recursive told as (
      select key, chat_key, status from outbox where key = ${key}
      union all select o.key, o.chat_key, o.status from told join outbox o on o.key = told.key || '|' || told.chat_key)
    select key, chat_key as chat from told where status <> 'refused' limit 1`.execute(db);
  const row = found.rows[0];
  return row === undefined ? null : { key: row.key, chat: parseChatKey(row.chat) };
}

/** How many entries of these platforms could be sent right now. */
export async function deliveriesDue(db: Db, platforms: readonly string[]): Promise<number> {
  if (platforms.length === 0) return 0;
  const row = await db
    .selectFrom("outbox")
    .select((select) => select.fn.countAll<number>().as("due"))
    .where("platform", "in", [...platforms])
    .where("status", "in", ["pending", "sending"])
    .where("not_before", "<=", sql<Date>`now()`)
    .executeTakeFirst();
  return Number(row?.due ?? 0);
}

/** The message that shows a running turn, so that the answer can take its place; null when there is none. */
export async function previewOf(db: Db, turn: string): Promise<string | null> {
  const row = await db.selectFrom("previews").select("message").where("turn_id", "=", turn).executeTakeFirst();
  return row?.message ?? null;
}

/** Remembers the message that shows a running turn. */
export async function keepPreview(db: Db, turn: string, message: string): Promise<void> {
  await db
    .insertInto("previews")
    .values({ turn_id: turn, message })
    .onConflict((conflict) => conflict.column("turn_id").doUpdateSet({ message }))
    .execute();
}

/** Forgets a preview that has become the answer. */
export async function dropPreview(db: Db, turn: string): Promise<void> {
  await db.deleteFrom("previews").where("turn_id", "=", turn).execute();
}

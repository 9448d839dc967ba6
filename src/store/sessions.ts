import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import type { ChatKind, ChatRef } from "../core/chats.ts";
import type { ModelChoice } from "../core/model.ts";
import type { Db, Hold } from "./hold.ts";
import type { FrozenPrompt } from "./schema.ts";
import { jsonText } from "./storable.ts";

/** A conversation's address and kind, with its open session. */
export interface SessionInfo {
  readonly session: string;
  readonly conversation: string;
  readonly chat: ChatRef;
  readonly kind: ChatKind;
  readonly prompt: FrozenPrompt | null;
  /** The model its people picked; null: the configured one. */
  readonly choice: ModelChoice | null;
}

/** The chat's open session, made (with its conversation) where there is none. Safe to call from several processes at once. */
export async function openSession(db: Db, chat: ChatRef, kind: ChatKind): Promise<{ conversation: string; session: string }> {
  const key = { platform: chat.platform, chat: chat.chat, thread: chat.thread ?? "" };
  const conversation = await db
    .insertInto("conversations")
    .values({ id: randomUUID(), ...key, kind })
    .onConflict((conflict) => conflict.columns(["platform", "chat", "thread"]).doUpdateSet({ kind }))
    .returning("id")
    .executeTakeFirstOrThrow();
  await db
    .insertInto("sessions")
    .values({ id: randomUUID(), conversation_id: conversation.id, prompt: null })
    .onConflict((conflict) => conflict.column("conversation_id").where("ended_at", "is", null).doNothing())
    .execute();
  const session = await db
    .selectFrom("sessions")
    .select("id")
    .where("conversation_id", "=", conversation.id)
    .where("ended_at", "is", null)
    .executeTakeFirstOrThrow();
  return { conversation: conversation.id, session: session.id };
}

/** Ends a session; what already waits in it is still answered. */
export async function endSession(db: Db, session: string): Promise<void> {
  await db
    .updateTable("sessions")
    .set({ ended_at: sql<Date>`now()` })
    .where("id", "=", session)
    .where("ended_at", "is", null)
    .execute();
}

/** Picks the session's model from its next turn on; null: the configured one. */
export async function chooseModel(db: Db, session: string, choice: ModelChoice | null): Promise<void> {
  const value = choice === null ? null : jsonText(choice);
  await db.updateTable("sessions").set({ choice: value }).where("id", "=", session).execute();
}

/** The model that the session's people picked; null: the configured one. */
export async function sessionChoice(db: Db, session: string): Promise<ModelChoice | null> {
  const row = await db.selectFrom("sessions").select("choice").where("id", "=", session).executeTakeFirst();
  return row?.choice ?? null;
}

/** Freezes the prompt's head; the first one to do so wins, and everybody gets the one that stands. */
export async function freezePrompt(db: Db, session: string, prompt: FrozenPrompt): Promise<FrozenPrompt> {
  await db
    .updateTable("sessions")
    .set({ prompt: jsonText(prompt) })
    .where("id", "=", session)
    .where("prompt", "is", null)
    .execute();
  const row = await db.selectFrom("sessions").select("prompt").where("id", "=", session).executeTakeFirstOrThrow();
  return row.prompt ?? prompt;
}

/** Renews all leases of a worker in one statement; returns the sessions it still holds and the turns asked to stop. */
export async function renewLeases(
  db: Db,
  holder: string,
  leaseMs: number,
): Promise<{ held: ReadonlySet<string>; stopping: readonly string[] }> {
  const rows = await db
    .updateTable("sessions")
    .set({ lease_until: later(leaseMs) })
    .where("holder", "=", holder)
    .returning(["id"])
    .execute();
  const stopping = await db
    .selectFrom("turns")
    .innerJoin("sessions", "sessions.id", "turns.session_id")
    .select("turns.id")
    .where("sessions.holder", "=", holder)
    .where("turns.status", "=", "running")
    .where("turns.stop_requested", "=", true)
    .execute();
  return { held: new Set(rows.map((row) => row.id)), stopping: stopping.map((row) => row.id) };
}

/**
 * Lets go of the session if nothing is left to do in it, or all that is must wait for a parked turn; false when there is work, and then
 * the hold stays.
 */
export async function releaseIfIdle(db: Db, hold: Hold): Promise<boolean> {
  const found = await sql<{ id: string }>`
    update sessions s set holder = null, lease_until = null
    where s.id = ${hold.session} and s.fence = ${hold.fence} and s.compress_requested is null
      and (exists (select 1 from turns t where t.session_id = s.id and t.status = 'parked')
        or not exists (
          select 1 from inbox i where i.session_id = s.id and i.status = 'waiting' and i.person_id is not null))
    returning s.id`.execute(db);
  return found.rows.length > 0;
}

/** Lets go of the session with its work unfinished, so that another worker can go on at once. */
export async function abandonSession(db: Db, hold: Hold): Promise<void> {
  await db
    .updateTable("sessions")
    .set({ holder: null, lease_until: null })
    .where("id", "=", hold.session)
    .where("fence", "=", hold.fence)
    .execute();
}

/** The same of a worker that leaves on purpose: that is no attempt of its turn. */
export async function handOverSession(db: Db, hold: Hold): Promise<void> {
  await sql`
    with left_to_others as (
      update sessions set holder = null, lease_until = null where id = ${hold.session} and fence = ${hold.fence} returning id)
    update turns set attempts = attempts - 1
    where session_id = (select id from left_to_others) and status = 'running' and attempts > 0`.execute(db);
}

/** Leases of a process that is surely gone (embedded state: whoever held it before this start). */
export async function dropAllLeases(db: Db): Promise<void> {
  await db.updateTable("sessions").set({ holder: null, lease_until: null }).where("holder", "is not", null).execute();
  await db.updateTable("outbox").set({ holder: null, lease_until: null }).where("holder", "is not", null).execute();
}

/** Sessions with unfinished work that no live worker holds; `fence` tells one abandonment from the next. */
export async function sessionsWithWork(db: Db): Promise<readonly Hold[]> {
  const found = await sql<{ session: string; fence: number }>`
    select s.id as session, s.fence from sessions s
    where (s.holder is null or s.lease_until < now())
      and s.id in (
        select session_id from inbox where status = 'waiting' and person_id is not null and received_at < now() - interval '1 second'
          and session_id not in (select session_id from turns t where status = 'parked' and not ${ready})
        union select session_id from turns t where ${ready}
        union select id from sessions where compress_requested is not null)
    limit 1000`.execute(db);
  return found.rows;
}

/** Whether a turn `t` can go on: it runs, or what it was parked for has come: its questions' replies, and the ends of its errands. */
export const ready = sql<boolean>`(t.status = 'running' or (t.status = 'parked' and (t.stop_requested or (not exists (
  select 1 from questions q where q.turn_id = t.id and q.status = 'open' and q.expires_at > now()) and not exists (
  select 1 from errands e where e.turn_id = t.id and e.ended_at is null)))))`;

/** A time that far from now, by the database's clock. */
export function later(ms: number) {
  return sql<Date>`now() + ${ms} * interval '1 millisecond'`;
}

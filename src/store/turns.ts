import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import type { InboundMessage } from "../core/inbound.ts";
import type { ModelMessage } from "../core/model.ts";
import type { Outbound } from "../core/outbound.ts";
import { type Db, fenced, type Hold, stale, type Trx } from "./hold.ts";
import { addOutbound } from "./outbox.ts";
import type { TurnStatus } from "./schema.ts";

/** A turn as its worker knows it. */
export interface Turn {
  readonly id: string;
  readonly session: string;
  readonly person: string;
  readonly step: number;
  /** How many workers have begun or resumed it, this one included. */
  readonly attempts: number;
  readonly request: InboundMessage;
}

/** A person's message that waits in a session. */
export interface Waiting {
  readonly id: number;
  readonly person: string;
  readonly inbound: InboundMessage;
}

/** The session's unfinished turn, counted as one more attempt; null when there is none. */
export async function resumeTurn(db: Db, hold: Hold): Promise<Turn | null> {
  return await fenced(db, hold, async (trx) => {
    const row = await trx
      .updateTable("turns")
      .set({ attempts: sql<number>`attempts + 1` })
      .where("session_id", "=", hold.session)
      .where("status", "=", "running")
      .returning(["id", "person_id", "step", "inbox_id", "attempts"])
      .executeTakeFirst();
    if (!row) return null;
    const asked = await trx.selectFrom("inbox").select("inbound").where("id", "=", row.inbox_id).executeTakeFirstOrThrow();
    const base = { id: row.id, session: hold.session, person: row.person_id, step: row.step, attempts: row.attempts };
    return { ...base, request: asked.inbound as InboundMessage };
  });
}

/** The oldest messages that wait in a session, in order of arrival. */
export async function waitingMessages(db: Db, session: string, limit: number): Promise<readonly Waiting[]> {
  const rows = await db
    .selectFrom("inbox")
    .select(["id", "person_id", "inbound"])
    .where("session_id", "=", session)
    .where("status", "=", "waiting")
    .where("person_id", "is not", null)
    .orderBy("id")
    .limit(limit)
    .execute();
  return rows.flatMap((row) =>
    row.person_id !== null && row.inbound.type === "message" ? [{ id: row.id, person: row.person_id, inbound: row.inbound }] : [],
  );
}

/** Makes a turn of a waiting message: the turn, its first journal entry, and the inbox row's state, or none of them. */
export async function beginTurn(db: Db, hold: Hold, waiting: Waiting, message: ModelMessage): Promise<Turn> {
  const id = randomUUID();
  const made = await sql<{ id: string }>`
    with hold as (select id from sessions where id = ${hold.session} and fence = ${hold.fence} for share),
    taken as (
      update inbox set status = 'taken', turn_id = ${id} where id = ${waiting.id} and status = 'waiting' and exists (select 1 from hold)
      returning id),
    turn as (
      insert into turns (id, session_id, person_id, inbox_id, attempts)
      select ${id}, hold.id, ${waiting.person}, taken.id, 1 from hold, taken returning id)
    insert into messages (session_id, turn_id, person_id, message)
    select ${hold.session}, turn.id, ${waiting.person}, ${JSON.stringify(message)}::jsonb from turn
    returning turn_id as id`.execute(db);
  if (made.rows.length === 0) throw stale(hold);
  return { id, session: hold.session, person: waiting.person, step: 0, attempts: 1, request: waiting.inbound };
}

/** Takes a waiting message into the running turn (steering). */
export async function steerTurn(db: Db, hold: Hold, turn: string, waiting: Waiting, message: ModelMessage): Promise<void> {
  await fenced(db, hold, async (trx) => {
    const row = await trx
      .updateTable("inbox")
      .set({ status: "taken", turn_id: turn })
      .where("id", "=", waiting.id)
      .where("status", "=", "waiting")
      .returning("id")
      .executeTakeFirst();
    if (row) await insertMessage(trx, hold, turn, waiting.person, message);
  });
}

/** What ends a turn: how, the closing journal entry if there is one, and what is to be said. */
export interface TurnClosing {
  readonly status: Exclude<TurnStatus, "running">;
  readonly message: ModelMessage | null;
  readonly failure: string | null;
  readonly answer: Outbound;
}

/** Ends a turn: journal, state, inbox and outbox in one transaction, so that an answer is owed exactly when the turn is over. */
export async function closeTurn(db: Db, hold: Hold, turn: Turn, closing: TurnClosing): Promise<void> {
  await fenced(db, hold, async (trx) => {
    const ended = await trx
      .updateTable("turns")
      .set({ status: closing.status, failure: closing.failure, tool: null, ended_at: sql<Date>`now()` })
      .where("id", "=", turn.id)
      .where("status", "=", "running")
      .returning("id")
      .executeTakeFirst();
    if (!ended) return;
    if (closing.message) await insertMessage(trx, hold, turn.id, null, closing.message);
    await addOutbound(trx, { key: `turn:${turn.id}`, chat: turn.request.chat, turn: turn.id, body: closing.answer });
    await trx.updateTable("inbox").set({ status: "done" }).where("turn_id", "=", turn.id).where("status", "=", "taken").execute();
  });
}

/** Asks the running turn of a session (or just `turn`) to stop; its id, or null when nothing runs. */
export async function requestStop(db: Db, session: string, turn: string | null): Promise<string | null> {
  let query = db
    .updateTable("turns")
    .set({ stop_requested: true })
    .where("session_id", "=", session)
    .where("status", "=", "running");
  if (turn !== null) query = query.where("id", "=", turn);
  const row = await query.returning("id").executeTakeFirst();
  return row?.id ?? null;
}

/** Appends to the journal within a fenced transaction. */
export async function insertMessage(
  trx: Trx,
  hold: Hold,
  turn: string,
  person: string | null,
  message: ModelMessage,
): Promise<void> {
  await trx
    .insertInto("messages")
    .values({ session_id: hold.session, turn_id: turn, person_id: person, message: JSON.stringify(message) })
    .execute();
}

import { randomUUID } from "node:crypto";
import { type RawBuilder, sql } from "kysely";
import { chatKey } from "../core/chats.ts";
import type { InboundMessage } from "../core/inbound.ts";
import type { ModelMessage } from "../core/model.ts";
import type { Outbound } from "../core/outbound.ts";
import { wholeChat } from "./chat-settings.ts";
import { begunBy, outcomeOf } from "./errand-ends.ts";
import { type Db, fenced, heldRow, type Hold, stale } from "./hold.ts";
import { eventOf } from "./inbox.ts";
import type { TurnStatus } from "./schema.ts";
import type { SessionInfo } from "./sessions.ts";
import { jsonText } from "./storable.ts";

/** A turn as its worker knows it. */
export interface Turn {
  readonly id: string;
  readonly session: string;
  readonly person: string;
  readonly step: number;
  /** How many workers have begun or resumed it since a call of it last came to its end, this one included; not those that left on purpose. */
  readonly attempts: number;
  /** The inbox row of its request. */
  readonly inbox: number;
  readonly request: InboundMessage;
}

/** A person's message that waits in a session. */
export interface Waiting {
  readonly id: number;
  readonly person: string;
  readonly inbound: InboundMessage;
}

/**
 * The oldest messages that wait in a session and may reach its running turn. `configured`: whether they do where neither they nor their
 * chat say otherwise.
 */
export async function steeringMessages(
  db: Db,
  { session, chat }: Pick<SessionInfo, "session" | "chat">,
  configured: boolean,
  limit: number,
): Promise<readonly Waiting[]> {
  const found = await sql<Waiting>`
    select id, person_id as person, inbound from inbox
    where session_id = ${session} and status = 'waiting' and person_id is not null and inbound->>'type' = 'message'
      and coalesce(inbound->>'busy', (select value from chat_settings where chat_key = ${wholeChat(chat)} and name = 'busy'),
        ${configured ? "steer" : "queue"}) = 'steer'
    order by id limit ${limit}`.execute(db);
  return found.rows;
}

/** Set aside for a turn before it begins: its id, and that of its first journal entry. */
export interface TurnIds {
  readonly turn: string;
  readonly entry: number | null;
}

/** A turn as it is when it has just begun. */
export function newTurn({ session }: Hold, { id: inbox, person, inbound: request }: Waiting, { turn: id }: TurnIds): Turn {
  return { id, session, person, step: 0, attempts: 1, inbox, request };
}

/**
 * Makes a turn of a waiting message: the turn, its first journal entry, and the inbox row's state, or none of them. Without a message the
 * turn has still to read what it was sent (`journalRequest`), and there is no entry yet.
 */
export async function beginTurn(
  db: Db,
  hold: Hold,
  waiting: Waiting,
  message: ModelMessage | null,
  ids: TurnIds = { turn: randomUUID(), entry: null },
): Promise<Turn> {
  const { turn: id, entry } = ids;
  const made = await sql`
    with ${heldRow(hold)},
    taken as (
      update inbox set status = 'taken', turn_id = ${id} where id = ${waiting.id} and status = 'waiting' and exists (select 1 from hold)
      returning id),
    turn as (
      insert into turns (id, session_id, person_id, inbox_id, attempts)
      select ${id}, hold.id, ${waiting.person}, taken.id, 1 from hold, taken returning id),
    said as (
      insert into messages (id, session_id, turn_id, person_id, message)
      select coalesce(${entry}::bigint, nextval('messages_id_seq')), ${hold.session}, turn.id, ${waiting.person}, m.message from turn, (select ${json(message)} as message) m
      where m.message is not null)${waiting.inbound.errand === undefined ? sql`` : sql`, ${begunBy(waiting.inbound.errand.id)}`}
    select from turn`.execute(db);
  if (made.rows.length === 0) throw stale(hold);
  return newTurn(hold, waiting, ids);
}

/** The first journal entry of a turn that began without one. */
export async function journalRequest(db: Db, hold: Hold, turn: Turn, message: ModelMessage): Promise<void> {
  await fenced(db, hold, sql`said as (${appended(turn.id, turn.person, message)})`);
}

/** Takes a waiting message into the running turn (steering). */
export async function steerTurn(db: Db, hold: Hold, turn: string, waiting: Waiting, message: ModelMessage): Promise<void> {
  await fenced(
    db,
    hold,
    sql`
    taken as (
      update inbox set status = 'taken', turn_id = ${turn}
      where id = ${waiting.id} and status = 'waiting' and exists (select 1 from hold)
      returning id),
    said as (
      insert into messages (session_id, turn_id, person_id, message)
      select ${hold.session}, ${turn}, ${waiting.person}, ${json(message)} from taken)`,
  );
}

/** What ends a turn: how, the closing journal entry if there is one, and what is to be said. */
export interface TurnClosing {
  readonly status: Exclude<TurnStatus, "running" | "parked">;
  readonly message: ModelMessage | null;
  readonly failure: string | null;
  readonly answer: Outbound;
  /** What comes after it, an entry each. */
  readonly files?: readonly Outbound[];
}

/** The outbox key of a turn's answer, and of the files that come after it, counted from 1. */
export function answerKey(turn: string, index = 0): string {
  return index === 0 ? `turn:${turn}` : `turn:${turn}:${index}`;
}

/**
 * Ends a turn: journal, state, inbox and outbox in one statement, so that an answer is owed exactly when the turn is over. Of an errand's
 * turn the errand has the outcome, and what follows is its landing's.
 */
export async function closeTurn(db: Db, hold: Hold, turn: Turn, closing: TurnClosing): Promise<void> {
  const { errand } = turn.request;
  const result = { turn: turn.id, answer: closing.answer, files: closing.files ?? [] };
  const told = errand === undefined ? owedTo(turn, closing) : outcomeOf(errand.id, closing.status, result, closing.failure);
  await fenced(
    db,
    hold,
    sql`
    ended as (
      update turns set status = ${closing.status}, failure = ${closing.failure}, tool = null, ended_at = now()
      where id = ${turn.id} and status = 'running' and exists (select 1 from hold)
      returning id),
    said as (
      insert into messages (session_id, turn_id, person_id, message)
      select ${hold.session}, ended.id, null, m.message from ended, (select ${json(closing.message)} as message) m
      where m.message is not null),
    ${told},
    settled as (
      update inbox set status = 'done' from ended where inbox.turn_id = ended.id and inbox.status = 'taken')`,
  );
}

/** After the CTE `ended`: the turn's answer, and the files after it, go to its chat. */
function owedTo(turn: Turn, closing: TurnClosing): RawBuilder<unknown> {
  const { chat } = turn.request;
  const owed = [closing.answer, ...(closing.files ?? [])].map((body, index) => ({ key: answerKey(turn.id, index), body }));
  return sql`owed as (
      insert into outbox (key, platform, chat_key, turn_id, body, sent)
      select e.said->>'key', ${chat.platform}, ${chatKey(chat)}, case when e.place = 1 then ended.id end, e.said->'body', '[]'::jsonb
      from ended, jsonb_array_elements(${json(owed)}) with ordinality as e (said, place) order by e.place
      on conflict (key) do nothing)`;
}

/** Asks the unfinished turn of a session (or just `turn`) to stop; null when there is none. A parked one has no worker to hear of it. */
export async function requestStop(
  db: Db,
  session: string,
  turn: string | null,
  before: string | null,
): Promise<{ readonly turn: string; readonly parked: boolean } | null> {
  let query = db
    .updateTable("turns")
    .set({ stop_requested: true })
    .where("session_id", "=", session)
    .where("status", "in", ["running", "parked"]);
  if (turn !== null) query = query.where("id", "=", turn);
  if (before !== null) query = query.where("inbox_id", "<", eventOf(before));
  const row = await query.returning(["id", "status"]).executeTakeFirst();
  return row ? { turn: row.id, parked: row.status === "parked" } : null;
}

/** The CTE body that appends to the journal under the CTE `hold`. */
export function appended(turn: string, person: string | null, message: ModelMessage): RawBuilder<unknown> {
  return sql`insert into messages (session_id, turn_id, person_id, message)
      select hold.id, ${turn}, ${person}, ${json(message)} from hold`;
}

/** A value as a jsonb parameter; SQL's null for null. */
function json(value: object | null): RawBuilder<unknown> {
  return sql`${value === null ? null : jsonText(value)}::jsonb`;
}

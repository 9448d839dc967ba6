import { sql } from "kysely";
import type { Viewer } from "../core/chats.ts";
import type { ModelMessage, ToolCall } from "../core/model.ts";
import type { ToolKind } from "../core/tool.ts";
import { type Db, fenced, type Hold } from "./hold.ts";
import type { CallStatus } from "./schema.ts";
import { appended } from "./turns.ts";

/** A journalled message with the turn it belongs to. */
export interface JournalEntry {
  readonly id: number;
  readonly turn: string;
  readonly message: ModelMessage;
}

/** The session's journal, oldest first, as far as this viewer may see it: nothing for anybody who is not part of the conversation. */
export async function readJournal(db: Db, viewer: Viewer, session: string): Promise<readonly JournalEntry[]> {
  let query = db
    .selectFrom("messages as m")
    .innerJoin("sessions as s", "s.id", "m.session_id")
    .select(["m.id", "m.turn_id", "m.message"])
    .where("m.session_id", "=", session)
    .orderBy("m.id");
  if (viewer.kind !== "system") query = query.where("s.conversation_id", "=", viewer.conversation);
  if (viewer.kind === "person") {
    // A private conversation belongs to one person: a message of anybody else in it is never shown.
    query = query.where((where) => where.or([where("m.person_id", "is", null), where("m.person_id", "=", viewer.person)]));
  }
  const rows = await query.execute();
  return rows.map((row) => ({ id: row.id, turn: row.turn_id, message: row.message }));
}

/** One model call as it is counted. Times in milliseconds. */
export interface ModelCallRow {
  readonly model: string;
  readonly server: string;
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  readonly cachedTokens: number | null;
  readonly firstTokenMs: number | null;
  readonly totalMs: number;
}

/** Counts one model call. */
export async function recordModelCall(db: Db, turn: string, step: number, call: ModelCallRow): Promise<void> {
  const whole = (value: number | null) => (value === null ? null : Math.round(value));
  await db
    .insertInto("model_calls")
    .values({
      turn_id: turn,
      step,
      model: call.model,
      server: call.server,
      prompt_tokens: whole(call.promptTokens),
      completion_tokens: whole(call.completionTokens),
      cached_tokens: whole(call.cachedTokens),
      first_token_ms: whole(call.firstTokenMs),
      total_ms: Math.round(call.totalMs),
    })
    .execute();
}

/** Journals the model's message of a step that goes on with calls. */
export async function journalStep(db: Db, hold: Hold, turn: string, step: number, message: ModelMessage): Promise<void> {
  await fenced(
    db,
    hold,
    sql`
    said as (${appended(turn, null, message)}),
    stepped as (update turns set step = ${step} where id = ${turn} and exists (select 1 from hold))`,
  );
}

/** Where a call stands in its turn. */
export interface CallPlace {
  readonly turn: string;
  readonly step: number;
  readonly position: number;
}

/** Journals that a call starts, before it does. */
export async function journalCallStart(db: Db, hold: Hold, place: CallPlace, call: ToolCall, kind: ToolKind): Promise<void> {
  await fenced(
    db,
    hold,
    sql`
    started as (
      insert into tool_calls (turn_id, step, position, call_id, name, kind, status)
      select ${place.turn}, ${place.step}::int, ${place.position}::int, ${call.id}, ${call.name}, ${kind}, 'started' from hold
      on conflict (turn_id, step, position) do update set status = 'started'),
    shown as (update turns set tool = ${call.name} where id = ${place.turn} and exists (select 1 from hold))`,
  );
}

/** Journals a call's result, before the model sees it. */
export async function journalCallEnd(
  db: Db,
  hold: Hold,
  place: CallPlace,
  status: Exclude<CallStatus, "started">,
  message: ModelMessage,
): Promise<void> {
  await fenced(
    db,
    hold,
    sql`
    ended as (
      update tool_calls set status = ${status}, ended_at = now()
      where turn_id = ${place.turn} and step = ${place.step} and position = ${place.position} and exists (select 1 from hold)),
    said as (${appended(place.turn, null, message)})`,
  );
}

/** How far each call of a step had come, by position; absent means it never started. */
export async function callStates(db: Db, turn: string, step: number): Promise<ReadonlyMap<number, CallStatus>> {
  const rows = await db
    .selectFrom("tool_calls")
    .select(["position", "status"])
    .where("turn_id", "=", turn)
    .where("step", "=", step)
    .execute();
  return new Map(rows.map((row) => [row.position, row.status]));
}

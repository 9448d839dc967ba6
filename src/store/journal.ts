import { type RawBuilder, sql } from "kysely";
import type { Viewer } from "../core/chats.ts";
import type { AuxiliaryTask, ModelMessage, ModelUsage, ToolCall } from "../core/model.ts";
import type { ToolKind } from "../core/tool.ts";
import { type Compaction, type CompactionRow, lastCompaction, toCompaction } from "./compactions.ts";
import { type Db, fenced, type Hold } from "./hold.ts";
import { undone } from "./own-sessions.ts";
import type { CallStatus } from "./schema.ts";
import { jsonText } from "./storable.ts";
import { appended } from "./turns.ts";

/** A journalled message with the turn it belongs to. */
export interface JournalEntry {
  readonly id: number;
  readonly turn: string;
  readonly message: ModelMessage;
}

/** A session's journal, oldest first, and how it is shown since it was last shortened; null where it never was. */
export interface History {
  readonly entries: readonly JournalEntry[];
  readonly compaction: Compaction | null;
}

/**
 * The session's history as far as this viewer may see it: nothing for anybody who is not part of the conversation. What a summary stands
 * for is left out, but for the running turn's own messages.
 */
export async function readHistory(db: Db, viewer: Viewer, session: string): Promise<History> {
  const found = await sql<JournalEntry | { id: 0; turn: null; message: CompactionRow }>`
    with c as materialized (${lastCompaction(viewer, session)})
    select 0::bigint as id, null as turn, to_jsonb(c) as message from c
    union all
    select m.id, m.turn_id as turn, m.message
    from messages m join sessions s on s.id = m.session_id
    where m.session_id = ${session} and ${visible(viewer)}
      and m.turn_id <> all (array(select turn_id from undone_turns where session_id = ${session}))
      and (m.id > coalesce((select upto_id from c), 0) or m.id <= (select head_id from c)
        or m.id = any (array(select jsonb_array_elements_text(kept)::bigint from c))
        or m.turn_id = any (array(select id from turns where session_id = ${session} and status in ('running', 'parked'))))
    order by id`.execute(db);
  const compaction = found.rows.find((row) => row.turn === null);
  return {
    entries: found.rows.filter((row) => row.turn !== null),
    compaction: compaction === undefined ? null : toCompaction(compaction.message),
  };
}

/** Its entries alone. */
export async function readJournal(db: Db, viewer: Viewer, session: string): Promise<readonly JournalEntry[]> {
  return (await readHistory(db, viewer, session)).entries;
}

/** The newest result of a tool in a session that begins so, as far as this viewer may see it. */
export async function latestResult(
  db: Db,
  viewer: Viewer,
  session: string,
  tool: string,
  beginning: string,
): Promise<string | null> {
  const found = await sql<{ content: string }>`
    select m.message->>'content' as content
    from messages m join sessions s on s.id = m.session_id
    where m.session_id = ${session} and ${visible(viewer)} and m.message->>'role' = 'tool' and m.message->>'name' = ${tool}
      and starts_with(m.message->>'content', ${beginning}) and not ${undone("m.turn_id", session)}
    order by m.id desc limit 1`.execute(db);
  return found.rows[0]?.content ?? null;
}

/** A private conversation belongs to one person: a message of anybody else in it is never shown. */
function visible(viewer: Viewer): RawBuilder<unknown> {
  switch (viewer.kind) {
    case "system":
      return sql`true`;
    case "shared":
      return sql`s.conversation_id = ${viewer.conversation}`;
    case "person":
      return sql`s.conversation_id = ${viewer.conversation} and (m.person_id is null or m.person_id = ${viewer.person})`;
  }
}

/** One model call as it is counted: a turn's own, or one for a side job. */
export interface ModelCallRow {
  /** Null for a call outside of any turn. */
  readonly turn: string | null;
  readonly session: string | null;
  readonly task: "turn" | AuxiliaryTask;
  /** 0 outside of a turn's steps. */
  readonly step: number;
  readonly model: string;
  readonly server: string;
  readonly usage: ModelUsage;
  /** Tool calls asked for; those that named an offered tool and passed its schema as they came; those that came as text. */
  readonly calls: number;
  readonly validCalls: number;
  readonly textCalls: number;
  /** The failure's code; null for an answer. */
  readonly failure: string | null;
}

/** Counts one model call. */
export async function recordModelCall(db: Db, call: ModelCallRow): Promise<void> {
  const whole = (value: number | null) => (value === null ? null : Math.round(value));
  const { usage } = call;
  await db
    .insertInto("model_calls")
    .values({
      turn_id: call.turn,
      session_id: call.session,
      task: call.task,
      step: call.step,
      model: call.model,
      server: call.server,
      prompt_tokens: whole(usage.promptTokens),
      completion_tokens: whole(usage.completionTokens),
      cached_tokens: whole(usage.cachedTokens),
      first_token_ms: whole(usage.firstTokenMs),
      total_ms: Math.round(usage.totalMs),
      queued_ms: Math.round(usage.queuedMs),
      prompt_per_second: usage.promptPerSecond,
      tokens_per_second: usage.tokensPerSecond,
      calls: call.calls,
      valid_calls: call.validCalls,
      text_calls: call.textCalls,
      failure: call.failure,
    })
    .execute();
}

/** Journals the model's message of a step that goes on, and what the model is told about it, if anything. */
export async function journalStep(
  db: Db,
  hold: Hold,
  turn: string,
  step: number,
  message: ModelMessage,
  told: ModelMessage | null = null,
): Promise<void> {
  // Two rows in one statement get their ids in the order of the list.
  const rows = told === null ? [message] : [message, told];
  await fenced(
    db,
    hold,
    sql`
    said as (
      insert into messages (session_id, turn_id, person_id, message)
      select hold.id, ${turn}, null, m.message from hold, jsonb_array_elements(${jsonText(rows)}::jsonb) with ordinality m (message, at)
      order by m.at),
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

/** So many steps back a call that ended unknown may be what stopped its worker. */
const recentSteps = 10;

/**
 * Journals a call's result, before the model sees it. One that has run to its end is what the turn goes on by, so its attempts count anew:
 * from the calls of the last steps whose end nobody knows, for the model may try what stopped its worker again and again. A step alone is
 * no such thing: with a call in it that stops its worker there would be a new one each time.
 */
export async function journalCallEnd(
  db: Db,
  hold: Hold,
  place: CallPlace,
  status: Exclude<CallStatus, "started" | "parked">,
  message: ModelMessage,
): Promise<void> {
  const wentOn = sql`, went_on as (
      update turns set attempts = least(attempts, (
        select count(*) from tool_calls
        where turn_id = ${place.turn} and status = 'unknown' and step > ${place.step - recentSteps}))
      where id = ${place.turn} and attempts > 0 and exists (select 1 from hold))`;
  await fenced(
    db,
    hold,
    sql`
    ended as (
      update tool_calls set status = ${status}, ended_at = now()
      where turn_id = ${place.turn} and step = ${place.step} and position = ${place.position} and exists (select 1 from hold)),
    said as (${appended(place.turn, null, message)})${status === "unknown" ? sql`` : wentOn}`,
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

/** How many results of a tool in a turn hold these words. */
export async function resultsLike(db: Db, turn: string, tool: string, words: string): Promise<number> {
  const found = await sql<{ count: number }>`
    select count(*)::int as count from messages
    where turn_id = ${turn} and message->>'role' = 'tool' and message->>'name' = ${tool}
      and position(${words} in message->>'content') > 0`.execute(db);
  return found.rows[0]?.count ?? 0;
}

/** Whether a person's message in a session ends so. */
export async function hasSaid(db: Db, session: string, person: string, ending: string): Promise<boolean> {
  const found = await sql<{ said: boolean }>`
    select exists (select 1 from messages m where m.session_id = ${session} and m.person_id = ${person}
      and right(m.message->>'content', length(${ending})) = ${ending} and not ${undone("m.turn_id", session)}) as said`.execute(
    db,
  );
  return found.rows[0]?.said ?? false;
}

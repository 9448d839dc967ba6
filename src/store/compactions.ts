import { type RawBuilder, sql } from "kysely";
import { chatKey, type Viewer } from "../core/chats.ts";
import type { Outbound } from "../core/outbound.ts";
import { type Db, fenced, type Hold } from "./hold.ts";
import { eventOf } from "./inbox.ts";
import type { CompressRequest } from "./schema.ts";
import { jsonText } from "./storable.ts";

/** How a session's history is shown since it was last shortened. The journal keeps all of it. */
export interface Compaction {
  /** The last message of the head, kept as it is; 0: no head. */
  readonly head: number;
  /** The last message that the summary stands for; equal to `head` where there is none. */
  readonly upto: number;
  /** Messages in between that are kept all the same. */
  readonly kept: readonly number[];
  /** Tool results shown by a line in their place. */
  readonly pruned: readonly number[];
  readonly summary: string | null;
}

/** A compaction with what it brought. */
export interface NewCompaction extends Compaction {
  readonly before: Extent;
  readonly after: Extent;
}

/** How long a conversation is. */
export interface Extent {
  readonly messages: number;
  readonly tokens: number;
}

/** A compaction as its row has it. */
export interface CompactionRow {
  readonly head_id: number;
  readonly upto_id: number;
  readonly kept: readonly number[];
  readonly pruned: readonly number[];
  readonly summary: string | null;
}

export function toCompaction({ head_id: head, upto_id: upto, kept, pruned, summary }: CompactionRow): Compaction {
  return { head, upto, kept, pruned, summary };
}

/** The row of the last compaction. What was made of a person's private words is for that person alone. */
export function lastCompaction(viewer: Viewer, session: string): RawBuilder<unknown> {
  const person = viewer.kind === "person" ? sql`(p.person_id is null or p.person_id = ${viewer.person})` : sql`true`;
  const here = viewer.kind === "system" ? sql`true` : sql`o.conversation_id = ${viewer.conversation}`;
  return sql`
    select p.id, p.head_id, p.upto_id, p.kept, p.pruned, p.summary
    from compactions p join sessions o on o.id = p.session_id
    where p.session_id = ${session} and ${person} and ${here} order by p.id desc limit 1`;
}

/** Tokens of the session's newest turn prompt, as its server counted them; null where none was counted since the last compaction. */
export async function lastPromptTokens(db: Db, session: string): Promise<number | null> {
  const found = await sql<{ tokens: number | null }>`
    select c.prompt_tokens as tokens from model_calls c join turns t on t.id = c.turn_id
    where t.session_id = ${session} and c.task = 'turn' and c.prompt_tokens is not null
      and c.created_at > coalesce((select max(created_at) from compactions where session_id = ${session}), '-infinity')
    order by c.id desc limit 1`.execute(db);
  return found.rows[0]?.tokens ?? null;
}

/** A request for a compaction that is over, with what its person is told. */
export interface CompressAnswer {
  readonly request: CompressRequest;
  readonly body: Outbound;
}

/** Stores a compaction; with an answer, settles the request for it in the same statement, and stores nothing when that was taken back. */
export async function storeCompaction(
  db: Db,
  hold: Hold,
  viewer: Viewer,
  made: NewCompaction,
  answer: CompressAnswer | null = null,
): Promise<void> {
  const person = viewer.kind === "person" ? viewer.person : null;
  await fenced(
    db,
    hold,
    sql`
    ${answer === null ? sql`` : sql`${wanted(answer)},`}
    made as (
      insert into compactions (session_id, person_id, head_id, upto_id, kept, pruned, summary,
        messages_before, messages_after, tokens_before, tokens_after)
      select hold.id, ${person}, ${made.head}::bigint, ${made.upto}::bigint, ${jsonText(made.kept)}::jsonb,
        ${jsonText(made.pruned)}::jsonb, ${made.summary}, ${made.before.messages}::int, ${made.after.messages}::int,
        ${Math.round(made.before.tokens)}::int, ${Math.round(made.after.tokens)}::int
      from hold ${answer === null ? sql`` : sql`where exists (select 1 from wanted)`})${answer === null ? sql`` : sql`, ${settled(answer)}`}`,
  );
}

/** Settles a request that has brought no compaction. */
export async function answerCompressRequest(db: Db, hold: Hold, answer: CompressAnswer): Promise<void> {
  await fenced(db, hold, sql`${wanted(answer)}, ${settled(answer)}`);
}

/** The CTE `wanted`: a row while nobody has taken the request back. */
function wanted({ request }: CompressAnswer): RawBuilder<unknown> {
  return sql`
    wanted as (
      select s.id from sessions s join hold on hold.id = s.id where s.compress_requested->>'key' = ${request.key} for update of s)`;
}

function settled({ request, body }: CompressAnswer): RawBuilder<unknown> {
  return sql`
    settled as (
      update sessions set compress_requested = null where id in (select id from wanted)),
    owed as (
      insert into outbox (key, platform, chat_key, turn_id, body, sent)
      select ${`compress:${request.key}`}, ${request.chat.platform}, ${chatKey(request.chat)}, null, ${jsonText(body)}::jsonb, '[]'::jsonb
      from wanted on conflict (key) do nothing)`;
}

/** Takes a request back that came before an event, whether somebody works on it or not; its key, or null when there is none. */
export async function dropCompressRequest(db: Db, session: string, before: string): Promise<string | null> {
  const found = await sql<{ key: string }>`
    with asked as (select id, compress_requested->>'key' as key from sessions where id = ${session} and compress_requested is not null for update)
    update sessions s set compress_requested = null from asked
    where s.id = asked.id and coalesce((select e.id from inbox e where e.key = asked.key) < ${eventOf(before)}, true)
    returning asked.key`.execute(db);
  return found.rows[0]?.key ?? null;
}

/** Asks whoever works on the session to shorten its history; false when somebody already waits for that. */
export async function requestCompress(db: Db, session: string, request: CompressRequest): Promise<boolean> {
  const row = await db
    .updateTable("sessions")
    .set({ compress_requested: jsonText(request) })
    .where("id", "=", session)
    .where("compress_requested", "is", null)
    .returning("id")
    .executeTakeFirst();
  return row !== undefined;
}

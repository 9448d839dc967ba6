import { randomBytes } from "node:crypto";
import { type RawBuilder, sql } from "kysely";
import { type ChatRef, chatKey, type Person } from "../core/chats.ts";
import type { Outbound, OutboundButton } from "../core/outbound.ts";
import { choicePrefix, type Question, type QuestionKind, type Reply } from "../core/question.ts";
import { type Db, fenced, heldRow, type Hold } from "./hold.ts";
import type { CallPlace } from "./journal.ts";
import type { QuestionStatus } from "./schema.ts";
import { jsonText } from "./storable.ts";

/** A question as it stands. */
export interface Asked {
  readonly id: string;
  /** Null while it is open. */
  readonly reply: Reply | null;
}

/** A question that somebody wants to answer. */
export interface OpenQuestion {
  readonly id: string;
  readonly session: string;
  readonly question: Question;
  /** Whose turn asks. */
  readonly asker: string;
}

/** The key of a question's message in a chat's outbox. */
function questionKey(id: string, chat: ChatRef): string {
  return `question:${id}:${chatKey(chat)}`;
}

/** Whether an entry of the outbox is a question's message. */
export function isQuestion(key: string): boolean {
  return key.startsWith("question:");
}

/** What a question's button carries: at most 64 bytes. */
function choiceData(id: string, choice: number): string {
  return `${choicePrefix}${id}:${choice}`;
}

/** A question's id and choice from what its button carried; null for any other button. */
export function choiceOf(data: string): { readonly id: string; readonly choice: number } | null {
  const match = /^ask:([0-9a-f]{16}):(\d{1,2})$/.exec(data);
  return match?.[1] === undefined ? null : { id: match[1], choice: Number(match[2]) };
}

interface AskedRow {
  readonly id: string;
  readonly status: QuestionStatus;
  readonly late: boolean;
  readonly choice: number | null;
  readonly reply: string;
  readonly by: string;
  readonly person: string;
}

/** The question of this call and digest, if it has been asked already. One whose time is over counts as expired. */
export async function findAsked(db: Db, place: CallPlace, digest: string): Promise<Asked | null> {
  const found = await sql<AskedRow>`
    select q.id, q.status, q.expires_at <= now() as late, q.choice, q.reply, coalesce(p.name, '') as by, coalesce(p.id, '') as person
    from questions q left join people p on p.id = q.decided_by
    where q.turn_id = ${place.turn} and q.step = ${place.step} and q.position = ${place.position} and q.digest = ${digest}`.execute(
    db,
  );
  const row = found.rows[0];
  if (!row) return null;
  const { id, status, late, choice, reply: text, by, person: byId } = row;
  if (status === "answered") return { id, reply: { type: "answered", choice, text, by, byId } };
  return { id, reply: late || status === "expired" ? { type: "expired" } : null };
}

/** A question's message in one chat, in its reader's language. */
export interface QuestionMessage extends Pick<Question, "text" | "choices"> {
  readonly chat: ChatRef;
  readonly replyTo: string | null;
  readonly language: string;
}

/** Asks: the question, its message in each chat, and the call's state, or none of them. The chats to be told, by their keys. */
export async function ask(
  db: Db,
  hold: Hold,
  place: CallPlace,
  question: Question,
  messages: readonly QuestionMessage[],
): Promise<readonly string[]> {
  const id = randomBytes(8).toString("hex");
  const rows = messages.map(({ chat, replyTo, language, text, choices }) => {
    const buttons = choices.map((label, at): OutboundButton => {
      const means = question.leave?.[at];
      return { label, data: choiceData(id, at), ...(means === undefined ? {} : { means }) };
    });
    const body: Outbound = { markdown: text, replyTo, language, buttons };
    return { key: questionKey(id, chat), platform: chat.platform, chat_key: chatKey(chat), body };
  });
  await fenced(
    db,
    hold,
    sql`
    asked as (
      insert into questions (id, turn_id, session_id, step, position, digest, kind, question, messages, expires_at)
      select ${id}, ${place.turn}, hold.id, ${place.step}::int, ${place.position}::int, ${question.digest}, ${question.kind},
        ${jsonText(question)}::jsonb, ${jsonText(rows.map((row) => row.key))}::jsonb, now() + ${question.lifetimeMs} * interval '1 millisecond'
      from hold on conflict do nothing returning id),
    told as (
      insert into outbox (key, platform, chat_key, body, sent)
      select m.key, m.platform, m.chat_key, m.body, '[]'::jsonb
      from asked, jsonb_to_recordset(${jsonText(rows)}::jsonb) m (key text, platform text, chat_key text, body jsonb)),
    parked as (
      update tool_calls set status = 'parked' from asked
      where turn_id = ${place.turn} and tool_calls.step = ${place.step} and tool_calls.position = ${place.position})`,
  );
  return rows.map((row) => row.chat_key);
}

/**
 * Closes what a turn still asks: nobody's answer counts any more, and the questions' messages end with `shown`, by the language's code. The
 * chats to be told.
 */
export async function closeQuestions(db: Db, hold: Hold, turn: string, shown: Shown): Promise<readonly string[]> {
  const found = await sql<{ chat: string }>`
    with ${heldRow(hold)},
    closed as (
      update questions set status = 'expired', decided_at = now()
      where turn_id = ${turn} and status = 'open' and exists (select 1 from hold) returning question, messages),
    ${toldOf(sql`closed`, shown)}
    select chat_key as chat from told`.execute(db);
  return found.rows.map(({ chat }) => chat);
}

/** Words in every language, by its code. */
type Shown = Readonly<Record<string, string>>;

/** The CTE `told`: an edit of each message of the questions in `which`, which then ends with `shown` in its own language. */
function toldOf(which: RawBuilder<unknown>, shown: Shown): RawBuilder<unknown> {
  const words = sql`${jsonText(shown)}::jsonb`;
  const markdown = sql`(o.body->>'markdown') || ${"\n\n"}::text || coalesce(${words}->>(o.body->>'language'), ${Object.values(shown)[0] ?? ""}::text)`;
  return sql`told as (
      insert into outbox (key, platform, chat_key, body, sent)
      select 'decided:' || o.key, o.platform, o.chat_key,
        jsonb_build_object('markdown', ${markdown}, 'replyTo', null, 'edits', o.key), '[]'::jsonb
      from ${which}, jsonb_array_elements_text(${which}.messages) told_key join outbox o on o.key = told_key
      on conflict (key) do nothing returning chat_key)`;
}

/** Lets the turn rest until its question has a reply, its time is over, or somebody stops it. */
export async function parkTurn(db: Db, hold: Hold, turn: string): Promise<void> {
  await fenced(
    db,
    hold,
    sql`parked as (
      update turns set status = 'parked' where id = ${turn} and status = 'running' and exists (select 1 from hold))`,
  );
}

/** An open question by its id; null when it is decided, too late, or never was. */
export async function openQuestion(db: Db, id: string): Promise<OpenQuestion | null> {
  return await firstOpen(db, sql`q.id = ${id}`);
}

/**
 * The oldest open question of a session, or of the errands that belong to its chat. `before`: only one that was asked before the event of
 * that key came, which may be taken up late.
 */
export async function openQuestionIn(
  db: Db,
  session: string,
  kind: QuestionKind,
  before: string | null,
): Promise<OpenQuestion | null> {
  const here = sql`select e.session_id from errands e join sessions s on s.conversation_id = e.home_id
    where s.id = ${session} and e.ended_at is null`;
  const seen = before === null ? sql`true` : sql`q.created_at < (select e.received_at from inbox e where e.key = ${before})`;
  return await firstOpen(db, sql`q.kind = ${kind} and (q.session_id = ${session} or q.session_id in (${here})) and ${seen}`);
}

async function firstOpen(db: Db, which: RawBuilder<unknown>): Promise<OpenQuestion | null> {
  const found = await sql<OpenQuestion>`
    select q.id, q.session_id as session, q.question, t.person_id as asker
    from questions q join turns t on t.id = q.turn_id
    where ${which} and q.status = 'open' and q.expires_at > now() and t.status in ('running', 'parked')
    order by q.created_at limit 1`.execute(db);
  return found.rows[0] ?? null;
}

/** Decides a question once: null when somebody else was faster, or its time is over. Each of its messages is edited to end with `shown`; the chats to be told. */
export async function decide(
  db: Db,
  id: string,
  by: Person,
  reply: { readonly choice: number | null; readonly text: string },
  shown: Shown,
): Promise<readonly string[] | null> {
  const found = await sql<{ chats: readonly string[] | null }>`
    with decided as (
      update questions set status = 'answered', choice = ${reply.choice}, reply = ${reply.text}, decided_by = ${by.id}, decided_at = now()
      where id = ${id} and status = 'open' and expires_at > now() returning question, messages),
    ${toldOf(sql`decided`, shown)}
    select (select json_agg(chat_key) from told) as chats from decided`.execute(db);
  const row = found.rows[0];
  return row ? (row.chats ?? []) : null;
}

import { randomUUID } from "node:crypto";
import { type RawBuilder, sql } from "kysely";
import type { Viewer } from "../core/chats.ts";
import { errandPlatforms } from "../core/errand.ts";
import type { OwnSession } from "../core/sessions.ts";
import { type Db, inTransaction } from "./hold.ts";
import { jsonText } from "./storable.ts";

/** The newest conversations that this viewer may take up, but one; of `among`, where that is given. */
export async function ownSessions(
  db: Db,
  viewer: Viewer,
  except: string | null,
  limit: number,
  among: readonly string[] | null = null,
): Promise<readonly OwnSession[]> {
  const these = among === null ? sql`true` : sql`s.id = any(${[...among]}::text[])`;
  const found = await sql<OwnSession>`
    select s.id, s.title, l.at, l.requests
    from sessions s join conversations c on c.id = s.conversation_id
    join lateral (
      select max(t.created_at) as at, count(*)::int as requests from turns t where t.session_id = s.id and not ${undone("t.id")}
    ) l on l.at is not null
    where s.id is distinct from ${except} and ${these} and ${own(viewer)}
    order by l.at desc limit ${limit}`.execute(db);
  return found.rows;
}

/**
 * Goes on with a session in this conversation: opens it again where it was held here; of another conversation of the same person, a copy.
 * False when it is not this viewer's to take up.
 */
export async function resumeSession(db: Db, viewer: Viewer, session: string, conversation: string): Promise<boolean> {
  return await inTransaction(db, async (trx) => {
    const found = await sql<{ conversation: string; title: string | null }>`
      select s.conversation_id as conversation, s.title from sessions s join conversations c on c.id = s.conversation_id
      where s.id = ${session} and ${own(viewer)} for update of s`.execute(trx);
    const [row] = found.rows;
    if (!row) return false;
    await endOpen(trx, conversation);
    if (row.conversation === conversation)
      await trx.updateTable("sessions").set({ ended_at: null }).where("id", "=", session).execute();
    else await copySession(trx, session, conversation, row.title);
    return true;
  });
}

/** Ends a conversation's open session and goes on with a copy of it; false when none is open. */
export async function branchSession(db: Db, conversation: string, title: string | null): Promise<boolean> {
  return await inTransaction(db, async (trx) => {
    const session = await endOpen(trx, conversation);
    if (session === null) return false;
    const row = await trx.selectFrom("sessions").select("title").where("id", "=", session).executeTakeFirstOrThrow();
    await copySession(trx, session, conversation, title ?? row.title);
    return true;
  });
}

/** A new open session with another one's history, prompt head and model; its unfinished turn and what was taken back left out. */
async function copySession(trx: Db, from: string, conversation: string, title: string | null): Promise<void> {
  const id = randomUUID();
  await sql`
    insert into sessions (id, conversation_id, prompt, title, choice)
    select ${id}, ${conversation}, prompt, ${title}, choice from sessions where id = ${from}`.execute(trx);
  await copyHistory(trx, from, id);
}

/**
 * Copies a session's finished turns, as its people see them, to the end of another one, and which skills it has read: what goes on there
 * takes them for read, and has their variables as far as its own people may.
 */
export async function copyHistory(trx: Db, from: string, to: string): Promise<void> {
  const copied = await sql<{ before: number; after: number }>`
    with old as (
      select m.id, m.turn_id, m.person_id, m.message, m.created_at, row_number() over (order by m.id) as place
      from messages m join turns t on t.id = m.turn_id
      where m.session_id = ${from} and t.status not in ('running', 'parked') and not ${undone("m.turn_id", from)}),
    made as (
      insert into messages (session_id, turn_id, person_id, message, created_at)
      select ${to}, turn_id, person_id, message, created_at from old order by place returning id),
    placed as (select id, row_number() over (order by id) as place from made)
    select old.id as before, placed.id as after from old join placed using (place) order by old.id`.execute(trx);
  await sql`
    insert into skill_reads (session_id, name, bundle, read_at)
    select ${to}, name, bundle, read_at from skill_reads where session_id = ${from} on conflict do nothing`.execute(trx);
  await copyCompaction(trx, { from, to }, copied.rows);
}

/** How the history was shortened, told of the copies. */
async function copyCompaction(
  trx: Db,
  { from, to }: { readonly from: string; readonly to: string },
  copied: readonly { readonly before: number; readonly after: number }[],
): Promise<void> {
  const row = await trx
    .selectFrom("compactions")
    .selectAll()
    .where("session_id", "=", from)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  if (!row) return;
  const places = new Map(copied.map(({ before, after }) => [before, after]));
  const each = (ids: readonly number[]) => jsonText(ids.flatMap((id) => places.get(id) ?? []));
  const upTo = (id: number) => copied.findLast(({ before }) => before <= id)?.after ?? 0;
  const { id: _id, created_at: _at, ...rest } = row;
  await trx
    .insertInto("compactions")
    .values({
      ...rest,
      session_id: to,
      head_id: upTo(row.head_id),
      upto_id: upTo(row.upto_id),
      kept: each(row.kept),
      pruned: each(row.pruned),
    })
    .execute();
}

/** What became of taking a request back. */
export type Undone =
  | { readonly type: "nothing" | "summarised" | "others" }
  | { readonly type: "undone"; readonly request: string };

/**
 * Takes the newest turn of a session out of its history. Only its own person does, or (null) anybody. The same key takes back one turn,
 * however often it comes.
 */
export async function undoTurn(db: Db, session: string, person: string | null, key: string): Promise<Undone> {
  const before = await sql<{ request: string }>`
    select coalesce(i.inbound->>'text', '') as request from undone_turns u
    join turns t on t.id = u.turn_id left join inbox i on i.id = t.inbox_id where u.key = ${key}`.execute(db);
  if (before.rows[0]) return { type: "undone", ...before.rows[0] };
  const found = await sql<{ turn: string; person: string; request: string; summarised: boolean }>`
    select t.id as turn, t.person_id as person, coalesce(i.inbound->>'text', '') as request,
      (select min(m.id) from messages m where m.session_id = ${session} and m.turn_id = t.id)
        <= coalesce((select upto_id from compactions where session_id = ${session} order by id desc limit 1), 0) as summarised
    from turns t left join inbox i on i.id = t.inbox_id
    where t.id = (
      select m.turn_id from messages m where m.session_id = ${session} and not ${undone("m.turn_id", session)} order by m.id desc limit 1)
      and t.status not in ('running', 'parked')`.execute(db);
  const [row] = found.rows;
  if (!row) return { type: "nothing" };
  if (person !== null && row.person !== person) return { type: "others" };
  if (row.summarised) return { type: "summarised" };
  await db
    .insertInto("undone_turns")
    .values({ session_id: session, turn_id: row.turn, key })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return { type: "undone", request: row.request };
}

/** Gives a session the title that a person wants. */
export async function entitleSession(db: Db, session: string, title: string): Promise<void> {
  await db.updateTable("sessions").set({ title }).where("id", "=", session).execute();
}

/** What a session's turns have used so far. */
export async function sessionUsage(db: Db, session: string) {
  const found = await sql<{ requests: number; calls: number; prompt: number; cached: number; completion: number }>`
    select (select count(*)::int from turns where session_id = ${session}) as requests, count(*)::int as calls,
      coalesce(sum(prompt_tokens), 0)::float8 as prompt, coalesce(sum(cached_tokens), 0)::float8 as cached,
      coalesce(sum(completion_tokens), 0)::float8 as completion
    from model_calls where turn_id in (select id from turns where session_id = ${session})`.execute(db);
  return found.rows[0] ?? { requests: 0, calls: 0, prompt: 0, cached: 0, completion: 0 };
}

async function endOpen(trx: Db, conversation: string): Promise<string | null> {
  const row = await trx
    .updateTable("sessions")
    .set({ ended_at: sql<Date>`now()` })
    .where("conversation_id", "=", conversation)
    .where("ended_at", "is", null)
    .returning("id")
    .executeTakeFirst();
  return row?.id ?? null;
}

/** In a shared chat: the ones held there. In private: one's own private ones, and no errand's. */
function own(viewer: Viewer): RawBuilder<unknown> {
  switch (viewer.kind) {
    case "system":
      return sql`true`;
    case "shared":
      return sql`c.id = ${viewer.conversation}`;
    case "person":
      return ownOf(viewer.person);
  }
}

/** Whether a session `s` of a conversation `c` is a person's private one. */
export function ownOf(person: string): RawBuilder<unknown> {
  return sql`c.kind = 'private' and c.platform not in (${sql.join(Object.values(errandPlatforms))})
    and s.id in (select session_id from turns where person_id = ${person} union select session_id from messages where person_id = ${person})
    and not exists (select 1 from turns x where x.session_id = s.id and x.person_id <> ${person})
    and not exists (select 1 from messages x where x.session_id = s.id and x.person_id is not null and x.person_id <> ${person})`;
}

/** Whether a turn, of a session, was taken back there. */
export function undone(turn: "t.id" | "m.turn_id", session: string | null = null): RawBuilder<boolean> {
  const of = session === null ? sql`${sql.ref(turn === "t.id" ? "t.session_id" : "m.session_id")}` : sql`${session}`;
  return sql<boolean>`exists (select 1 from undone_turns u where u.session_id = ${of} and u.turn_id = ${sql.ref(turn)})`;
}

import { type RawBuilder, sql } from "kysely";
import type { Viewer } from "../core/chats.ts";
import { errandPlatforms } from "../core/errand.ts";
import { excerpt } from "../core/excerpt.ts";
import type { OwnSession } from "../core/sessions.ts";
import type { Db } from "./hold.ts";
import { ownSessions, undone } from "./own-sessions.ts";
import { isPresent } from "./presences.ts";
import { searchQuery } from "./search-query.ts";

/** A line of a past conversation. */
export interface PastLine {
  readonly id: number;
  readonly session: string;
  readonly title: string | null;
  readonly at: Date;
  readonly by: "person" | "agent";
  readonly text: string;
}

/** A past conversation. */
export interface PastSession {
  readonly session: string;
  readonly title: string | null;
  readonly at: Date;
  readonly lines: number;
}

export interface SearchWish {
  /** As in a web search: words, "phrases", or, -not. */
  readonly query: string;
  readonly newestFirst: boolean;
  readonly limit: number;
  /** Only what one of them said. */
  readonly by?: PastLine["by"] | null;
  /** Only in private conversations of one's own, where the viewer is a person. */
  readonly own?: boolean;
  /** The conversation that asks: its own words are before the model already. */
  readonly except: string;
}

/** Lines that hold the words, the best of each conversation, as far as this viewer may see them; of many conversations the newest. */
export async function searchPast(db: Db, viewer: Viewer, wish: SearchWish): Promise<readonly PastLine[]> {
  const words = searchQuery(wish.query);
  if (words === null) return [];
  const role = { person: "user", agent: "assistant" };
  const said = wish.by ? sql`m.message->>'role' = ${role[wish.by]}` : sql`true`;
  const about = sql`m.session_id <> ${wish.except} and ${said}`;
  // `is true` keeps the index of words out: a usual word's part of it is longer than the few messages that are read.
  const holds = sql`(m.words @@ ${words}) is true and ${about}`;
  const looks = { near: holds, all: sql`m.words @@ ${words} and ${about}` };
  const among = { audience: await audienceOf(db, viewer, wish.own === true), hidden: hiddenFrom(viewer, wish.own === true) };
  const sessions = await sessionsHolding(db, among, looks, wish);
  if (sessions.length === 0) return [];
  const order = wish.newestFirst ? sql`id desc` : sql`id`;
  const found = await sql<PastLine>`
    with best as (
      select distinct on (m.session_id) ${line}, ts_rank(m.words, ${words}) as rank
      from messages m join sessions s on s.id = m.session_id join conversations c on c.id = s.conversation_id
      where m.session_id in (${sql.join(sessions)}) and ${holds} and ${visible(viewer)} and ${kept}
      order by m.session_id, rank desc, m.id)
    select id, session, title, at, by, text from best order by ${order} limit ${wish.limit}`.execute(db);
  return found.rows;
}

/**
 * How many of an audience's newest (or oldest) messages are read before the index of words is asked: words that are everywhere are found among
 * them, and those that are not are rare enough for the index. Reading as many takes some milliseconds.
 */
const mostRead = 3_000;

/** Whose messages are looked through, and on which platforms nobody looks. */
interface Among {
  /** Null: everybody's. */
  readonly audience: readonly string[] | null;
  readonly hidden: readonly string[];
}

/** What a message must hold: where each is read, and where the index of words is asked. */
interface Looks {
  readonly near: RawBuilder<unknown>;
  readonly all: RawBuilder<unknown>;
}

/** The newest conversations of an audience that hold the words; more than wished for, since of these the viewer may not see all. */
async function sessionsHolding(
  db: Db,
  { audience, hidden }: Among,
  looks: Looks,
  { newestFirst, limit }: Pick<SearchWish, "newestFirst" | "limit">,
): Promise<readonly string[]> {
  const wanted = limit * 2;
  const [end, order] = newestFirst ? [sql`max(m.id)`, sql`desc`] : [sql`min(m.id)`, sql`asc`];
  const among = async (holds: RawBuilder<unknown>): Promise<readonly string[]> => {
    const found = await sql<{ session: string }>`
      select f.session from (select m.session_id as session, ${end} as at from messages m where ${holds} group by m.session_id) f
      join sessions s on s.id = f.session join conversations c on c.id = s.conversation_id
      where c.platform <> all(${[...hidden]}::text[]) order by f.at ${order} limit ${wanted}`.execute(db);
    return found.rows.map(({ session }) => session);
  };
  const ids = await newest(db, audience, order);
  const near = await among(sql`m.id = any(${[...ids]}::bigint[]) and ${looks.near}`);
  if (near.length >= wanted || ids.length < mostRead) return near;
  const mine = audience === null ? sql`true` : sql`m.audience = any(${[...audience]}::text[])`;
  return await among(sql`${mine} and ${looks.all}`);
}

/** The newest (or oldest) messages of an audience; all of them where there are fewer than are read. */
async function newest(db: Db, audience: readonly string[] | null, order: RawBuilder<unknown>): Promise<readonly number[]> {
  const found =
    audience === null
      ? await sql<{ id: number }>`select id from messages order by id ${order} limit ${mostRead}`.execute(db)
      : await sql<{ id: number }>`
          select m.id from unnest(${[...audience]}::text[]) a (name) cross join lateral (
            select id from messages where audience = a.name order by id ${order} limit ${mostRead}) m
          order by m.id ${order} limit ${mostRead}`.execute(db);
  return found.rows.map(({ id }) => id);
}

/** Platforms whose conversations this viewer never sees: they are not to take the place of others. */
function hiddenFrom(viewer: Viewer, own: boolean): readonly string[] {
  if (viewer.kind === "system") return [];
  return viewer.kind === "person" && own ? Object.values(errandPlatforms) : [errandPlatforms.subagent];
}

/** Whose messages a viewer may see, roughly: see the migration. Null: everybody's. */
async function audienceOf(db: Db, viewer: Viewer, own: boolean): Promise<readonly string[] | null> {
  switch (viewer.kind) {
    case "system":
      return null;
    case "shared":
      return [`c:${viewer.conversation}`];
    case "person": {
      if (own) return [`p:${viewer.person}`];
      const { rows } = await sql<{ id: string }>`
        select c.id from members b join conversations c on c.id = b.conversation_id
        where b.person_id = ${viewer.person} and ${isPresent(viewer.person, "c")}`.execute(db);
      return [`p:${viewer.person}`, ...rows.map(({ id }) => `c:${id}`)];
    }
  }
}

/** Conversations that this viewer may take up and that hold the words, with the best line of each; `except` is left out. */
export async function searchOwn(
  db: Db,
  viewer: Viewer,
  query: string,
  except: string | null,
  limit: number,
): Promise<readonly OwnSession[]> {
  const found = await searchPast(db, viewer, { query, newestFirst: true, limit: limit * 2, except: except ?? "", own: true });
  if (found.length === 0) return [];
  const ids = found.map(({ session }) => session);
  const own = new Map((await ownSessions(db, viewer, except, ids.length, ids)).map((each) => [each.id, each]));
  return found
    .flatMap(({ session, text }) => {
      const each = own.get(session);
      return each ? [{ ...each, line: excerpt(text, query, excerptChars) }] : [];
    })
    .slice(0, limit);
}

const excerptChars = 160;

/** What was said around a line (by its id), `window` lines before and after; null `around`: the conversation's first lines. */
export async function pastLines(
  db: Db,
  viewer: Viewer,
  session: string,
  around: number | null,
  window: number,
): Promise<readonly PastLine[]> {
  const spoken = sql`m.session_id = ${session} and m.message->>'role' in ('user', 'assistant') and m.message->>'content' <> ''`;
  const from = sql`from messages m join sessions s on s.id = m.session_id join conversations c on c.id = s.conversation_id
      where ${spoken} and ${visible(viewer)} and ${kept}`;
  const found = await sql<PastLine>`
    select * from (
      (select ${line} ${from} and m.id <= ${around ?? 0} order by m.id desc limit ${window + 1})
      union all
      (select ${line} ${from} and m.id > ${around ?? 0} order by m.id limit ${around === null ? window * 2 : window})) both_sides
    order by id`.execute(db);
  return found.rows;
}

/** The newest conversations this viewer may see, but the one that asks. */
export async function pastSessions(db: Db, viewer: Viewer, except: string, limit: number): Promise<readonly PastSession[]> {
  const spoken = sql`m.session_id <> ${except} and m.message->>'role' in ('user', 'assistant') and m.message->>'content' <> ''`;
  const among = { audience: await audienceOf(db, viewer, false), hidden: hiddenFrom(viewer, false) };
  const sessions = await sessionsHolding(db, among, { near: spoken, all: spoken }, { newestFirst: true, limit });
  if (sessions.length === 0) return [];
  const found = await sql<PastSession>`
    select s.id as session, s.title, max(m.created_at) as at, count(*)::int as lines
    from messages m join sessions s on s.id = m.session_id join conversations c on c.id = s.conversation_id
    where m.session_id in (${sql.join(sessions)}) and ${spoken} and ${visible(viewer)} and ${kept}
    group by s.id, s.title order by at desc limit ${limit}`.execute(db);
  return found.rows;
}

/** Not of a turn that was taken back. */
const kept = sql`not ${undone("m.turn_id")}`;

const line = sql`m.id, m.session_id as session, s.title, m.created_at as at,
      case when m.message->>'role' = 'user' then 'person' else 'agent' end as by, m.message->>'content' as text`;

/**
 * In a shared chat: what was said in that chat. In private: one's own private conversations, and shared chats that one has spoken in and is in.
 * Never what somebody else said in private, nor what subagents did: their turns' results say it.
 */
function visible(viewer: Viewer): RawBuilder<unknown> {
  switch (viewer.kind) {
    case "system":
      return sql`true`;
    case "shared":
      return sql`c.platform <> ${errandPlatforms.subagent} and c.id = ${viewer.conversation}`;
    case "person": {
      const own = sql`select 1 from messages o where o.person_id = ${viewer.person}`;
      return sql`c.platform <> ${errandPlatforms.subagent} and case when c.kind = 'private'
        then (m.person_id is null or m.person_id = ${viewer.person}) and exists (${own} and o.session_id = s.id)
          and not exists (select 1 from messages x where x.session_id = s.id and x.person_id is not null and x.person_id <> ${viewer.person})
        else exists (${own} and o.session_id in (select id from sessions where conversation_id = c.id)) and ${isPresent(viewer.person, "c")} end`;
    }
  }
}

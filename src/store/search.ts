import { type RawBuilder, sql } from "kysely";
import type { Viewer } from "../core/chats.ts";
import { errandPlatforms } from "../core/errand.ts";
import { excerpt } from "../core/excerpt.ts";
import type { OwnSession } from "../core/sessions.ts";
import type { Db } from "./hold.ts";
import { ownSessions } from "./own-sessions.ts";

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
  /** The conversation that asks: its own words are before the model already. */
  readonly except: string;
}

/** Lines that hold the words, the best of each conversation, as far as this viewer may see them. */
export async function searchPast(db: Db, viewer: Viewer, wish: SearchWish): Promise<readonly PastLine[]> {
  const order = wish.newestFirst ? sql`at desc` : sql`at`;
  const role = { person: "user", agent: "assistant" };
  const said = wish.by ? sql`m.message->>'role' = ${role[wish.by]}` : sql`true`;
  const found = await sql<PastLine>`
    with asked as (select websearch_to_tsquery('simple', ${wish.query}) as words),
    best as (
      select distinct on (m.session_id) ${line}, ts_rank(m.words, asked.words) as rank
      from asked, messages m join sessions s on s.id = m.session_id join conversations c on c.id = s.conversation_id
      where m.words @@ asked.words and m.session_id <> ${wish.except} and ${visible(viewer)} and ${said}
      order by m.session_id, rank desc, m.id)
    select id, session, title, at, by, text from best order by ${order} limit ${wish.limit}`.execute(db);
  return found.rows;
}

/** Conversations that this viewer may take up and that hold the words, with the best line of each; `except` is left out. */
export async function searchOwn(
  db: Db,
  viewer: Viewer,
  query: string,
  except: string | null,
  limit: number,
): Promise<readonly OwnSession[]> {
  const found = await searchPast(db, viewer, { query, newestFirst: true, limit: limit * 4, except: except ?? "" });
  const own = new Map((await ownSessions(db, viewer, except, 1_000)).map((each) => [each.id, each]));
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
      where ${spoken} and ${visible(viewer)}`;
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
  const found = await sql<PastSession>`
    select s.id as session, s.title, max(m.created_at) as at, count(*)::int as lines
    from messages m join sessions s on s.id = m.session_id join conversations c on c.id = s.conversation_id
    where s.id <> ${except} and m.message->>'role' in ('user', 'assistant') and m.message->>'content' <> '' and ${visible(viewer)}
    group by s.id, s.title order by at desc limit ${limit}`.execute(db);
  return found.rows;
}

const line = sql`m.id, m.session_id as session, s.title, m.created_at as at,
      case when m.message->>'role' = 'user' then 'person' else 'agent' end as by, m.message->>'content' as text`;

/**
 * In a shared chat: what was said in that chat. In private: one's own private conversations, and shared chats that one has spoken in.
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
        else exists (${own} and o.session_id in (select id from sessions where conversation_id = c.id)) end`;
    }
  }
}

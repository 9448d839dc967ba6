import { type RawBuilder, sql } from "kysely";
import type { ChatKind, ChatRef } from "../core/chats.ts";
import { errandPlatforms } from "../core/errand.ts";
import type { ModelMessage } from "../core/model.ts";
import type { Db } from "./hold.ts";
import { ownOf, undone } from "./own-sessions.ts";
import { searchQuery } from "./search-query.ts";

/** Whose conversations: a person's private ones, also with all shared ones; or those of one shared chat. Never an errand's. */
export type SessionsOf =
  | { readonly kind: "person"; readonly person: string; readonly shared: boolean }
  | { readonly kind: "chat"; readonly chat: ChatRef };

/** A conversation as the command line lists it. */
export interface ListedSession {
  readonly id: string;
  readonly title: string | null;
  readonly kind: ChatKind;
  readonly platform: string;
  readonly chat: string;
  readonly thread: string;
  /** What the chat is called, where its platform has told. */
  readonly name: string | null;
  readonly at: Date;
  readonly requests: number;
  /** The next message goes on with it. */
  readonly open: boolean;
}

/** The newest first; with words, those that hold them. */
export async function listSessions(
  db: Db,
  of: SessionsOf,
  { words, limit }: { readonly words: string; readonly limit: number },
): Promise<readonly ListedSession[]> {
  const query = words === "" ? null : searchQuery(words);
  if (words !== "" && query === null) return [];
  const holds =
    query === null
      ? sql`true`
      : sql`exists (
    select 1 from messages m where m.session_id = s.id and m.words @@ ${query} and not ${undone("m.turn_id")})`;
  return await sessionsWhere(db, of, holds, limit);
}

/** Those that somebody may mean by an id, the beginning of one, or a title. */
export async function sessionsMeant(db: Db, of: SessionsOf, which: string): Promise<readonly ListedSession[]> {
  const begins = /^[0-9a-f-]{4,36}$/i.test(which) ? sql`starts_with(s.id, ${which.toLowerCase()})` : sql`false`;
  return await sessionsWhere(db, of, sql`(${begins} or lower(s.title) = ${which.toLowerCase()})`, mostMeant);
}

const mostMeant = 10;

async function sessionsWhere(
  db: Db,
  of: SessionsOf,
  which: RawBuilder<unknown>,
  limit: number,
): Promise<readonly ListedSession[]> {
  const found = await sql<ListedSession>`
    select s.id, s.title, c.kind, c.platform, c.chat, c.thread, n.name, l.at, l.requests, s.ended_at is null as open
    from sessions s join conversations c on c.id = s.conversation_id
    left join chat_names n on n.platform = c.platform and n.chat = c.chat
    join lateral (
      select max(t.created_at) as at, count(*)::int as requests from turns t where t.session_id = s.id and not ${undone("t.id")}
    ) l on l.at is not null
    where ${belongs(of)} and ${which} order by l.at desc, s.id limit ${limit}`.execute(db);
  return found.rows;
}

function belongs(of: SessionsOf): RawBuilder<unknown> {
  const notErrands = sql`c.platform <> all (${Object.values(errandPlatforms)}::text[])`;
  if (of.kind === "person") {
    const shared = of.shared ? sql`(c.kind = 'shared' and ${notErrands})` : sql`false`;
    return sql`(${shared} or (${ownOf(of.person)}))`;
  }
  const { platform, chat, thread } = of.chat;
  const within = thread === null ? sql`true` : sql`c.thread = ${thread}`;
  return sql`c.kind = 'shared' and ${notErrands} and c.platform = ${platform} and c.chat = ${chat} and ${within}`;
}

/** A message of a conversation, with whose it is. */
export interface SaidLine {
  readonly at: Date;
  /** Null: the agent's, or a tool's. */
  readonly person: string | null;
  readonly message: ModelMessage;
}

/** All that was said and done in one, oldest first; what was taken back is left out. */
export async function sessionLines(db: Db, session: string): Promise<readonly SaidLine[]> {
  const found = await sql<SaidLine>`
    select m.created_at as at, p.name as person, m.message
    from messages m left join people p on p.id = m.person_id
    where m.session_id = ${session} and not ${undone("m.turn_id")} order by m.id`.execute(db);
  return found.rows;
}

import { type RawBuilder, sql } from "kysely";
import type { ChatKind, ChatRef } from "../core/chats.ts";
import type { Db } from "./hold.ts";

/** What a person has to do with a chat. `own`: their private one. `shared`: they have spoken in it, or in a thread of it, and not left it. */
export type Standing = "own" | "shared" | null;

/** Whether this person may have something posted there. */
export async function standingIn(db: Db, person: string, { platform, chat }: ChatRef): Promise<Standing> {
  const found = await sql<{ kind: ChatKind }>`
    select c.kind from conversations c
    where c.platform = ${platform} and c.chat = ${chat} and exists (
      select 1 from sessions s join messages m on m.session_id = s.id where s.conversation_id = c.id and m.person_id = ${person})
    and (c.kind = 'shared' or not exists (
      select 1 from messages x join sessions y on y.id = x.session_id
      where y.conversation_id = c.id and x.person_id is not null and x.person_id <> ${person}))
    and (c.kind = 'private' or not exists (
      select 1 from presences p where p.person_id = ${person} and p.platform = ${platform} and p.chat = ${chat} and p.left_at is not null))
    order by c.kind limit 1`.execute(db);
  const kind = found.rows[0]?.kind;
  return kind === undefined ? null : kind === "private" ? "own" : "shared";
}

/** Whether a chat is somebody's private one, as far as the record knows. */
export async function kindOf(db: Db, { platform, chat }: ChatRef): Promise<ChatKind | null> {
  const row = await db
    .selectFrom("conversations")
    .select("kind")
    .where("platform", "=", platform)
    .where("chat", "=", chat)
    .limit(1)
    .executeTakeFirst();
  return row?.kind ?? null;
}

/** The person's own private chat on a platform, the one they used last. */
export async function privateChatOf(db: Db, person: string, platform: string): Promise<ChatRef | null> {
  return await privateChat(db, person, sql`c.platform = ${platform}`);
}

/**
 * A private chat of the person's on any platform, the one they used last, on one that reaches them anywhere rather than on this machine's
 * own page; none of `except`, and no thread of those.
 */
export async function anyPrivateChatOf(db: Db, person: string, except: readonly ChatRef[] = []): Promise<ChatRef | null> {
  const others = except.map(({ platform, chat }) => sql` and (c.platform, c.chat) <> (${platform}, ${chat})`);
  return await privateChat(db, person, sql`c.platform in ('telegram', 'discord', 'slack', 'web')${sql.join(others, sql``)}`);
}

async function privateChat(db: Db, person: string, which: RawBuilder<unknown>): Promise<ChatRef | null> {
  const found = await sql<{ platform: string; chat: string; thread: string }>`
    select c.platform, c.chat, c.thread from conversations c join sessions s on s.conversation_id = c.id
      join messages m on m.session_id = s.id
    where ${which} and c.kind = 'private' and m.person_id = ${person} and not exists (
      select 1 from messages x join sessions y on y.id = x.session_id
      where y.conversation_id = c.id and x.person_id is not null and x.person_id <> ${person})
    group by c.id order by c.platform = 'web', max(m.id) desc limit 1`.execute(db);
  const row = found.rows[0];
  return row === undefined ? null : { platform: row.platform, chat: row.chat, thread: row.thread === "" ? null : row.thread };
}

/** Channels of that name that the platform has told of. */
export async function chatsNamed(db: Db, platform: string, name: string): Promise<readonly string[]> {
  const found = await sql<{ chat: string }>`
    select chat from chat_names where platform = ${platform} and lower(name) = ${name.toLowerCase()} limit 20`.execute(db);
  return found.rows.map(({ chat }) => chat);
}

/** What a channel is called, where its platform has told. */
export async function nameOfChat(db: Db, { platform, chat }: ChatRef): Promise<string | null> {
  const row = await db
    .selectFrom("chat_names")
    .select("name")
    .where("platform", "=", platform)
    .where("chat", "=", chat)
    .executeTakeFirst();
  return row?.name ?? null;
}

/** Keeps what a channel is called. */
export async function nameChat(db: Db, { platform, chat }: ChatRef, name: string): Promise<void> {
  await sql`
    insert into chat_names (platform, chat, name) values (${platform}, ${chat}, ${name})
    on conflict (platform, chat) do update set name = excluded.name where chat_names.name <> excluded.name`.execute(db);
}

/** The conversation of a chat; null where nobody has said anything there. */
export async function findConversation(db: Db, { platform, chat, thread }: ChatRef): Promise<string | null> {
  const row = await db
    .selectFrom("conversations")
    .select("id")
    .where("platform", "=", platform)
    .where("chat", "=", chat)
    .where("thread", "=", thread ?? "")
    .executeTakeFirst();
  return row?.id ?? null;
}

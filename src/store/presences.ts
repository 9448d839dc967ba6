import { type RawBuilder, sql } from "kysely";
import type { ChatRef } from "../core/chats.ts";
import { errandPlatforms } from "../core/errand.ts";
import type { Inbound } from "../core/inbound.ts";
import type { Db } from "./hold.ts";

/**
 * For how long somebody is taken to be in a shared chat who has not written there: not every platform tells of everybody who goes, and none
 * tells what happened while we were away.
 */
const presentDays = 14;

/** Somebody has left a chat, as a stored event says; unless something of theirs has come from there since. */
export async function noteLeft(db: Db, person: string, { chat, sender, at }: Inbound, event: number): Promise<void> {
  await sql`
    insert into presences (person_id, platform, chat, left_at)
    select ${person}, ${chat.platform}, ${chat.chat}, ${moment(at)} where not exists (
      select 1 from inbox i where i.id > ${event} and i.inbound->'chat'->>'platform' = ${chat.platform} and i.inbound->'chat'->>'chat' = ${chat.chat}
        and i.inbound->'sender'->>'id' = ${sender.id} and i.inbound->>'type' not in ('left', 'change') and (i.inbound->>'at')::float8 > ${at}::float8)
    on conflict (person_id, platform, chat) do update set left_at = excluded.left_at`.execute(db);
}

/**
 * Notes that somebody was there when they did something, whoever it was meant for, and brings them back where they had left before: a part of
 * the statement that stores it, after its `route`. That a message of theirs changed is no sign of them: others may delete it.
 */
export function comingBack({ type, kind, chat, at }: Inbound): RawBuilder<unknown> {
  if (type === "left" || type === "change" || kind === "private") return sql``;
  // Not at each message: an hour more or less is no matter.
  return sql`back as (
      update presences p set left_at = null, seen_at = greatest(p.seen_at, least(${moment(at)}, now())) from route
      where p.person_id = route.person and p.platform = ${chat.platform} and p.chat = ${chat.chat}
        and (p.left_at < ${moment(at)} or p.left_at is null and p.seen_at < ${moment(at)} - interval '1 hour')),`;
}

/** Whether somebody is known to have left a chat. */
export async function hasLeft(db: Db, person: string, { platform, chat }: ChatRef): Promise<boolean> {
  const row = await db
    .selectFrom("presences")
    .select("left_at")
    .where("person_id", "=", person)
    .where("platform", "=", platform)
    .where("chat", "=", chat)
    .executeTakeFirst();
  return row !== undefined && row.left_at !== null;
}

/** Whether a person is in the shared chat of a conversation; of an errand's, in the one that it belongs to. */
export function isPresent(person: string, conversation: "c"): RawBuilder<boolean> {
  const inChat = (chat: string) => sql`exists (
    select 1 from presences p where p.person_id = ${person} and p.platform = ${sql.ref(`${chat}.platform`)} and p.chat = ${sql.ref(`${chat}.chat`)}
      and p.left_at is null and p.seen_at > now() - ${presentDays} * interval '1 day')`;
  return sql<boolean>`(case when ${sql.ref(`${conversation}.platform`)} in (${sql.join(Object.values(errandPlatforms))}) then not exists (
      select 1 from errands e join conversations h on h.id = e.home_id
      where e.id = ${sql.ref(`${conversation}.chat`)} and h.kind = 'shared' and not ${inChat("h")})
    else ${inChat(conversation)} end)`;
}

function moment(at: number): RawBuilder<Date> {
  return sql<Date>`to_timestamp(${at}::float8 / 1000)`;
}

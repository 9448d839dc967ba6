import { type RawBuilder, sql } from "kysely";
import { chatKey } from "../core/chats.ts";
import type { Db } from "./hold.ts";
import { getSetting } from "./settings.ts";

/**
 * A chat has another id from now on, as a Telegram group that became a supergroup: its conversations with their history and workspace, its
 * memory, what was chosen for it, its schedules and events that nobody has routed go on there. Done again it takes along what has come
 * meanwhile. What is on its way to the old id is the platform's matter.
 */
export async function moveChat(db: Db, platform: string, from: string, to: string): Promise<void> {
  const keys = { from: chatKey({ platform, chat: from, thread: null }), to: chatKey({ platform, chat: to, thread: null }) };
  await db.transaction().execute(async (trx) => {
    const run = async (statement: RawBuilder<unknown>) => void (await statement.execute(trx));
    // A turn that runs on knows the old id only.
    await run(sql`
      insert into settings (key, value) values (${movedKey(keys.from)}, ${keys.to}) on conflict (key) do update set value = ${keys.to}`);
    await run(sql`
      update inbox i set chat_key = ${moved("i.chat_key", keys)}, inbound = jsonb_set(i.inbound, '{chat,chat}', to_jsonb(${to}::text))
      where i.status = 'new' and ${isOf("i.chat_key", keys)}`);
    // Where something has begun under the new id already, that stays, and the old is kept as it is.
    await run(sql`
      update conversations c set chat = ${to} where c.platform = ${platform} and c.chat = ${from} and not exists (
        select 1 from conversations o where o.platform = c.platform and o.chat = ${to} and o.thread = c.thread)`);
    await run(sql`
      update presences p set chat = ${to} where p.platform = ${platform} and p.chat = ${from} and not exists (
        select 1 from presences o where o.person_id = p.person_id and o.platform = p.platform and o.chat = ${to})`);
    await run(sql`
      update chat_names c set chat = ${to} where c.platform = ${platform} and c.chat = ${from} and not exists (
        select 1 from chat_names o where o.platform = c.platform and o.chat = ${to})`);
    await run(sql`
      update chat_settings c set chat_key = ${moved("c.chat_key", keys)} where ${isOf("c.chat_key", keys)} and not exists (
        select 1 from chat_settings o where o.chat_key = ${moved("c.chat_key", keys)} and o.name = c.name)`);
    await run(sql`
      update memories m set owner = ${moved("m.owner", keys)} where m.scope = 'chat' and ${isOf("m.owner", keys)} and not exists (
        select 1 from memories o where o.scope = m.scope and o.owner = ${moved("m.owner", keys)} and o.target = m.target)`);
    await run(sql`
      update memory_reviews m set owner = ${moved("m.owner", keys)} where m.scope = 'chat' and ${isOf("m.owner", keys)} and not exists (
        select 1 from memory_reviews o where o.scope = m.scope and o.owner = ${moved("m.owner", keys)})`);
    await run(
      sql`update memory_changes m set owner = ${moved("m.owner", keys)} where m.scope = 'chat' and ${isOf("m.owner", keys)}`,
    );
    await run(sql`update memory_changes m set chat_key = ${moved("m.chat_key", keys)} where ${isOf("m.chat_key", keys)}`);
    await run(sql`update schedules s set origin = ${moved("s.origin", keys)} where ${isOf("s.origin", keys)}`);
    await run(sql`
      update schedules s set deliver = (
        select jsonb_agg(case when ${isOf("t.chat", keys)} then ${moved("t.chat", keys)} else t.chat end order by t.place)
        from jsonb_array_elements_text(s.deliver) with ordinality as t (chat, place))
      where exists (select 1 from jsonb_array_elements_text(s.deliver) as t (chat) where ${isOf("t.chat", keys)})`);
    await run(sql`
      update settings s set key = ${`footer:${keys.to}`} where s.key = ${`footer:${keys.from}`} and not exists (
        select 1 from settings o where o.key = ${`footer:${keys.to}`})`);
    await run(
      sql`update settings s set value = ${moved("s.value", keys)} where s.key = ${`home:${platform}`} and ${isOf("s.value", keys)}`,
    );
  });
}

/** The setting that says where the chat with this key has gone. */
function movedKey(key: string): string {
  return `moved:${key}`;
}

/** What a chat's key is now: another one, once the chat has moved. */
export async function keyNow(db: Db, key: string): Promise<string> {
  return (await getSetting(db, movedKey(key))) ?? key;
}

interface Keys {
  readonly from: string;
  readonly to: string;
}

/** Whether a key is the chat's or one of its threads'. */
function isOf(column: string, { from }: Keys): RawBuilder<boolean> {
  return sql<boolean>`(${sql.ref(column)} = ${from} or starts_with(${sql.ref(column)}, ${`${from}:`}))`;
}

function moved(column: string, { from, to }: Keys): RawBuilder<string> {
  return sql<string>`(${to}::text || substr(${sql.ref(column)}, ${from.length + 1}))`;
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { chooseChatSetting, chatSettings } from "../../src/store/chat-settings.ts";
import type { Db } from "../../src/store/hold.ts";
import { homeOf, makeHome } from "../../src/store/homes.ts";
import { changeMemory, readMemory } from "../../src/store/memories.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { moveChat } from "../../src/store/moved-chats.ts";
import { openSession } from "../../src/store/sessions.ts";
import { readyForms } from "./database-forms.ts";

const chat = (id: string, thread: string | null = null) => ({ platform: "telegram", chat: id, thread });

/** What a chat has besides its conversations; its settings and its memory say whose they were. */
async function furnish(db: Db, id: string): Promise<void> {
  const key = `telegram:${id}`;
  await chooseChatSetting(db, chat(id), "busy", "queue");
  await sql`insert into memories (scope, owner, target, text) values ('chat', ${key}, 'memory', ${`tea in ${id}`})`.execute(db);
  await sql`insert into memory_reviews (scope, owner, reviewed_to) values ('chat', ${key}, ${Number(id)})`.execute(db);
  await sql`insert into memory_changes (scope, owner, target, after, origin, chat_key)
    values ('chat', ${key}, 'memory', ${`tea in ${id}`}, 'tool', ${`${key}:7`})`.execute(db);
  await sql`insert into chat_names (platform, chat, name) values ('telegram', ${id}, ${`name of ${id}`})`.execute(db);
  await sql`insert into settings (key, value) values (${`footer:${key}`}, ${id})`.execute(db);
  await sql`insert into inbox (key, chat_key, inbound, status) select key || ${id}, ${key}, inbound, split_part(key, ' ', 1)
    from (values ('new '), ('done ')) as k (key), (select ${JSON.stringify({ chat: chat(id) })}::jsonb as inbound) i`.execute(db);
}

/** What of all that there is, each as `chat: what`. */
async function furniture(db: Db): Promise<readonly string[]> {
  const found = await sql<{ row: string }>`
    select chat_key || ': ' || name || '=' || value as row from chat_settings
    union all select owner || ': remembers ' || text from memories
    union all select owner || ': reviewed to ' || reviewed_to from memory_reviews
    union all select owner || ': learnt ' || after || ' in ' || chat_key from memory_changes
    union all select platform || ':' || chat || ': is ' || name from chat_names
    union all select replace(key, 'footer:', '') || ': has the footer ' || value from settings where key like 'footer:%'
    union all select chat_key || ': ' || key || ' of ' || (inbound->'chat'->>'chat') from inbox`.execute(db);
  return found.rows.map(({ row }) => row).toSorted();
}

/** What a chat that was furnished as `was` has under `id`; what is over stays where it was. */
function furnished(id: string, was = id): readonly string[] {
  const own = ["busy=queue", `remembers tea in ${was}`, `reviewed to ${was}`, `learnt tea in ${was} in telegram:${id}:7`];
  const rest = [`is name of ${was}`, `has the footer ${was}`, `new ${was} of ${id}`];
  return [...own, ...rest].map((each) => `telegram:${id}: ${each}`).concat(`telegram:${was}: done ${was} of ${was}`);
}

for (const [form, prepare] of Object.entries(readyForms)) {
  test(`${form}: a group that gets another id goes on there with all it has, and no other chat does`, async () => {
    await using place = await prepare();
    const { db, close } = await place.open();
    await using _closed = { [Symbol.asyncDispose]: close };
    await migrate(db, migrations);
    const [group, topic] = [await openSession(db, chat("-5"), "shared"), await openSession(db, chat("-5", "7"), "shared")];
    const other = await openSession(db, chat("-51"), "shared");
    await makeHome(db, chat("-5", "7"));
    for (const id of ["-5", "-51"]) await furnish(db, id);
    await sql`insert into people (id, name, role) values ('ann', 'Ann', 'member')`.execute(db);
    await sql`insert into schedules (id, number, person_id, name, prompt, said, timing, deliver, origin, origin_kind, work, status)
      values ('s', 1, 'ann', 'daily', 'report', 'every day', '{}', '["origin", "telegram:-5:7", "telegram:-51"]', 'telegram:-5', 'shared', '{}',
        'paused')`.execute(db);
    for (let times = 0; times < 2; times += 1) await moveChat(db, "telegram", "-5", "-1005");
    assert.equal((await openSession(db, chat("-1005"), "shared")).session, group.session);
    assert.equal((await openSession(db, chat("-1005", "7"), "shared")).session, topic.session);
    assert.equal((await openSession(db, chat("-51"), "shared")).session, other.session);
    assert.deepEqual(await homeOf(db, "telegram"), chat("-1005", "7"));
    assert.equal((await chatSettings(db, chat("-1005"))).busy, "queue");
    assert.deepEqual(await furniture(db), [...furnished("-1005", "-5"), ...furnished("-51")].toSorted());
    const schedules = await sql<{ deliver: string[]; origin: string }>`select deliver, origin from schedules`.execute(db);
    assert.deepEqual(schedules.rows, [{ deliver: ["origin", "telegram:-1005:7", "telegram:-51"], origin: "telegram:-1005" }]);
    // A turn that ran meanwhile writes down what it has learnt.
    assert.equal(await remember(db, "telegram:-5"), "tea in -5, and cake");
    assert.equal((await readMemory(db, { scope: "chat", owner: "telegram:-1005" })).memory.text, "tea in -5, and cake");
  });

  test(`${form}: where somebody was faster under a group's new id, both stay as they are`, async () => {
    await using place = await prepare();
    const { db, close } = await place.open();
    await using _closed = { [Symbol.asyncDispose]: close };
    await migrate(db, migrations);
    const [left, fresh] = [await openSession(db, chat("-6"), "shared"), await openSession(db, chat("-1006"), "shared")];
    for (const id of ["-6", "-1006"]) await furnish(db, id);
    await moveChat(db, "telegram", "-6", "-1006");
    assert.equal((await openSession(db, chat("-6"), "shared")).session, left.session);
    assert.equal((await openSession(db, chat("-1006"), "shared")).session, fresh.session);
    // Only what is told or done once more goes over.
    const over = (row: string) => /learnt|new -6/.test(row);
    const came = furnished("-1006", "-6").filter(over);
    const stayed = furnished("-6").filter((row) => !over(row));
    assert.deepEqual(await furniture(db), [...stayed, ...came, ...furnished("-1006")].toSorted());
    assert.equal(await remember(db, "telegram:-6"), "tea in -6, and cake");
  });
}

/** Adds to a chat's memory; gives what it holds then. */
async function remember(db: Db, owner: string): Promise<string> {
  const about = {
    owner: { scope: "chat", owner },
    target: "memory",
    author: null,
    origin: "tool",
    turn: null,
    chat: null,
  } as const;
  const change = (text: string) => ({ text: `${text}, and cake`, edits: [{ before: text, after: `${text}, and cake` }] });
  return (await changeMemory(db, about, change)).text;
}

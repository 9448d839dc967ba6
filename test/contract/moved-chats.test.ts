import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { chooseChatSetting, chatSettings } from "../../src/store/chat-settings.ts";
import { homeOf, makeHome } from "../../src/store/homes.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { moveChat } from "../../src/store/moved-chats.ts";
import { openSession } from "../../src/store/sessions.ts";
import { readyForms } from "./database-forms.ts";

const chat = (id: string, thread: string | null = null) => ({ platform: "telegram", chat: id, thread });

for (const [form, prepare] of Object.entries(readyForms)) {
  test(`${form}: a group that gets another id goes on there with all it has, and no other chat does`, async () => {
    await using place = await prepare();
    const { db, close } = await place.open();
    await using _closed = { [Symbol.asyncDispose]: close };
    await migrate(db, migrations);
    const [group, topic] = [await openSession(db, chat("-5"), "shared"), await openSession(db, chat("-5", "7"), "shared")];
    const other = await openSession(db, chat("-51"), "shared");
    await makeHome(db, chat("-5", "7"));
    await chooseChatSetting(db, chat("-5"), "busy", "queue");
    await sql`insert into memories (scope, owner, target, text) values
      ('chat', 'telegram:-5', 'memory', 'tea'), ('chat', 'telegram:-51', 'memory', 'coffee')`.execute(db);
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
    const memories = await sql<{ owner: string; text: string }>`select owner, text from memories order by text`.execute(db);
    assert.deepEqual(memories.rows, [
      { owner: "telegram:-51", text: "coffee" },
      { owner: "telegram:-1005", text: "tea" },
    ]);
    const schedules = await sql<{ deliver: string[]; origin: string }>`select deliver, origin from schedules`.execute(db);
    assert.deepEqual(schedules.rows, [{ deliver: ["origin", "telegram:-1005:7", "telegram:-51"], origin: "telegram:-1005" }]);
    // Somebody was faster under the new id: both stay.
    const [left, fresh] = [await openSession(db, chat("-6"), "shared"), await openSession(db, chat("-1006"), "shared")];
    await moveChat(db, "telegram", "-6", "-1006");
    assert.equal((await openSession(db, chat("-6"), "shared")).session, left.session);
    assert.equal((await openSession(db, chat("-1006"), "shared")).session, fresh.session);
  });
}

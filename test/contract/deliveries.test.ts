import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import type { View } from "../../adapters/view.ts";
import type { Adapter } from "../../src/core/adapter.ts";
import { chatKey, type ChatRef } from "../../src/core/chats.ts";
import { Failure } from "../../src/core/failures.ts";
import type { JobOutcome, Queues } from "../../src/core/queue.ts";
import { openMetrics } from "../../src/insights/metrics.ts";
import { openDatabase } from "../../src/store/database.ts";
import type { Db } from "../../src/store/hold.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { addOutbound } from "../../src/store/outbox.ts";
import { workDeliveries } from "../../workers/deliveries.ts";
import { freshDatabase } from "../services/postgres.ts";
import { readyForms, silent } from "./database-forms.ts";
import { chatRef, telegramRig } from "./telegram-rig.ts";

test("a lease that ran down while a preview ended, or an edit was refused, is whole again before the next request", async () => {
  await using rig = await telegramRig();
  await using place = await freshDatabase();
  const database = await openDatabase({ url: place.url, directory: "/nowhere", log: silent });
  const { db } = database;
  await migrate(db, migrations);
  const chat = chatRef(7);
  rig.tg.say(7, "hi");
  await addOutbound(db, { key: "answer:1", chat, turn: "1", body: { markdown: "Here it is.", replyTo: null } });
  const runDown = async () => void (await sql`update outbox set lease_until = now()`.execute(db));
  const leases: number[] = [];
  const noteLease = async () => {
    const found = await sql<{ left: number }>`
      select extract(epoch from lease_until - now())::float8 as left from outbox`.execute(db);
    leases.push(Math.round(found.rows[0]?.left ?? 0));
  };
  const adapter: Adapter = {
    ...rig.adapter,
    render: () => rig.adapter.render("Here it is."),
    async edit() {
      await noteLease();
      await runDown();
      throw new Failure("platform.refused", "the preview is gone");
    },
    async post() {
      await noteLease();
      return "2";
    },
  };
  const view = { settle: async () => (await runDown(), "1"), close: over };
  const work = await deliveriesOf(db, adapter, view);
  await work(chat);
  assert.deepEqual(leases, [20, 20]);
  const rows = await sql<{ status: string }>`select status from outbox`.execute(db);
  assert.deepEqual(rows.rows, [{ status: "sent" }]);
  await database.close();
});

test("a message that may have come says so, whatever surely failed since; what comes after it, or is known to have come, does not", async () => {
  await using rig = await telegramRig();
  await using place = await readyForms.embedded();
  const { db } = await place.open();
  const chat = chatRef(7);
  rig.tg.say(7, "hi");
  await addOutbound(db, { key: "answer:1", chat, turn: null, body: { markdown: `${"word ".repeat(900)}end`, replyTo: null } });
  const work = await deliveriesOf(db, rig.adapter, { settle: () => assert.fail(), close: over });
  const down = { kind: "refuse", code: 401, description: "Unauthorized" } as const;
  for (const fault of [{ kind: "reset", when: "after" } as const, down, { kind: "slow", ms: 0 } as const, down])
    rig.tg.fault({ method: "sendMessage" }, fault);
  for (const attempt of ["unsure", "down", "down again", "sent"]) {
    await sql`update outbox set not_before = now()`.execute(db);
    assert.equal((await work(chat)).type, attempt === "sent" ? "done" : "again", attempt);
  }
  const said = rig.tg.messages(7).filter(({ text }) => text !== "hi");
  assert.deepEqual(
    said.map(({ text }) => [text.startsWith("(may be repeated)"), text.endsWith("end")]),
    [
      [false, false],
      [true, false],
      [false, true],
    ],
  );

  // The record, out of room, does not take that two of three messages are out.
  await addOutbound(db, { key: "answer:2", chat, turn: null, body: { markdown: "word ".repeat(2_000), replyTo: null } });
  await sql`create function full_disk() returns trigger language plpgsql as
    $$ begin raise exception using errcode = '53100', message = 'could not extend file: No space left on device'; end $$`.execute(
    db,
  );
  await sql`create trigger full_disk before update on outbox for each row when (new.key = 'answer:2' and jsonb_array_length(new.sent) = 2)
    execute function full_disk()`.execute(db);
  const before = rig.tg.messages(7).length;
  for (const attempt of ["noted too late", "still full", "room again"]) {
    if (attempt === "room again") await sql`drop trigger full_disk on outbox`.execute(db);
    await sql`update outbox set not_before = now()`.execute(db);
    assert.equal((await work(chat)).type, attempt === "room again" ? "done" : "again", attempt);
  }
  const parts = rig.tg.messages(7).slice(before);
  assert.deepEqual([parts.length, parts.some(({ text }) => text.startsWith("(may"))], [3, false]);

  // Once more, and then another gateway sends, and notes, the rest.
  await addOutbound(db, { key: "answer:3", chat, turn: null, body: { markdown: "word ".repeat(2_000), replyTo: null } });
  await sql`create trigger full_disk before update on outbox for each row when (new.key = 'answer:3' and jsonb_array_length(new.sent) = 2)
    execute function full_disk()`.execute(db);
  assert.equal((await work(chat)).type, "again");
  await sql`update outbox set sent = sent || '["2", "3"]', not_before = now() where key = 'answer:3'`.execute(db);
  assert.equal((await work(chat)).type, "done");
  assert.equal(rig.tg.messages(7).length, before + 3 + 2);
});

const over = async () => undefined;

/** Sends what the outbox holds for a chat, as far as it can at once. */
async function deliveriesOf(db: Db, adapter: Adapter, view: View): Promise<(chat: ChatRef) => Promise<JobOutcome>> {
  let work: Parameters<Queues["consume"]>[2] = () => assert.fail("nobody works");
  const queues: Queues = {
    queue: () => assert.fail("nothing is to be woken"),
    consume: async (_name, _concurrency, handler) => ((work = handler), { drain: over, close: over }),
    health: async () => null,
    close: over,
  };
  await workDeliveries({ db, queues, adapter, view, metrics: openMetrics(), log: silent }, "a gateway");
  return async (chat) => await work(chatKey(chat), new AbortController().signal);
}

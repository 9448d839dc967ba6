import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { openSweeps } from "../../workers/upkeep.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { openSession } from "../../src/store/sessions.ts";
import { type Unfinished, unfinished } from "../../src/store/unfinished.ts";
import { readyForms, silent } from "./database-forms.ts";

const aheadMs = 3_000;
const chat = { platform: "telegram", chat: "7", thread: null };

const watched = `insert into watched_processes (owner, label, id, backend, session_id, turn_id, command, patterns)
  values ('ann', 'ann', 'p1', 'virtual', '$session', 't', 'sleep 9', '[]')`;

/** Everything that is left, with what leaves it and what ends that. `$session` stands for a session's id. */
const lefts: readonly (readonly [kind: keyof Unfinished, what: string, begin: string, end: string])[] = [
  ["events", "an event that nobody has routed", inbox("new", "null"), "delete from inbox"],
  ["turns", "a message that waits", inbox("waiting", "'$session'"), "delete from inbox"],
  ["turns", "a turn that runs", `${inbox("taken", "'$session'")}; ${turn("running")}`, "delete from turns; delete from inbox"],
  ["turns", "a parked turn", `${inbox("taken", "'$session'")}; ${turn("parked")}`, "delete from turns; delete from inbox"],
  [
    "turns",
    "a summary that was asked for",
    "update sessions set compress_requested = '{}'",
    "update sessions set compress_requested = null",
  ],
  ["deliveries", "a message to be sent", outbox("pending"), "update outbox set status = 'sent'"],
  ["deliveries", "a message of which nobody knows whether it is sent", outbox("sending"), "delete from outbox"],
  ["errands", "an errand that has not ended", errand("null"), "update errands set ended_at = now(), landed_at = now()"],
  ["errands", "an errand whose end nobody has followed up", "update errands set landed_at = null", "delete from errands"],
  [
    "processes",
    "a background process that somebody watches",
    `${inbox("taken", "'$session'")}; ${turn("answered")}; ${watched}`,
    "delete from turns; delete from inbox",
  ],
  [
    "schedules",
    "a schedule that is due",
    schedule("now() - interval '1 day'"),
    "update schedules set next_at = now() + interval '1 hour'",
  ],
  [
    "schedules",
    "a schedule that is due soon",
    "update schedules set next_at = now() + interval '2 seconds'",
    "update schedules set status = 'paused'",
  ],
  [
    "schedules",
    "a run that nobody has begun",
    "insert into schedule_runs (id, schedule_id, instant, cause) values ('r', 's', now(), 'hand')",
    "delete from schedule_runs",
  ],
];

for (const [form, prepare] of Object.entries(readyForms)) {
  test(`${form}: one look finds everything that is left, and nothing else`, async () => {
    await using place = await prepare();
    const { db, close } = await place.open();
    await using _closed = { [Symbol.asyncDispose]: close };
    await migrate(db, migrations);
    const { session } = await openSession(db, chat, "private");
    const run = async (statements: string) => {
      for (const each of statements.split("; ")) await sql.raw(each.replaceAll("$session", session)).execute(db);
    };
    await run("insert into people (id, name, role) values ('ann', 'Ann', 'member')");
    const found = async () => {
      const left = await unfinished(db, aheadMs);
      return Object.entries(left).flatMap(([kind, some]) => (some === true ? [kind] : []));
    };
    assert.deepEqual(await found(), []);
    for (const [kind, what, begin, end] of lefts) {
      await run(begin);
      assert.deepEqual(await found(), [kind], what);
      await run(end);
      assert.deepEqual(await found(), [], `no more: ${what}`);
    }
  });
}

test("a sweep runs at once, then while the record has something for it, no oftener than it may, never twice at once, and not after its close", async () => {
  await using place = await readyForms.embedded();
  const { db, close } = await place.open();
  await using _closed = { [Symbol.asyncDispose]: close };
  await migrate(db, migrations);
  await using sweeps = closing(openSweeps(db, silent));
  const [found, others, seldom] = [counted(), counted(), counted()];
  const routing = sweeps.it.add("found", ({ events }) => events, found.work);
  sweeps.it.add("others", ({ deliveries }) => deliveries, others.work);
  sweeps.it.add("seldom", ({ events }) => events, seldom.work, 60_000);
  await Promise.all([found.times(1), others.times(1), seldom.times(1)]);
  await sql.raw(inbox("new", "null")).execute(db);
  await found.times(2);
  assert.equal(others.count(), 1);
  // A run that hangs is the only one, however often the record has something for it; one that may not come again so soon does not.
  const release = found.hang();
  await sql.raw(outbox("pending")).execute(db);
  await others.times(3);
  release();
  await found.times(3);
  assert.deepEqual([found.most(), seldom.count()], [1, 1]);
  await routing.close();
  const [after, later] = [found.count(), others.count()];
  await others.times(later + 1);
  assert.equal(found.count(), after);
});

function closing<Closed extends { close(): Promise<void> }>(it: Closed) {
  return { it, [Symbol.asyncDispose]: () => it.close() };
}

function counted() {
  let [count, running, most] = [0, 0, 0];
  const waiting = new Set<() => void>();
  let held: Promise<void> = Promise.resolve();
  return {
    count: () => count,
    most: () => most,
    /** From now on its runs end when what it gives is called. */
    hang() {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return resolve;
    },
    async work() {
      running += 1;
      most = Math.max(most, running);
      await held;
      running -= 1;
      count += 1;
      for (const look of waiting) look();
    },
    async times(wanted: number) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = () => count >= wanted && resolve();
      waiting.add(look);
      look();
      await promise.finally(() => waiting.delete(look));
    },
  };
}

function inbox(status: string, session: string): string {
  return `insert into inbox (key, chat_key, inbound, status, session_id) values ('i', 'telegram:7', '{}', '${status}', ${session})`;
}

function turn(status: string): string {
  return `insert into turns (id, session_id, inbox_id, person_id, status) select 't', '$session', id, 'ann', '${status}' from inbox`;
}

function outbox(status: string): string {
  return `insert into outbox (key, platform, chat_key, body, sent, status) values ('o${status}', 'telegram', 'telegram:7', '{}', '[]', '${status}')`;
}

function errand(ended: string): string {
  return `insert into errands (id, key, type, number, person_id, session_id, spec, ended_at) values ('e', 'e', 'background', 1, 'ann', '$session', '{}', ${ended})`;
}

function schedule(next: string): string {
  return `insert into schedules (id, number, person_id, name, prompt, said, timing, deliver, origin_kind, work, status, next_at)
    values ('s', 1, 'ann', 'daily', 'report', 'daily', '{}', '[]', 'private', '{}', 'active', ${next})`;
}

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sql } from "kysely";
import { type RunEnd, type RunRules, type ScheduleParts, settleRun } from "../../workers/schedule-ends.ts";
import { type ChatRef, chatKey } from "../../src/core/chats.ts";
import { pictureType } from "../../src/core/media-types.ts";
import type { Outbound } from "../../src/core/outbound.ts";
import { noWish } from "../../src/core/schedule.ts";
import { keep, plan } from "../../src/schedules/desk.ts";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { sentFile } from "../../src/store/files.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { addRun } from "../../src/store/schedule-runs.ts";
import { freshDatabase } from "../services/postgres.ts";
import { silent } from "./database-forms.ts";

const chat: ChatRef = { platform: "telegram", chat: "7", thread: null };
const table = "Sales:\n\n| City | Sales |\n|---|---|\n| Ulm | 3 |\n| Bonn | 5 |\n| Kiel | 4 |\n";
const rules: RunRules = { wrap: false, charts: true, fromRuns: false, timeoutMs: 1, scriptMs: 1, retryMs: [], pauseAfter: 3 };
/** Nobody works here: what is owed stays in the outbox. */
const unheard: ScheduleParts["queues"] = {
  queue: () => ({ wake: async () => {}, sweep: async () => {} }),
  consume: () => assert.fail("nothing is consumed here"),
  health: async () => null,
  close: async () => {},
};
let stack: AsyncDisposableStack;
let database: Database;

before(async () => {
  stack = new AsyncDisposableStack();
  const { url } = stack.use(await freshDatabase());
  database = await openDatabase({ url, directory: "/nowhere", log: silent });
  stack.defer(() => database.close());
  await migrate(database.db, migrations);
  await database.db.insertInto("people").values({ id: "ann", name: "ann", role: "member" }).execute();
});
after(() => stack.disposeAsync());

/** Settles a run so often at a time; what its chat is owed then. */
async function owed(end: Partial<RunEnd & { readonly type: "answered" }>, charts: boolean, times = 1) {
  const { db } = database;
  const desk = { db, rules: async () => ({ zone: "UTC", mostPerPerson: 50, fromRuns: false }), wake: async () => {} };
  const asker = { person: { id: "ann", name: "ann", role: "member" }, chat, kind: "private", inRun: false } as const;
  const schedule = await keep(desk, await plan(desk, asker, { ...noWish, prompt: "report", time: "every 2h" }), "active");
  const run = await addRun(db, schedule.id);
  const parts: ScheduleParts = {
    db,
    queues: unheard,
    log: silent,
    home: "/nowhere",
    sandboxes: { open: () => assert.fail("no sandbox is opened here") },
    policy: () => assert.fail("nothing is judged here"),
    rules: async () => ({ ...rules, charts }),
  };
  const ended = { type: "answered", text: table, files: [], turn: null, ...end } as const;
  const settle = () => settleRun(parts, schedule, run, ended, { ranAs: "private", lateMs: 0 });
  await Promise.all(Array.from({ length: times }, settle));
  await settle();
  const key = `run:${run}:${chatKey(chat)}`;
  const rows = await sql<{ key: string; body: Outbound }>`
    select key, body from outbox where starts_with(key, ${key}) order by id`.execute(db);
  return rows.rows.map((row) => ({ key: row.key, body: row.body, name: row.key.slice(key.length) }));
}

test("a report of numbers owes its words, then its chart, then its files, each once however often it is settled", async () => {
  const file: Outbound = { markdown: "", replyTo: null, file: { kind: "document", name: "a.csv", size: 1, path: "a.csv" } };
  const [words, chart, other, ...more] = await owed({ files: [file] }, true, 4);
  assert.deepEqual([words?.name, chart?.name, other?.name, more], ["", ":chart", ":1", []]);
  assert.equal(words?.body.markdown, table, "the words are whole");
  const bytes = (await sentFile(database.db, chart?.key ?? "")) ?? assert.fail("no bytes");
  assert.equal(pictureType(bytes), "image/png");
  assert.deepEqual(chart?.body.file, { kind: "picture", name: "chart.png", size: bytes.length, path: "" });
});

test("no chart where the run made a picture itself, where there are no numbers, where none is wanted, or where nothing is told", async () => {
  const picture: Outbound = { markdown: "", replyTo: null, file: { kind: "picture", name: "a.png", size: 1, path: "a.png" } };
  const names = async (...asked: Parameters<typeof owed>) => (await owed(...asked)).map(({ name }) => name);
  assert.deepEqual(await names({ files: [picture] }, true), ["", ":1"]);
  assert.deepEqual(await names({ text: "All is well." }, true), [""]);
  assert.deepEqual(await names({}, false), [""]);
  assert.deepEqual(await names({ text: `${table}\n[SILENT]` }, true), []);
});

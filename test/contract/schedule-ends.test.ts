import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { sql } from "kysely";
import { landRun, type RunRules, type ScheduleParts, settleRun } from "../../workers/schedule-ends.ts";
import { noteRefusedReport } from "../../workers/schedule-refusals.ts";
import { workSchedules } from "../../workers/schedules.ts";
import { openSweeps, type Sweeps } from "../../workers/upkeep.ts";
import { schedulePorts } from "../../src/agent/scheduling.ts";
import type { ChatKind, ChatRef } from "../../src/core/chats.ts";
import type { Errand } from "../../src/core/errand.ts";
import type { Queues } from "../../src/core/queue.ts";
import { Failure } from "../../src/core/failures.ts";
import type { SandboxBackend } from "../../src/core/sandbox.ts";
import { noWish, runQueue, type ScheduleAsker } from "../../src/core/schedule.ts";
import type { ToolContext } from "../../src/core/tool.ts";
import { createChannelNames } from "../../src/gateway/channel-names.ts";
import { openQueues } from "../../src/queue/index.ts";
import { openSandboxes, type SandboxOptions } from "../../src/sandbox/index.ts";
import { scheduleCommands } from "../../src/schedules/commands.ts";
import { type DeskParts, keep, plan } from "../../src/schedules/desk.ts";
import { decideFiring } from "../../src/schedules/firing.ts";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { beginErrand, findErrand } from "../../src/store/errands.ts";
import { readJournal } from "../../src/store/journal.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { addRun, fireBatch, runsOf, takeRun, untilDue } from "../../src/store/schedule-runs.ts";
import { changeSchedule, recordNow, type Schedule, scheduleById } from "../../src/store/schedules.ts";
import { cronjob } from "../../src/tools/cronjob.ts";
import { freshDatabase } from "../services/postgres.ts";
import { startRedis } from "../services/redis.ts";
import { silent } from "./database-forms.ts";

const chat: ChatRef = { platform: "telegram", chat: "7", thread: null };
const group: ChatRef = { platform: "telegram", chat: "-55", thread: null };
const person = { id: "alice", name: "alice", role: "member" } as const;
const sandboxOptions: Omit<SandboxOptions, "directory"> = {
  image: "",
  cpus: 1,
  memoryMb: 256,
  pids: 64,
  diskMb: 64,
  network: "none",
  networkAllow: [],
  warm: 0,
  lifetimeMs: 300_000,
  dockerHost: null,
  home: "/nowhere",
  workdir: null,
  ssh: null,
  envPassthrough: [],
  log: silent,
  report: () => undefined,
};
const alice: ScheduleAsker = { person, chat, kind: "private", inRun: false };
const inGroup: ScheduleAsker = { person, chat: group, kind: "shared", inRun: false };
let stack: AsyncDisposableStack;
let database: Database;
let sweeps: Sweeps;
let queues: Queues;
let desk: DeskParts;
let rules: RunRules;
let sandboxes: SandboxBackend;

before(async () => {
  stack = new AsyncDisposableStack();
  const { url } = stack.use(await freshDatabase());
  const redis = stack.use(await startRedis());
  database = await openDatabase({ url, directory: "/nowhere", log: silent });
  stack.defer(() => database.close());
  await migrate(database.db, migrations);
  sweeps = openSweeps(database.db, silent);
  stack.defer(() => sweeps.close());
  queues = await openQueues({ backend: { kind: "redis", url: redis.url }, prefix: "hermes", log: silent });
  stack.defer(() => queues.close());
  desk = {
    db: database.db,
    rules: async () => ({ zone: "UTC", mostPerPerson: 500, fromRuns: false }),
    wake: async () => undefined,
  };
  rules = { wrap: false, charts: false, fromRuns: false, timeoutMs: 60_000, scriptMs: 60_000, retryMs: [0], pauseAfter: 3 };
  const directory = await mkdtemp(join(tmpdir(), "hermes-schedules-"));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  sandboxes = await openSandboxes("virtual", { ...sandboxOptions, directory });
  stack.defer(() => sandboxes.close());
  await database.db.insertInto("people").values(person).execute();
  await speaks("own", chat, "private");
  await speaks("all", group, "shared");
});
after(() => stack.disposeAsync());

/** Alice has written there once. */
async function speaks(id: string, { platform, chat: where }: ChatRef, kind: ChatKind): Promise<void> {
  const { db } = database;
  await db.insertInto("conversations").values({ id, platform, chat: where, thread: "", kind }).execute();
  await db.insertInto("sessions").values({ id, conversation_id: id, prompt: null }).execute();
  await sql`insert into inbox (key, chat_key, inbound, status) values (${id}, ${`${platform}:${where}`}, '{}', 'done')`.execute(
    db,
  );
  await sql`insert into turns (id, session_id, person_id, inbox_id, status)
    select ${id}, ${id}, 'alice', id, 'answered' from inbox where key = ${id}`.execute(db);
  await sql`insert into messages (session_id, turn_id, person_id, message)
    values (${id}, ${id}, 'alice', '{"role":"user","content":"x"}')`.execute(db);
}

const noSandbox: ScheduleParts["sandboxes"] = { open: () => assert.fail("no sandbox is opened here") };

function partsWith(sandboxes = noSandbox): ScheduleParts {
  return {
    db: database.db,
    queues,
    log: silent,
    home: "/nowhere",
    sandboxes,
    policy: async () => ({ policy: { mode: "off", deny: [], allowances: [], network: "none", home: "/nowhere" } }),
    rules: async () => rules,
  };
}

async function made(more: Partial<typeof noWish>, asker = alice): Promise<Schedule> {
  return await keep(desk, await plan(desk, asker, { ...noWish, prompt: "report", time: "every 2h", ...more }), "active");
}

async function reread(id: string): Promise<Schedule> {
  return (await scheduleById(database.db, id)) ?? assert.fail("it is gone");
}

/** A run that a worker has taken, and the errand that it has begun; it has noted nothing of it yet. */
async function begun(schedule: Schedule, kind: ChatKind): Promise<{ readonly run: string; readonly errand: Errand }> {
  const run = await addRun(database.db, schedule.id);
  const taken = await takeRun(database.db, run, "worker", 60_000);
  const terms = { label: "", about: "", rules: "", memory: true, only: null, without: [], model: null, maxSteps: null };
  const errand = await beginErrand(database.db, {
    type: "run",
    key: `run:${run}:1`,
    person,
    kind,
    home: null,
    prompt: "report",
    terms: { ...terms, timeoutMs: null, attended: false, depth: 0 },
    details: { run, attempt: taken?.attempt, schedule: schedule.id, lateMs: 0 },
  });
  return { run, errand };
}

function answered(errand: Errand, markdown: string): Errand {
  return { ...errand, status: "answered", result: { turn: "none", answer: { markdown, replyTo: null }, files: [] } };
}

/** What stands in the outbox for a chat. */
async function toldIn({ chat: where }: ChatRef): Promise<string> {
  const found = await sql<{ text: string }>`
    select body->>'markdown' as text from outbox where chat_key = ${`telegram:${where}`} order by id`.execute(database.db);
  return found.rows.map(({ text }) => text).join("\n");
}

test("an answer made with what its owner said in private goes to nobody else, wherever its schedule reports to by then", async () => {
  const schedule = await made({ name: "moved" });
  const { run, errand } = await begun(schedule, "private");
  await changeSchedule(database.db, schedule.id, { deliver: ["telegram:-55"] });
  await landRun(partsWith(), answered(errand, "canary-1"));
  assert.doesNotMatch(await toldIn(group), /canary-1|moved/);
  assert.match(await toldIn(chat), /moved.*failed: where it reports to changed while it ran; run it again/);
  const [seen] = await runsOf(database.db, schedule.id, "private", 5);
  assert.deepEqual([seen?.status, seen?.output], ["failed", null]);
  const { rows } = await sql`select kind from schedule_runs where id = ${run}`.execute(database.db);
  assert.deepEqual(rows, [{ kind: "private" }]);
});

test("a private run of a schedule made in a group fails: the group learns neither its words nor why, its owner does", async () => {
  const schedule = await made({ name: "ours", deliver: ["telegram:7"] }, inGroup);
  const run = await addRun(database.db, schedule.id);
  await takeRun(database.db, run, "worker", 60_000);
  const end = { type: "failed", code: "internal", failure: "canary-2 is broken", output: "canary-3" } as const;
  await settleRun(partsWith(), schedule, run, end, { ranAs: "private", lateMs: 0 });
  const inChat = async (asker: ScheduleAsker) => {
    const said = async (args: string) => (await scheduleCommands(desk, asker).run(args)).text;
    return `${await said("list")}\n${await said("history ours")}\n${await toldIn(asker.chat ?? chat)}`;
  };
  assert.doesNotMatch(await inChat(inGroup), /canary/);
  assert.match(await inChat(inGroup), /it failed \\?\(internal\\?\); its owner knows more/);
  assert.match(await toldIn(chat), /ours.*failed: canary-2 is broken\.\n\ncanary-3/);
  assert.match(await inChat(alice), /✗ canary-2 is broken/);
  await noteRefusedReport(partsWith(), `run:${run}:telegram:7`, "telegram:7", "canary-4");
  assert.match(await toldIn(group), /ours.*is paused: one of its places does not take its reports/);
  assert.doesNotMatch(await inChat(inGroup), /canary|telegram:7 does/);
});

test("whoever is asked whether a schedule may change reads where it will report to; where several read, nobody's private chat", async () => {
  await made({ name: "asked" }, inGroup);
  const question = async (asker: typeof alice) => {
    let shown = "";
    const ask: ToolContext["ask"] = async ({ text }) => {
      shown = text;
      return { type: "expired" };
    };
    const given: Pick<ToolContext, "ask" | "attended" | "schedules"> = {
      ask,
      attended: true,
      schedules: schedulePorts(desk, { ...asker, chat: asker.chat ?? chat }),
    };
    // The rest is not its to use.
    await cronjob.run({ action: "update", job: "asked", deliver: "telegram:7,origin" }, given as ToolContext);
    return shown;
  };
  assert.match(await question(inGroup), /reports to a private chat, this chat$/);
  assert.match(await question(alice), /reports to `telegram:7`, `telegram:-55`$/);
});

test("a worker dies after it has begun a run's errand and before it noted it: the answer is told, once", async () => {
  const schedule = await made({ name: "between" });
  const { run, errand } = await begun(schedule, "private");
  const ended = answered(errand, "all is well");
  await Promise.all([landRun(partsWith(), ended), landRun(partsWith(), ended)]);
  await sql`update schedule_runs set lease_until = now() - interval '1 second' where id = ${run}`.execute(database.db);
  assert.equal(await takeRun(database.db, run, "other", 1_000), null, "nobody begins it again");
  assert.equal((await toldIn(chat)).split("all is well").length, 2);
  assert.equal((await runsOf(database.db, schedule.id, "private", 5))[0]?.status, "done");
});

async function stateOf(
  run: string,
): Promise<{ readonly status: string; readonly attempt: number; readonly errand: string | null }> {
  const found = await sql<{ status: string; attempt: number; errand: string | null }>`
    select status, attempt, errand_id as errand from schedule_runs where id = ${run}`.execute(database.db);
  return found.rows[0] ?? assert.fail("it is gone");
}

/** Has a run begun, and waits until it has come there. */
async function comesTo(run: string, status: string, attempt = 1): Promise<string | null> {
  await queues.queue(runQueue).wake(`run:${run}`);
  for (;;) {
    const now = await stateOf(run);
    if (now.status === status && now.attempt === attempt) return now.errand;
    await pause(20);
  }
}

function unreachable(errand: Errand): Errand {
  const failure = { code: "model.unreachable", message: "nobody answers", advice: null } as const;
  const answer = { markdown: "", replyTo: null, ending: { type: "failed", failure } } as const;
  return { ...errand, status: "failed", failure: "nobody answers", result: { turn: "none", answer, files: [] } };
}

test("a run that broke off after a call goes on from there, also at a third try; where others read by then, it is told", async () => {
  rules = { ...rules, retryMs: [0, 0, 0, 0] };
  await using _worker = closing(await workSchedules(partsWith(), sweeps, "worker", 1_000));
  const schedule = await made({ name: "paying" });
  const run = await addRun(database.db, schedule.id);
  const { db } = database;
  const errandOf = async (attempt: number) => {
    const errand = (await findErrand(db, (await comesTo(run, "running", attempt)) ?? "")) ?? assert.fail("no errand");
    const journal = await readJournal(db, { kind: "system" }, errand.session);
    const said = await sql<{
      text: string;
    }>`select inbound->>'text' as text from inbox where session_id = ${errand.session}`.execute(db);
    return { errand, journal: journal.map(({ message }) => message.content), asked: said.rows[0]?.text ?? "" };
  };
  const first = await errandOf(1);
  assert.deepEqual([first.journal, first.asked], [[], "report"]);
  await landRun(partsWith(), unreachable(first.errand));
  // Nothing was done: it begins anew.
  const second = await errandOf(2);
  assert.deepEqual([second.journal, second.asked], [[], "report"]);
  const { session } = second.errand;
  await sql`insert into turns (id, session_id, person_id, inbox_id, status)
    select 'paid', ${session}, 'alice', id, 'failed' from inbox where session_id = ${session}`.execute(db);
  for (const message of [
    { role: "user", content: "report" },
    { role: "tool", call: "1", name: "terminal", content: "paid 5" },
  ])
    await sql`insert into messages (session_id, turn_id, message) values (${session}, 'paid', ${JSON.stringify(message)}::jsonb)`.execute(
      db,
    );
  await landRun(partsWith(), unreachable(second.errand));
  for (const attempt of [3, 4]) {
    const further = await errandOf(attempt);
    assert.deepEqual(further.journal, ["report", "paid 5"]);
    assert.match(further.asked, /what has been done is done/);
    if (attempt === 4) await changeSchedule(db, schedule.id, { deliver: ["telegram:-55"] });
    await landRun(partsWith(), unreachable(further.errand));
  }
  await comesTo(run, "failed", 5);
  assert.match(await toldIn(chat), /paying.*where it reports to changed meanwhile; run it again/);
  rules = { ...rules, retryMs: [0] };
});

test("a script runs once: a further try of the model takes what it has printed", { timeout: 30_000 }, async () => {
  await using _worker = closing(await workSchedules(partsWith(sandboxes), sweeps, "worker", 1_000));
  const schedule = await made({ name: "scripted", script: "echo once >> count; echo found $(wc -l < count)" });
  const run = await addRun(database.db, schedule.id);
  const fails = async (attempt: number) => {
    const errand = await findErrand(database.db, (await comesTo(run, "running", attempt)) ?? "");
    assert.ok(errand);
    const { rows } = await sql<{ text: string }>`
      select inbound->>'text' as text from inbox where inbound->'errand'->>'id' = ${errand.id}`.execute(database.db);
    assert.match(rows[0]?.text ?? "", /found 1\b/, `try ${attempt}`);
    await landRun(partsWith(), unreachable(errand));
  };
  await fails(1);
  await fails(2);
  assert.equal((await stateOf(run)).status, "failed");
});

test("a script that breaks off is not run again; one that has not begun is", { timeout: 30_000 }, async () => {
  const gone = new Failure("sandbox.unavailable", "it went away");
  let opens = 0;
  const open: SandboxBackend["open"] = async (owner, session) => {
    opens += 1;
    if (opens === 1) throw gone;
    return { ...(await sandboxes.open(owner, session)), run: () => Promise.reject(gone) };
  };
  await using _worker = closing(await workSchedules(partsWith({ open }), sweeps, "worker", 1_000));
  const schedule = await made({ name: "breaking", script: "send money", noAgent: true, prompt: "" });
  const run = await addRun(database.db, schedule.id);
  await comesTo(run, "failed", 2);
  assert.equal(opens, 2);
});

test("a close waits for scripts no longer than it may, and others are begun meanwhile", { timeout: 30_000 }, async () => {
  const worker = await workSchedules(partsWith(sandboxes), sweeps, "worker", 100);
  const slow = await addRun(database.db, (await made({ name: "slow", script: "sleep 60", noAgent: true, prompt: "" })).id);
  await comesTo(slow, "starting");
  const plain = await addRun(database.db, (await made({ name: "plain" })).id);
  await comesTo(plain, "running");
  const began = performance.now();
  await worker.close();
  assert.ok(performance.now() - began < 10_000);
});

test("what a paused schedule had fired is not begun; what somebody asks for by hand is", { timeout: 30_000 }, async () => {
  const { db } = database;
  const schedule = await made({ name: "resting" });
  const at = await recordNow(db);
  await changeSchedule(db, schedule.id, { timing: { type: "once", at, zone: "UTC" }, nextAt: at });
  const fired = await fireBatch(db, 10, decideFiring);
  await changeSchedule(db, schedule.id, { status: "paused" });
  await using _worker = closing(await workSchedules(partsWith(), sweeps, "worker", 1_000));
  await comesTo(fired.runs[0]?.id ?? "", "skipped");
  await comesTo(await addRun(db, schedule.id), "running");
});

test("runs that wait don't wake the clock; asked for twice there is one; where 24 are open no more begin", async () => {
  const { db } = database;
  const schedule = await made({ name: "flooded" });
  await sql`update schedules set next_at = null`.execute(db);
  const [first, second] = await Promise.all([addRun(db, schedule.id), addRun(db, schedule.id)]);
  assert.equal(first, second);
  assert.equal(await untilDue(db), null);
  const now = await recordNow(db);
  await sql`insert into schedule_runs (id, schedule_id, instant, cause)
    select 'flood' || n, ${schedule.id}, now() - n * interval '1 hour', 'clock' from generate_series(1, 23) n`.execute(db);
  await changeSchedule(db, schedule.id, { nextAt: now - 1 });
  assert.equal((await fireBatch(db, 10, decideFiring)).runs.length, 0);
  assert.equal((await runsOf(db, schedule.id, "private", 1))[0]?.status, "skipped");
  assert.ok(((await reread(schedule.id)).nextAt ?? 0) > now, "it goes on");
});

test("a schedule is named by a number, or by a name of several words with or without quotes; one that has run out needs --repeat", async () => {
  const said = async (args: string) => (await scheduleCommands(desk, alice).run(args)).text;
  const { id } = await made({ name: "news of" });
  await made({ name: "news of the day" });
  assert.match(await said("edit news of the day short ones"), /\*\*news of the day\*\*: short ones/);
  assert.match(
    await said('edit "news of" the best --script "echo ""a -- b"" it\'s"'),
    /\*\*news of\*\*: the best[^]*echo "a -- b" it's/,
  );
  for (const verb of ["show", "history", "pause", "resume"]) assert.match(await said(`${verb} "news of"`), /news of\*\*/, verb);
  await changeSchedule(database.db, id, { remaining: 0, status: "done", nextAt: null });
  assert.match(await said("edit news of --time 'every 3h'"), /has run as often as it was to\. Say --repeat too/);
  assert.match(await said("edit news of --time 'every 3h' --repeat 2"), /every 3h[^]*Runs left: 2/);
});

test("a channel's name is known wherever a schedule is made, once its platform has told it", async () => {
  const team = { platform: "discord", chat: "10", thread: null };
  await speaks("team", team, "shared");
  const said = async () => (await scheduleCommands(desk, alice).run("add every 2h look --deliver discord:#reports --yes")).text;
  assert.match(await said(), /I know no channel #reports on discord/);
  await createChannelNames(database.db).look("discord", async () => [{ chat: "10", name: "Reports" }]);
  assert.match(await said(), /Reports to: Reports \(`discord:10`\)/);
});

function closing(worker: { close(): Promise<void> }): AsyncDisposable {
  return { [Symbol.asyncDispose]: () => worker.close() };
}

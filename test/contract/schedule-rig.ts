import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { sql } from "kysely";
import type { RunRules, ScheduleParts } from "../../workers/schedule-ends.ts";
import { workSchedules } from "../../workers/schedules.ts";
import { openSweeps } from "../../workers/upkeep.ts";
import type { ChatKind, ChatRef } from "../../src/core/chats.ts";
import type { Errand } from "../../src/core/errand.ts";
import { noWish, runQueue, type ScheduleAsker } from "../../src/core/schedule.ts";
import { openQueues } from "../../src/queue/index.ts";
import { openSandboxes, type SandboxOptions } from "../../src/sandbox/index.ts";
import { scheduleCommands } from "../../src/schedules/commands.ts";
import { type DeskParts, keep, plan } from "../../src/schedules/desk.ts";
import { openDatabase } from "../../src/store/database.ts";
import { beginErrand, findErrand } from "../../src/store/errands.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { addRun, takeRun } from "../../src/store/schedule-runs.ts";
import { type Schedule, scheduleById } from "../../src/store/schedules.ts";
import { freshDatabase } from "../services/postgres.ts";
import { startRedis } from "../services/redis.ts";
import { silent } from "./database-forms.ts";

/** Alice's private chat, and a group that she has written in. */
export const chat: ChatRef = { platform: "telegram", chat: "7", thread: null };
export const group: ChatRef = { platform: "telegram", chat: "-55", thread: null };
export const person = { id: "alice", name: "alice", role: "member" } as const;
export const alice: ScheduleAsker = { person, chat, kind: "private", inRun: false };
export const inGroup: ScheduleAsker = { person, chat: group, kind: "shared", inRun: false };

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
const usual: RunRules = {
  wrap: false,
  charts: false,
  fromRuns: false,
  timeoutMs: 60_000,
  scriptMs: 60_000,
  retryMs: [0],
  pauseAfter: 3,
};
const noSandbox: ScheduleParts["sandboxes"] = { open: () => assert.fail("no sandbox is opened here") };

/** What tests of runs are made with. */
export type ScheduleRig = Awaited<ReturnType<typeof scheduleRig>>;

/** A record with Alice in it, queues and sandboxes, and what makes, begins and follows runs there. */
export async function scheduleRig() {
  const stack = new AsyncDisposableStack();
  const { url } = stack.use(await freshDatabase());
  const redis = stack.use(await startRedis());
  const database = await openDatabase({ url, directory: "/nowhere", log: silent });
  stack.defer(() => database.close());
  const { db } = database;
  await migrate(db, migrations);
  const sweeps = openSweeps(db, silent);
  stack.defer(() => sweeps.close());
  const queues = await openQueues({ backend: { kind: "redis", url: redis.url }, prefix: "hermes", log: silent });
  stack.defer(() => queues.close());
  const directory = await mkdtemp(join(tmpdir(), "hermes-schedules-"));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const sandboxes = await openSandboxes("virtual", { ...sandboxOptions, directory });
  stack.defer(() => sandboxes.close());
  const desk: DeskParts = {
    db,
    rules: async () => ({ zone: "UTC", mostPerPerson: 500, fromRuns: false }),
    wake: async () => undefined,
  };

  /** Somebody has written there once. */
  async function speaks(id: string, { platform, chat: where }: ChatRef, kind: ChatKind, who = person.id): Promise<void> {
    await db.insertInto("conversations").values({ id, platform, chat: where, thread: "", kind }).execute();
    await db.insertInto("sessions").values({ id, conversation_id: id, prompt: null }).execute();
    await sql`insert into inbox (key, chat_key, inbound, status) values (${id}, ${`${platform}:${where}`}, '{}', 'done')`.execute(
      db,
    );
    await sql`insert into turns (id, session_id, person_id, inbox_id, status)
      select ${id}, ${id}, ${who}, id, 'answered' from inbox where key = ${id}`.execute(db);
    await sql`insert into messages (session_id, turn_id, person_id, message)
      values (${id}, ${id}, ${who}, '{"role":"user","content":"x"}')`.execute(db);
  }

  await db.insertInto("people").values(person).execute();
  await speaks("own", chat, "private");
  await speaks("all", group, "shared");

  const partsWith = (sandboxes = noSandbox, rules: Partial<RunRules> = {}): ScheduleParts => ({
    db,
    queues,
    log: silent,
    home: "/nowhere",
    sandboxes,
    policy: async () => ({ policy: { mode: "off", deny: [], allowances: [], network: "none", home: "/nowhere" } }),
    rules: async () => ({ ...usual, ...rules }),
  });

  const stateOf = async (run: string) => {
    const found = await sql<{ status: string; attempt: number; errand: string | null }>`
      select status, attempt, errand_id as errand from schedule_runs where id = ${run}`.execute(db);
    return found.rows[0] ?? assert.fail("it is gone");
  };

  return {
    db,
    queues,
    sandboxes,
    desk,
    speaks,
    partsWith,
    stateOf,
    made: async (more: Partial<typeof noWish>, asker = alice) =>
      await keep(desk, await plan(desk, asker, { ...noWish, prompt: "report", time: "every 2h", ...more }), "active"),
    reread: async (id: string) => (await scheduleById(db, id)) ?? assert.fail("it is gone"),
    /** What `/cron` answers. */
    said: async (args: string, asker = alice) => (await scheduleCommands(desk, asker).run(args)).text,

    /** A run that a worker has taken, and the errand that it has begun; it has noted nothing of it yet. */
    async begun(schedule: Schedule, kind: ChatKind): Promise<{ readonly run: string; readonly errand: Errand }> {
      const run = await addRun(db, schedule.id);
      const taken = await takeRun(db, run, "worker", 60_000);
      const terms = { label: "", about: "", rules: "", memory: true, only: null, without: [], model: null, maxSteps: null };
      const errand = await beginErrand(db, {
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
    },

    /** What stands in the outbox for a chat. */
    async toldIn({ platform, chat: where }: ChatRef): Promise<string> {
      const found = await sql<{ text: string }>`
        select body->>'markdown' as text from outbox where chat_key = ${`${platform}:${where}`} order by id`.execute(db);
      return found.rows.map(({ text }) => text).join("\n");
    },

    /** A worker that begins runs, for as long as a test goes on. */
    async work(parts: ScheduleParts, drainMs = 1_000) {
      const worker = await workSchedules(parts, sweeps, "worker", drainMs);
      return { close: () => worker.close(), [Symbol.asyncDispose]: () => worker.close() };
    },

    /** Has a run begun, and waits until it has come there. */
    async comesTo(run: string, status: string, attempt = 1): Promise<void> {
      await queues.queue(runQueue).wake(`run:${run}`);
      for (;;) {
        const now = await stateOf(run);
        if (now.status === status && now.attempt === attempt) return;
        await pause(20);
      }
    },

    /** The errand of a run that runs. */
    errandOf: async (run: string) => (await findErrand(db, (await stateOf(run)).errand ?? "")) ?? assert.fail("no errand"),

    async [Symbol.asyncDispose]() {
      await stack.disposeAsync();
    },
  };
}

/** An errand that has answered. */
export function answered(errand: Errand, markdown: string): Errand {
  return { ...errand, status: "answered", result: { turn: "none", answer: { markdown, replyTo: null }, files: [] } };
}

/** One that no model server answered. */
export function unreachable(errand: Errand): Errand {
  const failure = { code: "model.unreachable", message: "nobody answers", advice: null } as const;
  const answer = { markdown: "", replyTo: null, ending: { type: "failed", failure } } as const;
  return { ...errand, status: "failed", failure: "nobody answers", result: { turn: "none", answer, files: [] } };
}

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { test } from "node:test";
import { fork } from "node:child_process";
import { Failure } from "../../src/core/failures.ts";
import type { JobOutcome, Queues } from "../../src/core/queue.ts";
import { openQueues } from "../../src/queue/index.ts";
import { redisUrl, startRedis } from "../services/redis.ts";
import { forms as databases, silent } from "./database-forms.ts";

interface Rig extends AsyncDisposable {
  open(): Promise<Queues>;
}

const done: JobOutcome = { type: "done" };

async function onRedis(): Promise<Rig> {
  const url = await redisUrl();
  const prefix = `test-${randomUUID()}`;
  const opened: Queues[] = [];
  return {
    async open() {
      const queues = await openQueues({ backend: { kind: "redis", url }, prefix, log: silent });
      opened.push(queues);
      return queues;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((queues) => queues.close()));
    },
  };
}

async function onPostgres(kind: "embedded" | "postgres"): Promise<Rig> {
  const place = await databases[kind]();
  const database = await place.open();
  const opened: Queues[] = [];
  return {
    async open() {
      const queues = await openQueues({
        backend: { kind: "postgres", pool: database.pool, exclusive: false },
        prefix: "",
        log: silent,
      });
      opened.push(queues);
      return queues;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((queues) => queues.close()));
      await place[Symbol.asyncDispose]();
    },
  };
}

const forms = { redis: onRedis, embedded: () => onPostgres("embedded"), postgres: () => onPostgres("postgres") };

for (const [form, open] of Object.entries(forms)) {
  test(`${form}: a wake during a job leads to one more run, however many there are`, async () => {
    await using rig = await open();
    const queues = await rig.open();
    const started = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const second = Promise.withResolvers<void>();
    let runs = 0;
    await queues.consume("turns", 4, async () => {
      runs += 1;
      if (runs === 1) {
        started.resolve();
        await gate.promise;
      } else second.resolve();
      return done;
    });
    await queues.queue("turns").wake("s");
    await started.promise;
    await Promise.all([1, 2, 3, 4, 5].map(() => queues.queue("turns").wake("s")));
    assert.equal(runs, 1, "one subject never runs twice at once");
    gate.resolve();
    await second.promise;
    await queues.queue("turns").wake("other");
    await until(() => runs === 3);
  });

  test(`${form}: two consumers, 300 wakes over 30 subjects: no wake is lost, no subject runs twice at once`, async () => {
    await using rig = await open();
    const [one, two] = [await rig.open(), await rig.open()];
    const wanted = new Map<string, number>();
    const seen = new Map<string, number>();
    const running = new Set<string>();
    const handler = async (subject: string): Promise<JobOutcome> => {
      assert.ok(!running.has(subject), `${subject} runs twice at once`);
      running.add(subject);
      const asked = wanted.get(subject) ?? 0;
      await new Promise((resolve) => setImmediate(resolve));
      seen.set(subject, asked);
      running.delete(subject);
      return done;
    };
    await one.consume("turns", 8, handler);
    await two.consume("turns", 8, handler);
    for (let index = 0; index < 300; index += 1) {
      const subject = `s${(index * 7) % 30}`;
      wanted.set(subject, (wanted.get(subject) ?? 0) + 1);
      await (index % 2 === 0 ? one : two).queue("turns").wake(subject);
    }
    await until(() => [...wanted].every(([subject, count]) => seen.get(subject) === count));
  });

  test(`${form}: "again" comes back later, and a failed job that may be retried does too`, async () => {
    await using rig = await open();
    const queues = await rig.open();
    const outcomes: (() => JobOutcome)[] = [
      () => ({ type: "again", afterMs: 50 }),
      () => {
        throw new Failure("platform.unavailable", "not now", { retryable: true, retryAfterMs: 50 });
      },
      () => done,
    ];
    let runs = 0;
    await queues.consume("deliveries-x", 1, async () => (outcomes[runs++] ?? (() => done))());
    await queues.queue("deliveries-x").wake("chat");
    await until(() => runs === 3);
  });

  test(`${form}: a wake finds a delayed job and goes at once`, async () => {
    await using rig = await open();
    const queues = await rig.open();
    const ran = Promise.withResolvers<void>();
    await queues.queue("turns").wake("s", { delayMs: 600_000 });
    await queues.consume("turns", 1, async () => {
      ran.resolve();
      return done;
    });
    await queues.queue("turns").wake("s");
    await ran.promise;
  });

  test(`${form}: a sweep gets through while a dead worker's job still counts as active, once an attempt`, async () => {
    await using rig = await open();
    const [dead, live] = [await rig.open(), await rig.open()];
    const gate = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    await dead.consume("turns", 1, async () => {
      started.resolve();
      await gate.promise;
      return done;
    });
    await dead.queue("turns").wake("s");
    await started.promise;
    let swept = 0;
    await live.consume("turns", 1, async () => {
      swept += 1;
      return done;
    });
    await live.queue("turns").sweep("s", "7");
    await until(() => swept === 1);
    gate.resolve();
  });

  test(`${form}: draining takes no new jobs and waits for the running one`, async () => {
    await using rig = await open();
    const queues = await rig.open();
    const gate = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    const ran: string[] = [];
    const consumer = await queues.consume("turns", 1, async (subject) => {
      started.resolve();
      await gate.promise;
      ran.push(subject);
      return done;
    });
    await queues.queue("turns").wake("first");
    await started.promise;
    const drained = consumer.drain();
    await queues.queue("turns").wake("second");
    gate.resolve();
    await drained;
    assert.deepEqual(ran, ["first"]);
    await consumer.close();
    assert.equal(await queues.health(), null);
  });
}

test("redis: the job of a killed worker is run by another", async () => {
  const url = await redisUrl();
  const prefix = `test-${randomUUID()}`;
  const child = fork(new URL("./queue-worker.ts", import.meta.url), [url, prefix]);
  await once(child, "message");
  const queues = await openQueues({ backend: { kind: "redis", url }, prefix, log: silent });
  await queues.queue("turns").wake("s");
  await once(child, "message");
  child.kill("SIGKILL");
  const ran = Promise.withResolvers<string>();
  await queues.consume("turns", 1, async (subject) => {
    ran.resolve(subject);
    return done;
  });
  assert.equal(await ran.promise, "s");
  await queues.close();
});

test("redis: wiped while a job runs and another waits, consumers take what comes next", async () => {
  await using redis = await startRedis();
  const queues = await openQueues({ backend: { kind: "redis", url: redis.url }, prefix: "t", log: silent });
  const gate = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const ran: string[] = [];
  await queues.consume("turns", 2, async (subject) => {
    if (subject === "held") {
      started.resolve();
      await gate.promise;
    }
    ran.push(subject);
    return done;
  });
  await queues.queue("turns").wake("held");
  await started.promise;
  await queues.queue("turns").wake("held");
  await redis.flush();
  gate.resolve();
  await until(() => ran.length === 1);
  await queues.queue("turns").wake("held");
  await queues.queue("turns").wake("next");
  await until(() => ran.includes("next") && ran.filter((each) => each === "held").length === 2);
  await queues.close();
});

test("redis: away for a while, a wake says so at once; back again, everything goes on", async () => {
  await using redis = await startRedis();
  const queues = await openQueues({ backend: { kind: "redis", url: redis.url }, prefix: "t", log: silent });
  const ran: string[] = [];
  await queues.consume("turns", 1, async (subject) => {
    ran.push(subject);
    return done;
  });
  await redis.stop();
  const before = performance.now();
  await assert.rejects(queues.queue("turns").wake("lost"), { code: "queue.unavailable" });
  assert.ok(performance.now() - before < 4_000);
  assert.equal((await queues.health())?.code, "queue.unavailable");
  await redis.start();
  await until(async () => (await queues.health()) === null);
  await queues.queue("turns").wake("back");
  await until(() => ran.includes("back"));
  await queues.close();
});

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 20_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error("did not come true within 20 s");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

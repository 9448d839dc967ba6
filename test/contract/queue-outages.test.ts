import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { Log } from "../../src/core/log.ts";
import { openQueues } from "../../src/queue/index.ts";
import { redisUrl, startRedis } from "../services/redis.ts";
import { silent } from "./database-forms.ts";
import { done, noting, until } from "./queue-forms.ts";

const onRedis = (url: string, prefix = "t", log: Log = silent) => openQueues({ backend: { kind: "redis", url }, prefix, log });

/** A process with a consumer; resolves when that takes jobs. */
async function workerProcess(t: TestContext, url: string, prefix: string): Promise<ChildProcess> {
  const child = fork(new URL("./queue-worker.ts", import.meta.url), [url, prefix]);
  t.after(() => child.kill("SIGKILL"));
  await once(child, "message");
  return child;
}

test("redis: the job of a killed worker is run by another, soon, and wakes in between are not lost", async (t) => {
  const url = await redisUrl();
  const prefix = `test-${randomUUID()}`;
  const child = await workerProcess(t, url, prefix);
  const queues = await onRedis(url, prefix);
  t.after(() => queues.close());
  const working = once(child, "message");
  await queues.queue("turns").wake("s");
  await working;
  const ran: string[] = [];
  await queues.consume("turns", 1, async (subject) => {
    ran.push(subject);
    return done;
  });
  child.kill("SIGKILL");
  await queues.queue("turns").wake("s");
  const start = performance.now();
  await until(() => ran.length === 2);
  const took = performance.now() - start;
  assert.deepEqual(ran, ["s", "s"], "the killed one's, and the one that was asked for meanwhile");
  assert.ok(took < 18_000, `${took} ms`);
});

test("redis: a worker that was told to end leaves nothing that keeps its process, though Redis is away", async (t) => {
  await using redis = await startRedis();
  const child = await workerProcess(t, redis.url, "t");
  await redis.stop();
  // By now it has tried to come back.
  await wait(300);
  const start = performance.now();
  child.send("close");
  await once(child, "exit");
  assert.equal(child.exitCode, 0);
  // BullMQ's own pause after a broken connection, five seconds, is the longest thing left; what holds it would hold it for good.
  assert.ok(performance.now() - start < 25_000, `${performance.now() - start} ms`);
});

test("redis: wiped while jobs run and others wait, consumers take what comes next", async (t) => {
  await using redis = await startRedis();
  const { log, lines } = noting();
  const queues = await onRedis(redis.url, "t", log);
  // Before its Redis ends: BullMQ holds on to a connection that it can not close properly.
  await using _closing = { [Symbol.asyncDispose]: () => queues.close() };
  const idle = await onRedis(redis.url);
  t.after(() => idle.close());
  let gate = Promise.withResolvers<void>();
  let started = Promise.withResolvers<void>();
  const ran: string[] = [];
  await queues.consume("turns", 2, async (subject) => {
    if (subject === "held") {
      started.resolve();
      await gate.promise;
    }
    ran.push(subject);
    return done;
  });
  // A worker that is blocked, waiting, at the time.
  await idle.consume("others", 2, async (subject) => {
    ran.push(subject);
    return done;
  });
  for (let round = 1; round <= 3; round += 1) {
    ran.length = 0;
    await queues.queue("turns").wake("held");
    await started.promise;
    await queues.queue("turns").wake("held");
    await redis.flush();
    await queues.queue("turns").wake("next");
    gate.resolve();
    await until(() => ran.includes("next") && ran.includes("held"));
    gate = Promise.withResolvers();
    started = Promise.withResolvers();
    gate.resolve();
    await queues.queue("turns").wake("held");
    await queues.queue("others").wake("other");
    await until(() => ran.includes("other") && ran.filter((each) => each === "held").length === 2);
    gate = Promise.withResolvers();
    started = Promise.withResolvers();
  }
  assert.deepEqual(lines, []);
});

test("redis: away for three seconds, a wake says so at once; back again, everything goes on; two lines in the log", async () => {
  await using redis = await startRedis();
  const { log, lines } = noting();
  const queues = await onRedis(redis.url, "t", log);
  // Before its Redis ends: BullMQ holds on to a connection that it can not close properly.
  await using _closing = { [Symbol.asyncDispose]: () => queues.close() };
  const ran: string[] = [];
  const gate = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  await queues.consume("turns", 2, async (subject) => {
    started.resolve();
    if (subject === "long") await gate.promise;
    ran.push(subject);
    return done;
  });
  await queues.queue("turns").wake("long");
  await started.promise;
  await redis.stop();
  const before = performance.now();
  await assert.rejects(queues.queue("turns").wake("lost"), { code: "queue.unavailable" });
  assert.equal((await queues.health())?.code, "queue.unavailable");
  assert.ok(performance.now() - before < 4_000);
  gate.resolve();
  await wait(3_000);
  await redis.start();
  await until(async () => (await queues.health()) === null);
  await queues.queue("turns").wake("back");
  await until(() => ran.includes("back"));
  await queues.queue("turns").wake("long");
  await until(() => ran.filter((each) => each === "long").length >= 2);
  assert.equal(lines.filter((line) => line.includes("can't be reached")).length, 1, lines.join("\n"));
  assert.equal(lines.filter((line) => line.includes("is back")).length, 1, lines.join("\n"));
  assert.equal(lines.length, 2, lines.join("\n"));
});

test("redis: not there at the start, the failure says where it was looked for and what to do", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const opening = onRedis("redis://127.0.0.1:1");
  const refused = assert.rejects(opening, { code: "queue.unavailable", message: /127\.0\.0\.1:1 / });
  t.mock.timers.tick(30_000);
  await refused;
});

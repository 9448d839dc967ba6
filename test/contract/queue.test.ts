import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { Failure } from "../../src/core/failures.ts";
import type { JobOutcome, Queues } from "../../src/core/queue.ts";
import { done, forms, noting, until } from "./queue-forms.ts";

/** A handler that stays in its first job until told to go on. */
function gated(later: () => JobOutcome = () => done, first: () => JobOutcome = later) {
  const started = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const at: number[] = [];
  const handler = async (): Promise<JobOutcome> => {
    at.push(performance.now());
    if (at.length > 1) return later();
    started.resolve();
    await gate.promise;
    return first();
  };
  return { at, handler, started: started.promise, open: gate.resolve };
}

for (const [form, open] of Object.entries(forms)) {
  test(`${form}: a wake during a job leads to one more run, however many there are`, async () => {
    await using rig = await open();
    const queues = await rig.open();
    const { at, handler, started, open: letGo } = gated();
    await queues.consume("turns", 4, handler);
    await queues.queue("turns").wake("s");
    await started;
    await Promise.all([1, 2, 3, 4, 5].map(() => queues.queue("turns").wake("s")));
    assert.equal(at.length, 1, "one subject never runs twice at once");
    letGo();
    await until(() => at.length === 2);
    await queues.queue("turns").wake("other");
    await until(() => at.length === 3);
  });

  test(`${form}: 1,000 wakes over 50 subjects and two consumers: each seen after its last wake, none runs twice at once`, async () => {
    await using rig = await open();
    const [one, two] = [await rig.open(), await rig.open()];
    const wanted = new Map<string, number>();
    const seen = new Map<string, number>();
    const running = new Set<string>();
    let twice = 0;
    const handler = async (subject: string): Promise<JobOutcome> => {
      if (running.has(subject)) twice += 1;
      running.add(subject);
      const asked = wanted.get(subject) ?? 0;
      // From no time to a few milliseconds: wakes land while a job starts, runs, ends, and is being noted as done.
      for (let turns = asked % 7; turns > 0; turns -= 1) await new Promise((resolve) => setImmediate(resolve));
      seen.set(subject, asked);
      running.delete(subject);
      return done;
    };
    await one.consume("turns", 8, handler);
    await two.consume("turns", 8, handler);
    const waking = async (queues: Queues, from: number) => {
      for (let index = from; index < 1_000; index += 4) {
        const subject = `s${(index * 7) % 50}`;
        wanted.set(subject, (wanted.get(subject) ?? 0) + 1);
        await queues.queue("turns").wake(subject);
      }
    };
    await Promise.all([one, two, one, two].map(waking));
    await until(() => [...wanted].every(([subject, count]) => seen.get(subject) === count));
    assert.equal(twice, 0);
  });

  test(`${form}: a wake just as its subject's job ends is never lost`, async () => {
    await using rig = await open();
    const queues = await rig.open();
    let ran = Promise.withResolvers<void>();
    await queues.consume("turns", 2, async () => {
      ran.resolve();
      return done;
    });
    for (let round = 1; round <= 200; round += 1) {
      ran = Promise.withResolvers();
      await queues.queue("turns").wake("s");
      // It goes on the moment the handler has seen the work: while that job is noted as done, the next wake is on its way.
      await ran.promise;
    }
  });

  test(`${form}: "again" comes back later, and a failed job that may be retried does too`, async () => {
    await using rig = await open();
    const queues = await rig.open();
    const at: number[] = [];
    const outcomes: (() => JobOutcome)[] = [
      () => ({ type: "again", afterMs: 200 }),
      () => {
        throw new Failure("platform.unavailable", "not now", { retryable: true, retryAfterMs: 200 });
      },
    ];
    await queues.consume("deliveries-x", 1, async () => {
      at.push(performance.now());
      return (outcomes[at.length - 1] ?? (() => done))();
    });
    await queues.queue("deliveries-x").wake("chat");
    await until(() => at.length === 3);
    const [first = 0, second = 0, third = 0] = at;
    assert.ok(second - first >= 198 && third - second >= 198, `${second - first} ${third - second}`);
    assert.ok(third - first < 4_000);
  });

  test(`${form}: a job that fails for good is dropped with one line`, async () => {
    await using rig = await open();
    const { log, lines } = noting();
    const queues = await rig.open(log);
    const ran: string[] = [];
    await queues.consume("turns", 1, async (subject) => {
      ran.push(subject);
      if (subject === "bad") throw new TypeError("broken");
      return done;
    });
    await queues.queue("turns").wake("bad");
    await queues.queue("turns").wake("good");
    await until(() => ran.includes("good"));
    await wait(100);
    assert.deepEqual(ran, ["bad", "good"]);
    assert.equal(lines.length, 1, lines.join("\n"));
  });

  test(`${form}: no wake is later than asked: not for "again", not for a delayed one before or after it`, async () => {
    await using rig = await open();
    const queues = await rig.open();
    const turns = queues.queue("turns");
    const later: JobOutcome = { type: "again", afterMs: 600_000 };
    const { at, handler, started, open: letGo } = gated(() => later);
    await queues.consume("turns", 2, handler);
    await turns.wake("s");
    await started;
    await turns.wake("s");
    letGo();
    await until(() => at.length === 2);
    await turns.wake("s");
    await until(() => at.length === 3);
    await turns.wake("s", { delayMs: 300 });
    await turns.wake("s", { delayMs: 600_000 });
    await turns.wake("s");
    const asked = performance.now();
    await until(() => at.length === 5);
    assert.ok(performance.now() - asked < 4_000);
  });

  test(`${form}: urgent subjects go first`, async () => {
    await using rig = await open();
    const queues = await rig.open();
    for (const [subject, priority] of Object.entries({ scheduled: 10, subagent: 5, person: 1 })) {
      await queues.queue("turns").wake(subject, { priority });
    }
    const ran: string[] = [];
    await queues.consume("turns", 1, async (subject) => {
      ran.push(subject);
      return done;
    });
    await until(() => ran.length === 3);
    assert.deepEqual(ran, ["person", "subagent", "scheduled"]);
  });

  test(`${form}: a sweep gets through while a dead worker's job still counts as active, once an attempt`, async () => {
    await using rig = await open();
    const [dead, live] = [await rig.open(), await rig.open()];
    const { handler, started, open: letGo } = gated();
    await dead.consume("turns", 1, handler);
    await dead.queue("turns").wake("s");
    await started;
    await Promise.all(["7", "7", "7"].map((attempt) => live.queue("turns").sweep("s", attempt)));
    let swept = 0;
    await live.consume("turns", 1, async () => {
      swept += 1;
      return done;
    });
    await until(() => swept === 1);
    await live.queue("turns").sweep("s", "8");
    await until(() => swept === 2);
    letGo();
  });

  test(`${form}: draining takes no new jobs, waits for the running one, and leaves the others to be taken`, async () => {
    await using rig = await open();
    const [queues, other] = [await rig.open(), await rig.open()];
    const { at, handler, started, open: letGo } = gated();
    const consumer = await queues.consume("turns", 1, handler);
    await queues.queue("turns").wake("first");
    await started;
    let drained = false;
    const draining = consumer.drain().then(() => (drained = true));
    await queues.queue("turns").wake("second");
    await wait(100);
    assert.equal(drained, false);
    letGo();
    await draining;
    assert.equal(at.length, 1);
    await consumer.close();
    const taken: string[] = [];
    await other.consume("turns", 1, async (subject) => {
      taken.push(subject);
      return done;
    });
    await until(() => taken.includes("second"));
    assert.equal(await queues.health(), null);
  });

  test(`${form}: a close tells running handlers to end, and does not wait for one that won't`, async () => {
    await using rig = await open();
    const queues = await rig.open();
    const [told, obeying, ignoring] = [1, 2, 3].map(() => Promise.withResolvers<void>());
    assert.ok(told && obeying && ignoring);
    await queues.consume("obedient", 1, async (_subject, signal) => {
      signal.addEventListener("abort", () => told.resolve());
      obeying.resolve();
      await told.promise;
      return done;
    });
    const deaf = await queues.consume("deaf", 1, () => {
      ignoring.resolve();
      return new Promise(() => undefined);
    });
    await queues.queue("obedient").wake("s");
    await queues.queue("deaf").wake("s");
    await Promise.all([obeying.promise, ignoring.promise]);
    const start = performance.now();
    await Promise.all([deaf.close(), queues.close(), told.promise]);
    assert.ok(performance.now() - start < 8_000, `${performance.now() - start} ms`);
  });

  test(`${form}: an idle worker picks a job up at once`, async () => {
    await using rig = await open();
    const queues = await rig.open();
    const times: number[] = [];
    let since = 0;
    await queues.consume("turns", 8, async () => {
      times.push(performance.now() - since);
      return done;
    });
    for (let round = 1; round <= 20; round += 1) {
      since = performance.now();
      await queues.queue("turns").wake(`s${round}`);
      await until(() => times.length === round);
    }
    // Without notifications it would be the five seconds between two looks.
    const median = times.toSorted((one, other) => one - other)[10] ?? Infinity;
    assert.ok(median < 1_000, `${median} ms`);
  });
}

for (const form of ["embedded", "postgres"] as const) {
  test(`${form}: a server that answers with errors gets a rest, and jobs run when it is well again`, async () => {
    await using rig = await forms[form]();
    const { log, lines } = noting();
    const queues = await rig.open(log);
    for (let index = 0; index < 30; index += 1) await queues.queue("turns").wake(`s${index}`);
    let runs = 0;
    const broken = Promise.withResolvers<void>();
    await queues.consume("turns", 2, async () => {
      runs += 1;
      if (runs === 3) broken.resolve(rig.sql("alter table bullmq.job rename to lost"));
      if (runs >= 3) await broken.promise;
      return done;
    });
    await broken.promise;
    const before = process.cpuUsage();
    await wait(1_500);
    const { user, system } = process.cpuUsage(before);
    assert.ok(user + system < 1_000_000, `${(user + system) / 1_000} ms of processor time in 1.5 s of an outage`);
    await rig.sql("alter table bullmq.lost rename to job");
    await until(() => runs >= 30);
    assert.ok(lines.length < 10, lines.join("\n"));
  });

  test(`${form}: who has the queue alone drops what an earlier process left in it`, async () => {
    await using rig = await forms[form]();
    const before = await rig.open();
    for (const subject of ["a", "b"]) await before.queue("turns").wake(subject);
    await before.close();
    const queues = await rig.open(undefined, true);
    const ran: string[] = [];
    await queues.consume("turns", 1, async (subject) => {
      ran.push(subject);
      return done;
    });
    await queues.queue("turns").wake("new");
    await until(() => ran.length > 0);
    assert.deepEqual(ran, ["new"]);
  });
}

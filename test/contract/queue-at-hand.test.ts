import assert from "node:assert/strict";
import { test } from "node:test";
import { done, forms, until } from "./queue-forms.ts";

for (const [form, open] of Object.entries(forms)) {
  test(`${form}: what is woken where it is consumed runs at hand, without a job, in the places kept for it`, async () => {
    await using rig = await open();
    const [here, elsewhere] = [await rig.open(), await rig.open()];
    const gates = new Map<string, PromiseWithResolvers<void>>();
    const ran: string[] = [];
    await here.consume("turns", { concurrency: 3, atHand: 1 }, async (subject) => {
      ran.push(subject);
      await gates.get(subject)?.promise;
      return done;
    });
    const held = (...subjects: string[]) => {
      for (const subject of subjects) gates.set(subject, Promise.withResolvers());
    };
    const queue = here.queue("turns");
    held("a", "b", "c", "d");
    await queue.wake("a");
    assert.deepEqual(ran, ["a"], "it runs before the queue is asked");
    await Promise.all([queue.wake("a"), queue.wake("a")]);
    await queue.wake("b");
    await elsewhere.queue("turns").wake("c");
    await until(() => ran.includes("b") && ran.includes("c"));
    assert.deepEqual(ran.toSorted(), ["a", "b", "c"], "one at hand, two as jobs, and none of them twice");
    await queue.wake("d");
    gates.get("a")?.resolve();
    // Woken while it ran: once more. `d` waits as a job meanwhile: all places of jobs are taken.
    await until(() => ran.length === 4);
    assert.equal(ran[3], "a");
    await queue.wake("e");
    gates.get("b")?.resolve();
    await until(() => ran.includes("d"));
    gates.get("c")?.resolve();
    await until(() => ran.includes("e"));
    assert.deepEqual(ran.slice(4), ["d", "e"], "who came at hand while jobs waited does not pass them");
    gates.get("d")?.resolve();
  });

  test(`${form}: what runs at hand comes back later too, and a drain waits for it and for what it wants`, async () => {
    await using rig = await open();
    const [here, elsewhere] = [await rig.open(), await rig.open()];
    const gate = Promise.withResolvers<void>();
    const order: string[] = [];
    const consumer = await here.consume("turns", { concurrency: 4, atHand: 1 }, async () => {
      order.push("runs");
      if (order.length === 1) return { type: "again", afterMs: 100 };
      await gate.promise;
      order.push("ended");
      return { type: "again", afterMs: 1 };
    });
    await here.queue("turns").wake("s");
    await until(() => order.length === 2);
    const drained = consumer.drain().then(() => order.push("drained"));
    gate.resolve();
    await drained;
    assert.deepEqual(order, ["runs", "runs", "ended", "drained"]);
    const taken = new Set<string>();
    await elsewhere.consume("turns", 1, async (subject) => (taken.add(subject), done));
    // Nobody takes anything here any more: it is a job.
    await here.queue("turns").wake("t");
    await until(() => taken.size === 2);
    assert.deepEqual([...taken].toSorted(), ["s", "t"]);
  });

  test(`${form}: a close tells what runs at hand`, async () => {
    await using rig = await open();
    const queues = await rig.open();
    const told = Promise.withResolvers<void>();
    const consumer = await queues.consume("turns", { concurrency: 4, atHand: 1 }, async (_, signal) => {
      signal.addEventListener("abort", () => told.resolve());
      await told.promise;
      return done;
    });
    await queues.queue("turns").wake("s");
    await consumer.close();
    await told.promise;
  });
}

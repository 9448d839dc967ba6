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

  test(`${form}: what runs at hand comes back later too, is waited for by a drain, and is told of a close`, async () => {
    await using rig = await open();
    const queues = await rig.open();
    let runs = 0;
    const consumer = await queues.consume("turns", { concurrency: 4, atHand: 1 }, async () => {
      runs += 1;
      return runs === 1 ? { type: "again", afterMs: 100 } : done;
    });
    await queues.queue("turns").wake("s");
    await until(() => runs === 2);
    const last = Promise.withResolvers<void>();
    const second = await queues.consume("others", { concurrency: 4, atHand: 1 }, async (_, signal) => {
      signal.addEventListener("abort", () => last.resolve());
      await last.promise;
      return done;
    });
    await queues.queue("others").wake("s");
    const closed = second.close();
    await last.promise;
    await Promise.all([closed, consumer.drain()]);
  });
}

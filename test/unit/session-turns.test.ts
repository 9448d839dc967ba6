import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { createTurns, type Manner } from "../../src/store/session-turns.ts";

describe("taking turns at a session", () => {
  test("a yielding one lets a prompt one go first that comes in the same moment, or just after another", async () => {
    const turns = createTurns();
    const order: string[] = [];
    const use = async (name: string, manner: Manner) => {
      const leave = await turns.enter(manner);
      order.push(name);
      leave();
    };
    const noted = use("note", "yielding");
    await use("first", "prompt");
    // As a caller goes on that has just had its answer.
    await use("second", "prompt");
    await noted;
    assert.deepEqual(order, ["first", "second", "note"]);
  });

  test("a yielding one is not kept waiting for ever", async () => {
    const turns = createTurns();
    let served = false;
    const noted = turns.enter("yielding").then((leave) => {
      served = true;
      leave();
    });
    // Always one that holds it and one that waits.
    let held = await turns.enter("prompt");
    while (!served) {
      const next = turns.enter("prompt");
      await nextTurn();
      held();
      held = await next;
    }
    held();
    await noted;
  });

  test("one at a time, each served, prompt ones in their order", async () => {
    const clients = fc.array(fc.record({ yields: fc.boolean(), waits: fc.nat(2), holds: fc.nat(2) }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(clients, async (each) => {
        const turns = createTurns();
        let inside = 0;
        const served: number[] = [];
        const wait = async (times: number) => {
          for (let time = 0; time < times; time += 1) await nextTurn();
        };
        const asked: number[] = [];
        await Promise.all(
          each.map(async ({ yields, waits, holds }, index) => {
            await wait(waits);
            if (!yields) asked.push(index);
            const leave = await turns.enter(yields ? "yielding" : "prompt");
            inside += 1;
            assert.equal(inside, 1);
            served.push(index);
            await wait(holds);
            inside -= 1;
            leave();
          }),
        );
        assert.equal(served.length, each.length);
        assert.deepEqual(
          served.filter((index) => each[index]?.yields === false),
          asked,
        );
      }),
    );
  });
});

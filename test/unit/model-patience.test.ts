import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ModelRequest, ModelUsage } from "../../src/core/model.ts";
import { newAffinity } from "../../src/model/affinity.ts";
import { newBreaker } from "../../src/model/breaker.ts";
import { newSpeed } from "../../src/model/patience.ts";
import { newSlots } from "../../src/model/slots.ts";

function prompt(chars: number, session: string | null = "s"): ModelRequest {
  const caller = { person: "p", session, urgency: "interactive" } as const;
  return { messages: [{ role: "user", content: "x".repeat(chars) }], tools: [], toolChoice: "auto", caller };
}

function usage(
  promptTokens: number,
  cachedTokens: number | null,
  promptPerSecond: number | null,
  firstTokenMs = 1_000,
): ModelUsage {
  const rest = { completionTokens: 1, totalMs: 2_000, queuedMs: 0, tokensPerSecond: 20 };
  return { promptTokens, cachedTokens, promptPerSecond, firstTokenMs, ...rest };
}

const ceilingMs = 1_800_000;

test("patience before the first byte is the configured one until the speed is known, then in proportion to what must be read", () => {
  const speed = newSpeed();
  assert.equal(speed.patienceMs(prompt(80_000), ceilingMs), ceilingMs);
  // A 16 GB card's figure: 381 tokens/s; four characters a token.
  speed.learn(prompt(40_000, "a"), usage(10_000, 0, 381));
  const fresh = speed.patienceMs(prompt(80_000, "b"), ceilingMs);
  assert.ok(fresh > 250_000 && fresh < 310_000, `${fresh}`);
  const known = speed.patienceMs(prompt(80_000, "a"), ceilingMs);
  assert.ok(known < fresh && known > ceilingMs / 10, `${known}`);
  assert.equal(speed.patienceMs(prompt(100, "a"), ceilingMs), ceilingMs / 10);
  assert.equal(speed.patienceMs(prompt(80_000_000), ceilingMs), ceilingMs);
});

test("what came from the cache, or may have, says nothing of the speed", () => {
  const speed = newSpeed();
  speed.learn(prompt(40_000), usage(10_000, 9_990, 90_000));
  assert.equal(speed.promptPerSecond, null);
  speed.learn(prompt(40_000, "new"), usage(10_000, null, null, 20_000));
  assert.equal(speed.promptPerSecond, 500);
  speed.learn(prompt(40_000, "new"), usage(10_000, null, null, 50));
  assert.equal(speed.promptPerSecond, 500);
});

test("a breaker opens after three failures in a row, lets one try after growing pauses, and closes with an answer", () => {
  let now = 0;
  const breaker = newBreaker(() => now);
  breaker.failed("away");
  breaker.failed("away");
  assert.equal(breaker.worked(), true);
  for (let failure = 0; failure < 2; failure++) breaker.failed("away");
  assert.ok(breaker.admits());
  breaker.failed("still away");
  assert.deepEqual([breaker.open, breaker.admits(), breaker.why], [true, false, "still away"]);
  const pauses: number[] = [];
  for (let round = 0; round < 6; round++) {
    const from = now;
    while (!breaker.admits()) now += 500;
    pauses.push(now - from);
    assert.ok(!breaker.admits(), "two tried at once");
    breaker.failed("still away");
  }
  assert.deepEqual(pauses, [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
  now += 60_000;
  assert.equal(breaker.worked(), true);
  assert.deepEqual([breaker.open, breaker.admits(), breaker.why, breaker.worked()], [false, true, null, false]);
});

test("a crash that fails many requests at once counts once: the first pause is short all the same", () => {
  let now = 0;
  const breaker = newBreaker(() => now);
  for (let request = 0; request < 50; request++) breaker.failed("away");
  now += 5_000;
  assert.ok(breaker.admits());
  // A request that ends without a word on the server (a person's /stop) leaves the next try to the next pause.
  assert.ok(!breaker.admits());
  now += 10_000;
  assert.ok(breaker.admits());
  breaker.failed("still away");
  for (let request = 0; request < 50; request++) breaker.failed("still away");
  now += 20_000;
  assert.ok(breaker.admits());
});

const addresses = fc.uniqueArray(fc.webUrl(), { minLength: 2, maxLength: 6 });

test("a server more or less moves only the sessions that it wins or had", () => {
  fc.assert(
    fc.property(addresses, fc.string(), (all, session) => {
      const affinity = newAffinity();
      const home = affinity.order(session, all)[0];
      for (const gone of all) {
        const rest = all.filter((address) => address !== gone);
        if (gone !== home) assert.equal(affinity.order(session, rest)[0], home);
      }
      assert.deepEqual(new Set(affinity.order(session, all)), new Set(all));
      assert.equal(affinity.order(session, all.toReversed())[0], home);
    }),
  );
});

test("a session that moved stays where it went", () => {
  const all = ["http://a/v1", "http://b/v1", "http://c/v1"];
  const affinity = newAffinity();
  const [, second = ""] = affinity.order("s", all);
  affinity.settle("s", second, all);
  assert.equal(affinity.order("s", all)[0], second);
  assert.notEqual(
    affinity.order(
      "s",
      all.filter((address) => address !== second),
    )[0],
    second,
  );
});

test("a session keeps its slot while that is idle, two that run at once never share one, and side jobs take nobody's", () => {
  const slots = newSlots();
  const one = slots.take("one", 3);
  const two = slots.take("two", 3);
  assert.ok(one && two && one.id !== two.id);
  const side = slots.take(null, 3);
  assert.ok(side && side.id !== one.id && side.id !== two.id);
  assert.equal(slots.take("late", 3), null);
  for (const slot of [one, two, side]) slot.leave();
  assert.equal(slots.take("one", 3)?.id, one.id);
  const again = slots.take(null, 3);
  assert.equal(again?.id, side.id);
  assert.ok(!slots.spare(3).includes(one.id), "a probe must leave the one used last alone");
});

test("over any use of slots: none twice at once, and its own whenever nobody else has needed it", () => {
  const use = fc.record({ session: fc.nat(5), leave: fc.nat() });
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 4 }), fc.array(use, { maxLength: 60 }), (count, uses) => {
      const slots = newSlots();
      const busy = new Map<number, () => void>();
      const lastUser = new Map<number, number>();
      const lastSlot = new Map<number, number>();
      for (const { session, leave } of uses) {
        const slot = slots.take(`s${session}`, count);
        if (slot === null) assert.equal(busy.size, count);
        else {
          assert.ok(!busy.has(slot.id), "given twice");
          const own = lastSlot.get(session);
          if (own !== undefined && lastUser.get(own) === session && !busy.has(own)) assert.equal(slot.id, own);
          busy.set(slot.id, () => slot.leave());
          lastUser.set(slot.id, session);
          lastSlot.set(session, slot.id);
        }
        const [id, end] = [...busy][leave % Math.max(1, busy.size * 2)] ?? [];
        if (id !== undefined && end) {
          end();
          busy.delete(id);
        }
      }
    }),
  );
});

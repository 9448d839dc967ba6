import assert from "node:assert/strict";
import { test } from "node:test";
import { watchOutage } from "../../src/core/outage.ts";
import { settled, within } from "../../src/queue/deadline.ts";
import { noting } from "../contract/queue-forms.ts";

test("an outage is said once, and its end once; nothing is said of an end without a beginning", () => {
  const { log, lines } = noting();
  const outage = watchOutage("Redis", "it is tried again", log);
  outage.back();
  for (const message of ["connect ECONNREFUSED 127.0.0.1:6379", "Connection is closed.", "no answer within 2000 ms"]) {
    outage.error(new Error(message));
  }
  assert.ok(outage.down());
  outage.back();
  outage.back();
  assert.deepEqual(lines, ["Redis can't be reached; it is tried again", "Redis is back"]);
  assert.ok(!outage.down());
});

test("an error that stays is said once a minute, whatever numbers are in it", (t) => {
  t.mock.timers.enable({ apis: ["Date"] });
  const { log, lines } = noting();
  const outage = watchOutage("Redis", "", log);
  for (const script of ["1e9bb7deb6219644", "d96ca626f1ea141b"]) outage.error(new Error(`OOM in script ${script}`));
  assert.equal(lines.length, 1);
  t.mock.timers.tick(60_000);
  outage.error(new Error("OOM in script 1e9bb7deb6219644"));
  assert.equal(lines.length, 2);
});

test("a deadline passes a result and an error on, ends a wait, and leaves no timer", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  assert.equal(await within(1_000, Promise.resolve(7)), 7);
  await assert.rejects(within(1_000, Promise.reject(new Error("mine"))), { message: "mine" });
  const late = within(1_000, new Promise(() => undefined));
  const ended = settled(1_000, new Promise(() => undefined));
  t.mock.timers.tick(1_000);
  await assert.rejects(late, { message: "no answer within 1000 ms" });
  assert.equal(await ended, false);
  assert.equal(await settled(1_000, Promise.reject(new Error("well"))), true);
});

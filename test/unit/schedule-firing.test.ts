import assert from "node:assert/strict";
import { test } from "node:test";
import type { Timing } from "../../src/core/timing.ts";
import { decideFiring } from "../../src/schedules/firing.ts";
import { isSilent } from "../../src/schedules/report.ts";

const hourMs = 3_600_000;

test("after a downtime of 30 hours: nothing, one run, or one for each of the last day, and then as planned", () => {
  const timing: Timing = { type: "cron", expression: "0 * * * *", zone: "UTC" };
  const now = Date.parse("2026-11-21T12:30Z");
  const due = { id: "s", timing, remaining: null, nextAt: now - 30.5 * hourMs };
  const next = Date.parse("2026-11-21T13:00Z");
  const last = Date.parse("2026-11-21T12:00Z");
  assert.deepEqual(decideFiring({ ...due, missed: "skip" }, now), {
    id: "s",
    instants: [],
    skipped: last,
    nextAt: next,
    remaining: null,
  });
  assert.deepEqual(decideFiring({ ...due, missed: "once" }, now), {
    id: "s",
    instants: [last],
    skipped: last - hourMs,
    nextAt: next,
    remaining: null,
  });
  const all = decideFiring({ ...due, missed: "all" }, now);
  assert.deepEqual([all.instants.length, all.instants[0], all.instants.at(-1), all.nextAt], [24, last - 23 * hourMs, last, next]);
  assert.deepEqual(decideFiring({ ...due, missed: "all", remaining: 3 }, now).instants, [last - 2 * hourMs, last - hourMs, last]);
  assert.equal(decideFiring({ ...due, missed: "all", remaining: 3 }, now).nextAt, null);
  assert.deepEqual(decideFiring({ ...due, missed: "all", remaining: 0 }, now), {
    id: "s",
    instants: [],
    skipped: null,
    nextAt: null,
    remaining: 0,
  });
  const onTime = { ...due, nextAt: last };
  for (const missed of ["skip", "once", "all"] as const) {
    assert.deepEqual(decideFiring({ ...onTime, missed }, last + 900).instants, [last], missed);
    assert.equal(decideFiring({ ...onTime, missed }, last + 900).skipped, null);
  }
  const once = { ...due, timing: { type: "once", at: now - 5 * hourMs, zone: "UTC" } as const, nextAt: now - 5 * hourMs };
  assert.deepEqual(decideFiring({ ...once, missed: "once" }, now).instants, [now - 5 * hourMs]);
  assert.deepEqual(decideFiring({ ...once, missed: "skip" }, now).instants, []);
  // A minutely one that has been down for a year takes no longer than any.
  const minutely = {
    ...due,
    timing: { type: "cron", expression: "* * * * *", zone: "UTC" } as const,
    nextAt: now - 366 * 24 * hourMs,
  };
  assert.equal(decideFiring({ ...minutely, missed: "once" }, now).instants[0], now);
});

test("words of silence are the original's and Chinese ones, and only by themselves", () => {
  for (const text of [
    "[SILENT]",
    "silent",
    "NO_REPLY",
    "NO REPLY",
    "[静默]",
    "无需回复。",
    "Nothing new.\n\n[SILENT]",
    "[SILENT]\nnothing",
  ])
    assert.ok(isSilent(text), text);
  for (const text of ["The silent film is on at nine.", "All is silent", "report [SILENT] inside"])
    assert.ok(!isSilent(text), text);
});

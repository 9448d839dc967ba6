import assert from "node:assert/strict";
import { test } from "node:test";
import { createRests } from "../../workers/rests.ts";

test("what the record takes nothing of rests longer each time, half a minute at most, and its attempts are not its own", () => {
  let now = 0;
  const rests = createRests(() => now);
  const lengths = Array.from({ length: 7 }, (_, attempt) => {
    const from = now;
    rests.begin("s", attempt % 2 === 0);
    while (rests.has("s")) now += 500;
    return now - from;
  });
  assert.deepEqual(lengths, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  assert.deepEqual([rests.forgiven("s"), rests.forgiven("another"), rests.has("another")], [4, 0, false]);
  rests.end("s");
  rests.begin("s", false);
  assert.equal(rests.forgiven("s"), 0);
  now += 1_000;
  assert.equal(rests.has("s"), false);
});

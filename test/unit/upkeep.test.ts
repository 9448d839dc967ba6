import assert from "node:assert/strict";
import { test } from "node:test";
import { allOf } from "../../workers/upkeep.ts";

test("one part of the upkeep that fails keeps no other from its turn, and all that failed is told", async () => {
  const done: string[] = [];
  const part = (name: string) => async () => void done.push(name);
  const broken = (why: string) => () => Promise.reject(new Error(why));
  await assert.rejects(allOf([part("one"), broken("no disk"), part("two")]), /^Error: no disk$/);
  await assert.rejects(allOf([broken("no disk"), broken("no engine"), part("three")]), /no disk; no engine/);
  await allOf([part("four")]);
  assert.deepEqual(done, ["one", "two", "three", "four"]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Hold, holdAlone } from "../../src/store/sole-holder.ts";
import { forms } from "./database-forms.ts";

test("one that hangs loses what it holds, and learns of it; another takes it, and keeps it as long as it is heard of", async () => {
  await using place = await forms.postgres();
  const [first, second] = [await place.open(), await place.open()];
  // It would be heard of every three seconds: until then it is as if it hung.
  const hung = await holdAlone(first, "something", { mostSilentMs: 100 });
  assert.ok(hung);
  let taken: Hold | null = null;
  const late = performance.now() + 10_000;
  while (taken === null) {
    assert.ok(performance.now() < late, "idle_session_timeout does not count here");
    taken = await holdAlone(second, "something");
  }
  await hung.lost;
  await hung.release();
  assert.equal(await holdAlone(first, "something"), null);
  await taken.release();
  assert.equal(
    (await second.pool.query("show idle_session_timeout")).rows[0]?.idle_session_timeout,
    "0",
    "of no other connection",
  );
});

test("one that has lost its connection is kept out by nobody else's end but its own, and has that ended", async () => {
  await using place = await forms.postgres();
  const database = await place.open();
  const held = await holdAlone(database, "something");
  assert.ok(held);
  const options = { former: held.backend };
  let again: Hold | null = null;
  // Until the server has ended it, it is not known who has it; nobody else does.
  while (again === null) {
    const found = await holdAlone(database, "something", options).catch(refusal);
    assert.notEqual(found, null);
    if (found !== "unknown") again = found;
  }
  await held.lost;
  await held.release();
  assert.equal(await holdAlone(database, "something", options), null, "the former end is gone: this is another");
  await again.release();
});

function refusal(error: { readonly code: string }): "unknown" {
  assert.equal(error.code, "state.unavailable");
  return "unknown";
}

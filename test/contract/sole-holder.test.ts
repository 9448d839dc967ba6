import assert from "node:assert/strict";
import { test } from "node:test";
import { type Hold, holdAlone } from "../../src/store/sole-holder.ts";
import { forms } from "./database-forms.ts";

test("one that hangs loses what it holds, and learns of it; another takes it, and keeps it as long as it is heard of", async () => {
  await using place = await forms.postgres();
  const [first, second] = [await place.open(), await place.open()];
  // It would be heard of every three seconds: until then it is as if it hung.
  const hung = await holdAlone(first, "something", 100);
  assert.ok(hung);
  let taken: Hold | null = null;
  while (taken === null) taken = await holdAlone(second, "something");
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

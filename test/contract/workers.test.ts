import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { beat, leaveWorkers } from "../../src/store/workers.ts";
import { readyForms as forms } from "./database-forms.ts";

for (const [form, prepare] of Object.entries(forms)) {
  suite(`workers that live: ${form}`, () => {
    test("each is counted while it beats, and no longer once it has left or fallen silent", async () => {
      await using place = await prepare();
      const { db, pool } = await place.open();
      await migrate(db, migrations);
      assert.equal(await beat(db, "one"), 1);
      assert.equal(await beat(db, "one"), 1);
      assert.equal(await beat(db, "two"), 2);
      assert.equal(await beat(db, "three"), 3);
      await leaveWorkers(db, "three");
      assert.equal(await beat(db, "one"), 2);
      await pool.query("update workers set seen_at = now() - interval '16 seconds' where id = 'two'");
      assert.equal(await beat(db, "one"), 1);
      assert.equal(await beat(db, "two"), 2);
    });
  });
}

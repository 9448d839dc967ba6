import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { storeInbound } from "../../src/store/inbox.ts";
import { journalCallEnd } from "../../src/store/journal.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { admit } from "../../src/store/people.ts";
import { abandonSession, handOverSession, openSession } from "../../src/store/sessions.ts";
import { beginTurn } from "../../src/store/turns.ts";
import { claimSession } from "../../src/store/work.ts";
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

    test("a turn's attempts are those since a call of it last ended, without the workers that left on purpose", async () => {
      await using place = await prepare();
      const { db } = await place.open();
      await migrate(db, migrations);
      const chat = { platform: "test", chat: "1", thread: null };
      const sender = { platform: "test", id: "ann", name: "Ann" };
      await admit(db, sender, "member");
      const { session } = await openSession(db, chat, "private");
      const said = { type: "message", key: "k", chat, kind: "private", sender, at: 0, text: "do", messageId: null } as const;
      await storeInbound(db, { ...said, addressed: true }, true);
      const claim = async () => (await claimSession(db, session, "w", 60_000)) ?? assert.fail("held");
      let { hold, work } = await claim();
      assert.ok(work?.type === "begin");
      const { id: turn } = await beginTurn(db, hold, work.waiting, { role: "user", content: "do" });
      const resumed = async (letGo: typeof abandonSession) => {
        await letGo(db, hold);
        ({ hold, work } = await claim());
        return work?.type === "resume" ? work.turn.attempts : assert.fail("no turn");
      };
      const ends = async (status: "done" | "failed" | "unknown") =>
        await journalCallEnd(db, hold, { turn, step: 1, position: 0 }, status, {
          role: "tool",
          call: "c",
          name: "terminal",
          content: "",
        });
      assert.deepEqual([await resumed(abandonSession), await resumed(handOverSession)], [2, 2]);
      await ends("unknown");
      assert.equal(await resumed(abandonSession), 3);
      await ends("done");
      assert.deepEqual([await resumed(handOverSession), await resumed(abandonSession)], [1, 2]);
      const old = hold;
      await ends("failed");
      assert.equal(await resumed(abandonSession), 1);
      await handOverSession(db, old);
      assert.equal(await resumed(abandonSession), 2);
    });
  });
}

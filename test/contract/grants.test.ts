import assert from "node:assert/strict";
import test, { after, before, beforeEach, suite } from "node:test";
import { addGrants, grantsFor, listGrants, revokeGrants } from "../../src/store/grants.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { admit } from "../../src/store/people.ts";
import { endSession, openSession } from "../../src/store/sessions.ts";
import { readyForms as forms } from "./database-forms.ts";

const group = { platform: "telegram", chat: "-100", thread: "7" } as const;
const home = { platform: "web", chat: "home", thread: null } as const;
const deleting = { class: "delete_tree", backend: "local" };
const installing = { class: "install", backend: "ssh" };

for (const [form, prepare] of Object.entries(forms)) {
  suite(`what was allowed for longer: ${form}`, () => {
    const open = async () => {
      const place = await prepare();
      const { db } = await place.open();
      await migrate(db, migrations);
      const ann = await admit(db, { platform: "web", id: "ann", name: "Ann" }, "owner");
      const bob = await admit(db, { platform: "telegram", id: "bob", name: "Bob" }, "member");
      const { session: shared } = await openSession(db, group, "shared");
      const { session: own } = await openSession(db, home, "private");
      const [chat] = (await db.selectFrom("conversations").select("id").where("kind", "=", "shared").execute()).map(
        ({ id }) => id,
      );
      const at = {
        annHome: { owner: `person-${ann.id}`, person: ann.id },
        annGroup: { owner: `chat-${chat}`, person: ann.id },
        bobGroup: { owner: `chat-${chat}`, person: bob.id },
      };
      return { place, db, ann, bob, shared, own, at };
    };
    let rig: Awaited<ReturnType<typeof open>>;
    before(async () => {
      rig = await open();
    });
    beforeEach(() => rig.db.deleteFrom("grants").execute());
    after(() => rig.place[Symbol.asyncDispose]());

    test("it counts for that person, there, in that session or always", async () => {
      const { db, ann, at, shared, own } = rig;
      await addGrants(db, at.annGroup, null, [deleting, installing], ann.id);
      await addGrants(db, at.annHome, own, [deleting], ann.id);
      assert.equal((await grantsFor(db, at.annGroup, shared)).length, 2);
      assert.deepEqual(await grantsFor(db, at.bobGroup, shared), []);
      assert.deepEqual(await grantsFor(db, at.annHome, own), [deleting]);
      assert.deepEqual(await grantsFor(db, at.annHome, shared), []);
    });

    test("everybody sees their own, in a shared chat what counts there; an ended session's counts no more", async () => {
      const { db, ann, bob, at, own } = rig;
      await addGrants(db, at.annGroup, null, [deleting, deleting], bob.id);
      await addGrants(db, at.annHome, own, [installing], ann.id);
      await addGrants(db, at.bobGroup, null, [deleting], ann.id);
      const said = async (person: string | null, chat: typeof group | null) =>
        (await listGrants(db, { person, chat })).map((each) => [
          each.person,
          each.class,
          each.passing,
          each.shared,
          each.by,
          each.personId === ann.id,
        ]);
      const lines = [
        ["Ann", "delete_tree", false, "telegram", "Bob", true],
        ["Ann", "install", true, null, "Ann", true],
        ["Bob", "delete_tree", false, "telegram", "Ann", false],
      ];
      assert.deepEqual(await said(null, null), lines);
      assert.deepEqual(await said(ann.id, null), lines.slice(0, 2));
      assert.deepEqual(await said(null, group), [lines[0], lines[2]]);
      assert.deepEqual(await said(bob.id, group), [lines[2]]);
      await endSession(db, own);
      assert.deepEqual(await said(ann.id, null), lines.slice(0, 1));
    });

    test("taken back by number or all at once, only what is one's own to take, and at once for every process", async () => {
      const { db, place, ann, bob, at, shared } = rig;
      await addGrants(db, at.annGroup, null, [deleting, deleting, installing], ann.id);
      await addGrants(db, at.bobGroup, null, [deleting], ann.id);
      const [first, , bobs] = (await listGrants(db, { person: null, chat: null })).map(({ number }) => number);
      assert.ok(first !== undefined && bobs !== undefined);
      assert.equal(await revokeGrants(db, { person: bob.id, chat: null }, first), 0);
      assert.equal(await revokeGrants(db, { person: null, chat: home }, first), 0);
      const other = form === "postgres" ? (await place.open()).db : db;
      assert.equal((await grantsFor(other, at.annGroup, shared)).length, 2);
      assert.equal(await revokeGrants(db, { person: ann.id, chat: null }, first), 1);
      assert.deepEqual(await grantsFor(other, at.annGroup, shared), [installing]);
      assert.equal(await revokeGrants(db, { person: ann.id, chat: null }, first), 0);
      assert.equal(await revokeGrants(db, { person: ann.id, chat: null }, null), 1);
      assert.deepEqual(
        (await listGrants(db, { person: null, chat: null })).map(({ number }) => number),
        [bobs],
      );
    });
  });
}

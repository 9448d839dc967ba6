import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { sql } from "kysely";
import { pastPorts } from "../../src/agent/past.ts";
import { resume } from "../../src/commands/index.ts";
import type { ChatKind, Viewer } from "../../src/core/chats.ts";
import { createGateway } from "../../src/gateway/inlet.ts";
import type { GatewayParts } from "../../src/gateway/parts.ts";
import { suggestArgument } from "../../src/gateway/suggestions.ts";
import { targetsOf } from "../../src/schedules/targets.ts";
import type { Db } from "../../src/store/hold.ts";
import { lastRequest, storeInbound } from "../../src/store/inbox.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { hasSaid, latestResult, readHistory } from "../../src/store/journal.ts";
import { entitleSession, ownSessions, resumeSession, undoTurn } from "../../src/store/own-sessions.ts";
import { noteLeft } from "../../src/store/presences.ts";
import { standingIn } from "../../src/store/schedule-targets.ts";
import { pastLines, pastSessions, searchOwn, searchPast } from "../../src/store/search.ts";
import { endSession, openSession } from "../../src/store/sessions.ts";
import { beginTurn, closeTurn } from "../../src/store/turns.ts";
import { claimSession } from "../../src/store/work.ts";
import { forms as emptyForms, readyForms as forms, silent } from "../contract/database-forms.ts";

/** One thing said in a chat, and the agent's answer. */
interface Said {
  readonly platform?: string;
  readonly chat: string;
  readonly kind: ChatKind;
  readonly person: string;
  readonly text: string;
  readonly at?: number;
}

let count = 0;

/** Has somebody say something and be answered; the session is ended, so that each is a past conversation. */
async function converse(db: Db, { platform = "test", chat, kind, person, text, at = 0 }: Said) {
  const ref = { platform, chat, thread: null };
  await db
    .insertInto("people")
    .values({ id: person, name: person, role: "member" })
    .onConflict((c) => c.doNothing())
    .execute();
  const { conversation, session } = await openSession(db, ref, kind);
  const sender = { platform: "test", id: person, name: person };
  const inbound = {
    type: "message",
    key: `k${count++}`,
    chat: ref,
    kind,
    sender,
    at,
    text,
    messageId: null,
    addressed: true,
  } as const;
  const stored = await storeInbound(db, inbound);
  await db
    .updateTable("inbox")
    .set({ status: "waiting", session_id: session, person_id: person })
    .where("id", "=", stored?.id ?? 0)
    .execute();
  const claim = await claimSession(db, session, "w", 1_000);
  if (claim?.work?.type !== "begin") return assert.fail("no work");
  const turn = await beginTurn(db, claim.hold, claim.work.waiting, { role: "user", content: text });
  const content = `the answer to ${text}`;
  const message = { role: "assistant", content, reasoning: "", calls: [] } as const;
  await closeTurn(db, claim.hold, turn, {
    status: "answered",
    message,
    failure: null,
    answer: { markdown: content, replyTo: null },
  });
  await db.updateTable("sessions").set({ holder: null, lease_until: null }).where("id", "=", session).execute();
  await endSession(db, session);
  return { conversation, session };
}

for (const [form, prepare] of Object.entries(forms)) {
  suite(`past conversations: ${form}`, () => {
    test("are found by those who may see them, and by nobody else", async () => {
      await using place = await prepare();
      const { db } = await place.open();
      await migrate(db, migrations);
      const ann = await converse(db, { chat: "ann", kind: "private", person: "ann", text: "my zebra secret" });
      const bob = await converse(db, { chat: "bob", kind: "private", person: "bob", text: "bob's zebra plan" });
      const group = await converse(db, { chat: "group", kind: "shared", person: "ann", text: "the group's zebra" });
      const other = await converse(db, { chat: "other", kind: "shared", person: "bob", text: "another zebra" });
      const seen = async (viewer: Viewer) => {
        const found = await searchPast(db, viewer, { query: "zebra", newestFirst: true, limit: 50, except: "" });
        const sessions = [...new Set(found.map((line) => line.session))].toSorted();
        for (const { session } of [ann, bob, group, other]) {
          const lines = await pastLines(db, viewer, session, null, 5);
          assert.equal(lines.length > 0, sessions.includes(session), "what can't be found can't be read");
        }
        return sessions;
      };
      const inPrivate = (who: typeof ann, person: string): Viewer => ({ kind: "person", person, conversation: who.conversation });
      assert.deepEqual(await seen(inPrivate(ann, "ann")), [ann.session, group.session].toSorted());
      assert.deepEqual(await seen(inPrivate(bob, "bob")), [bob.session, other.session].toSorted());
      assert.deepEqual(await seen({ kind: "shared", conversation: group.conversation }), [group.session]);
      assert.deepEqual(await seen({ kind: "shared", conversation: other.conversation }), [other.session]);
      assert.deepEqual(await seen(inPrivate(ann, "carol")), []);
    });

    test("of a shared chat are for those who are in it: nobody who has left finds any, until they write there again", async () => {
      await using place = await prepare();
      const { db } = await place.open();
      await migrate(db, migrations);
      const chat = { platform: "test", chat: "group", thread: null };
      const mine = await converse(db, { chat: "bob", kind: "private", person: "bob", text: "my zebra" });
      const ours = await converse(db, { chat: "group", kind: "shared", person: "bob", text: "our zebra", at: 1_000 });
      const sender = { platform: "test", id: "bob", name: "Bob" };
      await db.insertInto("identities").values({ platform: "test", account: "bob", person_id: "bob", name: "Bob" }).execute();
      const event = { chat, kind: "shared", sender } as const;
      const word = { ...event, type: "message", text: "hi", messageId: null, addressed: false } as const;
      const wrote = async (at: number) => await storeInbound(db, { ...word, key: `bob ${at}`, at });
      const later = await converse(db, {
        chat: "group",
        kind: "shared",
        person: "ann",
        text: "a zebra of those in it",
        at: 2_000,
      });
      const viewer: Viewer = { kind: "person", person: "bob", conversation: mine.conversation };
      const owner = { person: "bob", origin: chat, originKind: "shared" } as const;
      const finds = async (what: string, sees: boolean, posts = sees) => {
        const found = await searchPast(db, viewer, { query: "zebra", newestFirst: true, limit: 9, except: "" });
        const past = await pastSessions(db, viewer, "", 9);
        const all = (sees ? [mine, ours, later] : [mine]).map(({ session }) => session).toSorted();
        for (const rows of [found, past]) assert.deepEqual(rows.map(({ session }) => session).toSorted(), all, what);
        assert.equal((await pastLines(db, viewer, later.session, null, 5)).length, sees ? 2 : 0, what);
        assert.equal(await standingIn(db, "bob", chat), posts ? "shared" : null, what);
        assert.deepEqual((await targetsOf(db, owner, ["local"])).lost, posts ? [] : ["origin"], what);
      };
      await finds("he has written there", true);
      // Boundary: of the gateway, no more than an event that nobody is answered for takes.
      const gateway = createGateway({ db, metrics: { messageIn() {} }, log: silent } as unknown as GatewayParts);
      await gateway.receive({ ...event, type: "left", key: "left 3", at: 3_000 });
      await gateway.settled();
      await finds("he has left", false);
      await wrote(2_500);
      await finds("what he wrote before came late", false);
      const changed = async (at: number) =>
        await storeInbound(db, { ...event, type: "change", key: `changed ${at}`, at, messageId: "1", text: null });
      await changed(3_500);
      await finds("an admin deletes what he wrote", false);
      await wrote(4_000);
      await finds("he is back", true);
      const left = { ...event, type: "left", key: "left 5", at: 5_000 } as const;
      const { id } = (await storeInbound(db, left)) ?? assert.fail();
      await changed(5_500);
      await noteLeft(db, "bob", left, id);
      await finds("that he left was noted when a message of his was deleted already", false);
      await wrote(6_000);
      await noteLeft(db, "bob", left, id);
      await finds("that he left was noted when he was back already", true);
      await sql`update presences set seen_at = now() - interval '15 days'`.execute(db);
      await finds("he has not written there for long", false, true);
      await wrote(Date.now());
      await finds("he has, to others", true);
    });

    test("are found however many errands have said the same since", async () => {
      await using place = await prepare();
      const { db } = await place.open();
      await migrate(db, migrations);
      const ann = await converse(db, { chat: "ann", kind: "private", person: "ann", text: "a zebra" });
      const errand = async (platform: string, count: number) => {
        for (let each = 0; each < count; each += 1)
          await converse(db, { platform, chat: `${each}`, kind: "private", person: "ann", text: "a zebra" });
      };
      const viewer: Viewer = { kind: "person", person: "ann", conversation: ann.conversation };
      await errand("subagent", 3);
      const past = await searchPast(db, viewer, { query: "zebra", newestFirst: true, limit: 1, except: "" });
      assert.deepEqual(
        past.map(({ session }) => session),
        [ann.session],
      );
      await errand("schedule", 2);
      await errand("background", 2);
      const own = await searchOwn(db, viewer, "zebra", null, 1);
      assert.deepEqual(
        own.map(({ id }) => id),
        [ann.session],
      );
    });

    test("any words, quotes and operators are a search, never an error", async () => {
      await using place = await prepare();
      const { db } = await place.open();
      await migrate(db, migrations);
      const { conversation } = await converse(db, {
        chat: "ann",
        kind: "private",
        person: "ann",
        text: "Deploy on Friday: żółw 中文",
      });
      const past = pastPorts(db, { kind: "person", person: "ann", conversation }, "");
      assert.match(await past.search({ query: "friday -monday", limit: 3, newestFirst: true }), /person: Deploy on Friday/);
      assert.match(await past.search({ query: "żółw", limit: 3, newestFirst: true }), /Deploy/);
      assert.match(await past.search({ query: "", limit: 3, newestFirst: true }), /untitled.*2 lines/);
      assert.match(await past.search({ query: "monday", limit: 3, newestFirst: false }), /Nothing of that/);
      const by = async (who: "person" | "agent") =>
        await past.search({ query: "friday", limit: 3, newestFirst: true, by: who, whole: true });
      assert.match(await by("person"), /person: Deploy on Friday/);
      assert.match(await by("agent"), /Nothing of that|you: /);
      assert.doesNotMatch(await by("agent"), /person: /);
      await assert.rejects(past.read("nowhere", null), /no session nowhere/);
      await fc.assert(
        fc.asyncProperty(fc.string({ unit: "grapheme", maxLength: 60 }), async (query) => {
          assert.equal(typeof (await past.search({ query, limit: 3, newestFirst: true })), "string");
        }),
        { numRuns: 60 },
      );
    });

    test("any part of what was said in Chinese is found, among other writing too", async () => {
      await using place = await prepare();
      const { db } = await place.open();
      await migrate(db, migrations);
      const text = "昨天我们把Kubernetes集群升级到了新版本，カタカナ 한국어입니다。";
      const { conversation } = await converse(db, { chat: "ann", kind: "private", person: "ann", text });
      await converse(db, { chat: "ann", kind: "private", person: "ann", text: "nothing of the kind" });
      const viewer: Viewer = { kind: "person", person: "ann", conversation };
      const found = async (query: string) =>
        (await searchPast(db, viewer, { query, newestFirst: true, limit: 5, except: "" })).length;
      for (const query of [
        "集群",
        "群",
        "集群升级到了",
        "Kubernetes",
        "kubernetes集群",
        '"集群升级"',
        "昨天 版本",
        "カナ",
        "국어",
        "本",
      ])
        assert.equal(await found(query), 1, query);
      for (const query of ["天昨", "集群 -升级", "服务器", "版集"]) assert.equal(await found(query), 0, query);
      assert.equal(await found("服务器 or 集群"), 1);
      await fc.assert(
        fc.asyncProperty(fc.nat(34), fc.integer({ min: 1, max: 12 }), async (from, length) => {
          const part = Array.from(text)
            .slice(from, from + length)
            .join("")
            .replace(/[a-z]+/gi, " ");
          if (/[\u3040-\u9fff\uac00-\ud7af]/u.test(part)) assert.equal(await found(part), 1, part);
        }),
        { numRuns: 40 },
      );
    });

    test("what was said before the index of pairs came is found as well, by the same people", async () => {
      await using place = await emptyForms[form === "embedded" ? "embedded" : "postgres"]();
      const { db } = await place.open();
      await migrate(
        db,
        migrations.filter(({ name }) => name < "0017"),
      );
      const ann = await converse(db, { chat: "ann", kind: "private", person: "ann", text: "旧的秘密" });
      const group = await converse(db, { chat: "group", kind: "private", person: "ann", text: "旧的计划" });
      await converse(db, { chat: "group", kind: "private", person: "bob", text: "hello" });
      await sql`update conversations set kind = 'shared' where chat = 'group'`.execute(db);
      await sql`update messages set created_at = now() - interval '20 days'`.execute(db);
      await migrate(db, migrations);
      const seen = async (viewer: Viewer) =>
        (await searchPast(db, viewer, { query: "旧的", newestFirst: true, limit: 5, except: "" })).map(({ session }) => session);
      const inPrivate = (person: string): Viewer => ({ kind: "person", person, conversation: ann.conversation });
      assert.deepEqual((await seen(inPrivate("ann"))).toSorted(), [ann.session, group.session].toSorted());
      assert.deepEqual(await seen(inPrivate("bob")), [group.session]);
      assert.deepEqual(await seen({ kind: "shared", conversation: group.conversation }), [group.session]);
    });

    test("only one's own conversations are listed, found and taken up, and a copy of one is nobody else's", async () => {
      await using place = await prepare();
      const { db } = await place.open();
      await migrate(db, migrations);
      const ann = await converse(db, { chat: "ann", kind: "private", person: "ann", text: "zebra one" });
      const bob = await converse(db, { chat: "bob", kind: "private", person: "bob", text: "zebra two" });
      const group = await converse(db, { chat: "group", kind: "shared", person: "ann", text: "zebra three" });
      const asAnn: Viewer = { kind: "person", person: "ann", conversation: ann.conversation };
      const asBob: Viewer = { kind: "person", person: "bob", conversation: bob.conversation };
      const asGroup: Viewer = { kind: "shared", conversation: group.conversation };
      const listed = async (viewer: Viewer) => (await ownSessions(db, viewer, null, 10)).map(({ id }) => id);
      const searched = async (viewer: Viewer) => (await searchOwn(db, viewer, "zebra", null, 10)).map(({ id }) => id);
      for (const look of [listed, searched]) {
        assert.deepEqual(await look(asAnn), [ann.session]);
        assert.deepEqual(await look(asBob), [bob.session]);
        assert.deepEqual(await look(asGroup), [group.session]);
      }
      for (const each of [ann, group]) await entitleSession(db, each.session, each === ann ? "Mine" : "Ours");
      await db.insertInto("identities").values({ platform: "test", account: "ann", person_id: "ann", name: "Ann" }).execute();
      const sender = { platform: "test", id: "ann", name: "Ann" };
      const offered = async (chat: string, kind: ChatKind) =>
        await suggestArgument(
          { db, commands: [resume], listings: async () => [] },
          { sender, chat: { platform: "test", chat, thread: null }, kind },
          "resume",
          "",
        );
      assert.deepEqual(await offered("ann", "private"), ["Mine"]);
      assert.deepEqual(
        await offered("group", "shared"),
        ["Ours"],
        "a title of one's own is not to be picked where others read it",
      );
      assert.deepEqual(await offered("elsewhere", "shared"), []);
      assert.equal(await resumeSession(db, asBob, ann.session, bob.conversation), false);
      assert.equal(await resumeSession(db, asGroup, ann.session, group.conversation), false);
      assert.equal(await resumeSession(db, asAnn, group.session, ann.conversation), false);
      const todo = JSON.stringify({ role: "tool", call: "c", name: "todo", content: "to do: stripes" });
      await sql`insert into messages (session_id, turn_id, message)
        select session_id, turn_id, ${todo}::jsonb from messages where session_id = ${ann.session} limit 1`.execute(db);
      // From another chat of one's own it comes as a copy.
      const elsewhere = await openSession(db, { platform: "test", chat: "ann's phone", thread: null }, "private");
      const there: Viewer = { kind: "person", person: "ann", conversation: elsewhere.conversation };
      assert.equal(await resumeSession(db, there, ann.session, elsewhere.conversation), true);
      const copy = await openSession(db, { platform: "test", chat: "ann's phone", thread: null }, "private");
      assert.notEqual(copy.session, ann.session);
      const said = async (viewer: Viewer, session: string) =>
        (await readHistory(db, viewer, session)).entries.map(({ message }) => message);
      assert.deepEqual(await said(there, copy.session), await said(asAnn, ann.session));
      assert.deepEqual(await said(asBob, copy.session), []);
      const remembered = async (session: string) => [
        (await lastRequest(db, session))?.text ?? null,
        await latestResult(db, { kind: "system" }, session, "todo", "to do"),
        await hasSaid(db, session, "ann", "one"),
      ];
      assert.deepEqual(await remembered(copy.session), ["zebra one", "to do: stripes", true]);
      // What is taken back in the copy stays in the original, and is found no more where it was taken back.
      assert.equal((await undoTurn(db, copy.session, "ann", "undo 1")).type, "undone");
      assert.deepEqual(await said(there, copy.session), []);
      assert.deepEqual(await remembered(copy.session), [null, null, false]);
      assert.deepEqual(await remembered(ann.session), ["zebra one", "to do: stripes", true]);
      // Told again, by a gateway that died before it had settled the command: nothing more is taken back.
      const more = await converse(db, { chat: "ann's phone", kind: "private", person: "ann", text: "more" });
      assert.equal((await undoTurn(db, more.session, "ann", "undo 1")).type, "undone");
      assert.equal((await said(there, more.session)).length, 2);
      assert.equal((await said(asAnn, ann.session)).length, 3);
      assert.equal((await undoTurn(db, group.session, "bob", "undo 2")).type, "others");
      assert.equal((await undoTurn(db, group.session, "ann", "undo 3")).type, "undone");
      assert.deepEqual(await searched(asGroup), []);
    });
  });
}

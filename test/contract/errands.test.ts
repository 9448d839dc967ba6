import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { ChatRef } from "../../src/core/chats.ts";
import type { Errand, ErrandTerms } from "../../src/core/errand.ts";
import type { Live } from "../../src/core/live.ts";
import type { Queues } from "../../src/core/queue.ts";
import { releaseHeld, stopErrand, stopErrandsOf, stopOverdue } from "../../src/store/errand-ends.ts";
import { openErrandLines } from "../../src/store/errand-lines.ts";
import { beginErrand, errandsOfCall, findErrand, type NewErrand, unlanded } from "../../src/store/errands.ts";
import type { Db, Hold } from "../../src/store/hold.ts";
import { storeInbound } from "../../src/store/inbox.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { privateChatsOf } from "../../src/store/people.ts";
import { parkTurn } from "../../src/store/questions.ts";
import { reachableBy } from "../../src/store/reach.ts";
import { searchPast } from "../../src/store/search.ts";
import { openSession, sessionsWithWork } from "../../src/store/sessions.ts";
import { beginTurn, closeTurn, type Turn } from "../../src/store/turns.ts";
import { claimSession } from "../../src/store/work.ts";
import { type ErrandParts, type Landings, openErrands } from "../../workers/errands.ts";
import { type Place, readyForms as forms, silent } from "./database-forms.ts";

const ann = { id: "ann", name: "Ann" };
const chat: ChatRef = { platform: "test", chat: "ann", thread: null };
const terms: ErrandTerms = {
  label: "Subagent",
  about: "look",
  rules: "",
  memory: false,
  only: null,
  without: [],
  model: null,
  maxSteps: null,
  timeoutMs: null,
  attended: true,
  depth: 1,
};
let count = 0;

/** A request in a chat, as far as its turn. */
async function asked(db: Db, where = chat): Promise<{ hold: Hold; turn: Turn }> {
  const { session } = await openSession(db, where, "private");
  const sender = { platform: "test", id: "ann", name: "Ann" };
  const inbound = {
    key: `k${(count += 1)}`,
    chat: where,
    kind: "private",
    sender,
    at: 0,
    text: "do it",
    messageId: null,
  } as const;
  const stored = await storeInbound(db, { ...inbound, type: "message", addressed: true });
  await db
    .updateTable("inbox")
    .set({ status: "waiting", session_id: session, person_id: "ann" })
    .where("id", "=", stored?.id ?? 0)
    .execute();
  return await taken(db, session);
}

/** A session's waiting request, taken and begun. */
async function taken(db: Db, session: string): Promise<{ hold: Hold; turn: Turn }> {
  const claim = await claimSession(db, session, "w", 60_000);
  if (claim?.work?.type !== "begin") return assert.fail("no work");
  const { hold, work } = claim;
  return { hold, turn: await beginTurn(db, hold, work.waiting, { role: "user", content: work.waiting.inbound.text }) };
}

/** Ends an errand's turn with an answer; a key of the outbox would be its turn's. */
async function answer(db: Db, errand: Errand, content: string): Promise<Turn> {
  const { hold, turn } = await taken(db, errand.session);
  const message = { role: "assistant", content, reasoning: "", calls: [] } as const;
  const said = { markdown: content, replyTo: null };
  await closeTurn(db, hold, turn, { status: "answered", message, failure: null, answer: said });
  return turn;
}

for (const [form, prepare] of Object.entries(forms)) {
  suite(`errands: ${form}`, () => {
    let place: Place;
    let db: Db;
    before(async () => {
      place = await prepare();
      ({ db } = await place.open());
      await migrate(db, migrations);
      await db.insertInto("people").values({ id: "ann", name: "Ann", role: "owner" }).execute();
      await db.insertInto("people").values({ id: "bob", name: "Bob", role: "member" }).execute();
    });
    after(() => place[Symbol.asyncDispose]());

    const errand = (over: Partial<NewErrand> = {}): NewErrand => ({
      type: "background",
      key: `e${(count += 1)}`,
      person: ann,
      kind: "private",
      home: chat,
      prompt: "look into it",
      terms,
      ...over,
    });
    const woken: string[] = [];
    const queue = { wake: async (subject: string) => void woken.push(subject), sweep: async () => undefined };
    const parts = (): ErrandParts => ({
      db,
      queues: { queue: () => queue } as unknown as Queues,
      live: { publish: () => undefined, signal: (turn: string) => void woken.push(`signal ${turn}`) } as unknown as Live,
      log: silent,
      turns: "turns",
    });
    const worker = (others: Partial<Landings> = {}) => openErrands(parts(), { run: async () => undefined, ...others });
    const outbox = (key: string) => db.selectFrom("outbox").selectAll().where("key", "=", key).execute();
    const overdue = (id: string) =>
      db
        .updateTable("errands")
        .set({ deadline_at: new Date(0) })
        .where("id", "=", id)
        .execute();

    test("one key is one errand, however many begin it at once", async () => {
      const wanted = errand();
      const begun = await Promise.all(Array.from({ length: 5 }, () => beginErrand(db, wanted)));
      assert.equal(new Set(begun.map(({ id }) => id)).size, 1);
      const rows = await db
        .selectFrom("inbox")
        .selectAll()
        .where("session_id", "=", begun[0]?.session ?? "")
        .execute();
      assert.equal(rows.length, 1);
    });

    test("a chat counts its errands, and begins again after 99", async () => {
      const where = { ...chat, chat: "counting" };
      assert.equal((await beginErrand(db, errand({ home: where }))).number, 1);
      assert.equal((await beginErrand(db, errand({ home: where }))).number, 2);
      await db.updateTable("conversations").set({ last_errand: 99 }).where("chat", "=", "counting").execute();
      assert.equal((await beginErrand(db, errand({ home: where }))).number, 1);
    });

    test("a shared chat's errand can't be of a private kind, which would see too much", async () => {
      const where = { ...chat, chat: "group" };
      await openSession(db, where, "shared");
      await assert.rejects(beginErrand(db, errand({ home: where, kind: "private" })), /can't belong/);
    });

    test("the outcome is the errand's, and nothing goes out before its landing", async () => {
      const begun = await beginErrand(db, errand());
      const turn = await answer(db, begun, "found");
      const ended = await findErrand(db, begun.id);
      assert.equal(ended?.status, "answered");
      assert.equal(ended.result?.answer.markdown, "found");
      assert.deepEqual(await outbox(`turn:${turn.id}`), []);
    });

    test("a death between the end and the landing: two sweepers at once, and the answer goes out once", async () => {
      const begun = await beginErrand(db, errand());
      const turn = await answer(db, begun, "found it");
      await db
        .updateTable("errands")
        .set({ ended_at: new Date(0) })
        .where("id", "=", begun.id)
        .execute();
      assert.ok((await unlanded(db, 1_000, 10)).some(({ id }) => id === begun.id));
      await Promise.all([worker().sweep(), worker().sweep(), worker().ended(begun.id)]);
      await worker().sweep();
      const [row, ...more] = await outbox(`turn:${turn.id}`);
      assert.match(row?.body.markdown ?? "", /^\*\*Subagent \d+\*\*: look\n\nfound it$/);
      assert.deepEqual(more, []);
      assert.ok(!(await unlanded(db, 0, 100)).some(({ id }) => id === begun.id));
    });

    test("a landing that fails is tried again", async () => {
      const begun = await beginErrand(db, errand({ type: "run", home: null, details: { schedule: "daily" } }));
      await answer(db, begun, "report");
      const told: unknown[] = [];
      const landing = async ({ details }: Errand): Promise<void> => {
        told.push(details["schedule"]);
        if (told.length === 1) throw new Error("the outbox is away");
      };
      const sweeper = worker({ run: landing });
      await sweeper.ended(begun.id);
      await db
        .updateTable("errands")
        .set({ ended_at: new Date(0) })
        .where("id", "=", begun.id)
        .execute();
      await sweeper.sweep();
      await sweeper.sweep();
      assert.deepEqual(told, ["daily", "daily"]);
    });

    suite("of a turn that waits", () => {
      const children = (hold: Hold, turn: Turn, names: readonly string[], atOnce = 2, mostInTurn = 50) =>
        Promise.all(
          names.map((name) => {
            const steps = { stepsLeft: 1_000, others: 0, beside: 0 };
            const parent = { hold, turn: turn.id, step: 1, position: 0, atOnce, mostInTurn, ...steps };
            const key = `subagent:${turn.id}:${name}`;
            return beginErrand(db, errand({ type: "subagent", key, terms: { ...terms, maxSteps: 5 }, parent }));
          }),
        );
      const isReady = async (session: string) => (await sessionsWithWork(db)).some((each) => each.session === session);
      const rest = async ({ hold, turn }: { hold: Hold; turn: Turn }) => {
        await parkTurn(db, hold, turn.id);
        await db.updateTable("sessions").set({ holder: null, lease_until: null }).where("id", "=", hold.session).execute();
      };

      test("it rests until the last has ended, and is woken then", async () => {
        const parent = await asked(db, { ...chat, chat: "waits" });
        const [one, two] = await children(parent.hold, parent.turn, ["one", "two"]);
        assert.ok(one && two);
        await rest(parent);
        assert.ok(!(await isReady(parent.hold.session)));
        await answer(db, one, "1");
        assert.ok(!(await isReady(parent.hold.session)));
        assert.equal((await claimSession(db, parent.hold.session, "other", 1))?.work, null);
        await answer(db, two, "2");
        woken.length = 0;
        await worker().ended(two.id);
        assert.ok(woken.includes(parent.hold.session));
        const claim = await claimSession(db, parent.hold.session, "other", 60_000);
        assert.equal(claim?.work?.type, "resume");
      });

      test("no more run at once than may, those that begin side by side included; each that ends lets another go", async () => {
        const parent = await asked(db, { ...chat, chat: "many" });
        const begun = await children(parent.hold, parent.turn, ["1", "2", "3", "4"]);
        const going = begun.filter(({ held }) => !held);
        assert.equal(going.length, 2);
        const held = begun.find((each) => each.held);
        assert.equal((await claimSession(db, held?.session ?? "", "w", 1))?.work, null);
        await answer(db, going[0] ?? assert.fail(), "done");
        const [first, second] = await Promise.all([releaseHeld(db, parent.turn.id), releaseHeld(db, parent.turn.id)]);
        assert.equal(new Set([...first, ...second]).size, 1);
        const now = await errandsOfCall(db, { turn: parent.turn.id, step: 1, position: 0 });
        assert.equal(now.filter((each) => each.held).length, 1);
      });

      test("one that was held for a sibling that ended while it was begun is let go by the sweep", async () => {
        const parent = await asked(db, { ...chat, chat: "late" });
        const [one, late] = await children(parent.hold, parent.turn, ["1", "2"], 1);
        const [first, held] = one?.held === true ? [late, one] : [one, late];
        assert.ok(first && held);
        // Its landing has not seen the held one: that was not committed yet.
        await answer(db, first, "done");
        woken.length = 0;
        await Promise.all([worker().sweep(), worker().sweep()]);
        assert.deepEqual(
          woken.filter((session) => session === held.session),
          [held.session],
        );
        assert.equal((await claimSession(db, held.session, "w", 1))?.work?.type, "begin");
      });

      test("a turn begins no more than it may, and a worker that has lost its session none", async () => {
        const parent = await asked(db, { ...chat, chat: "bounded" });
        await children(parent.hold, parent.turn, ["1", "2"], 2, 2);
        await assert.rejects(children(parent.hold, parent.turn, ["3"], 2, 2), /no more are allowed/);
        const [one] = await errandsOfCall(db, { turn: parent.turn.id, step: 1, position: 0 });
        const inner = await taken(db, one?.session ?? "");
        await assert.rejects(children(inner.hold, inner.turn, ["5"], 2, 2), /no more are allowed/, "nor do its subagents");
        assert.equal((await children(inner.hold, inner.turn, ["5"], 1, 3))[0]?.held, false);
        await assert.rejects(children({ ...parent.hold, fence: parent.hold.fence - 1 }, parent.turn, ["4"]), /taken over/);
      });

      test("a stop reaches the whole tree: running, resting, waiting, held", async () => {
        const parent = await asked(db, { ...chat, chat: "tree" });
        const begun = await children(parent.hold, parent.turn, ["one", "two", "three"]);
        const [running, resting, held] = begun.toSorted((one, other) => Number(one.held) - Number(other.held));
        assert.ok(running && resting && held);
        const [first, second] = [await taken(db, running.session), await taken(db, resting.session)];
        const [inner] = await children(second.hold, second.turn, ["inner"]);
        assert.ok(inner);
        await rest(second);
        const lines = await openErrandLines(db, chat, "ann");
        assert.equal(lines.find(({ id }) => id === resting.id)?.state, "working", "it waits for nobody's answer");
        const stopping = await stopErrandsOf(db, parent.turn.id, "Ann stopped it");
        assert.deepEqual(stopping.turns, [first.turn.id]);
        assert.deepEqual(stopping.sessions, [resting.session]);
        assert.deepEqual(new Set(stopping.ended), new Set([held.id, inner.id]));
        assert.equal((await findErrand(db, held.id))?.status, "stopped");
        assert.equal((await findErrand(db, inner.id))?.stopWhy, "Ann stopped it");
        assert.ok(await isReady(resting.session));
        assert.equal((await claimSession(db, inner.session, "w", 1))?.work, null);
      });

      test("one that never ends is stopped when its time is over, and told why; its siblings go on", async () => {
        const parent = await asked(db, { ...chat, chat: "slow" });
        const [slow, quick] = await children(parent.hold, parent.turn, ["slow", "quick"]);
        assert.ok(slow && quick);
        const { turn } = await taken(db, slow.session);
        await overdue(slow.id);
        woken.length = 0;
        await worker().sweep();
        assert.ok(woken.includes(`signal ${turn.id}`));
        assert.match((await findErrand(db, slow.id))?.stopWhy ?? "", /too long/);
        assert.equal((await findErrand(db, quick.id))?.stopWhy, null);
        assert.deepEqual((await stopOverdue(db)).turns.includes(turn.id), false);
      });

      test("those of a turn that ended without them are stopped", async () => {
        const parent = await asked(db, { ...chat, chat: "gone" });
        const [orphan] = await children(parent.hold, parent.turn, ["orphan"]);
        assert.ok(orphan);
        const said = { markdown: "never mind", replyTo: null };
        await closeTurn(db, parent.hold, parent.turn, { status: "failed", message: null, failure: "x", answer: said });
        assert.ok((await stopOverdue(db)).ended.includes(orphan.id));
        assert.match((await findErrand(db, orphan.id))?.stopWhy ?? "", /nobody waits/);
      });
    });

    test("what it says is found by its person, what a subagent says by nobody; neither is a chat to post in", async () => {
      const parent = await asked(db, { ...chat, chat: "seen" });
      const own = await beginErrand(db, errand({ prompt: "quokka in the background" }));
      const within = { atOnce: 3, mostInTurn: 50, stepsLeft: 50, others: 0, beside: 0 };
      const hidden = { hold: parent.hold, turn: parent.turn.id, step: 1, position: 0, ...within };
      const child = await beginErrand(db, errand({ type: "subagent", prompt: "quokka of a subagent", parent: hidden }));
      await answer(db, own, "a quokka");
      await answer(db, child, "a quokka");
      const wish = { query: "quokka", newestFirst: true, limit: 50, except: "" };
      const found = async (person: string) =>
        (await searchPast(db, { kind: "person", person, conversation: "none" }, wish)).map(({ session }) => session);
      assert.deepEqual(await found("ann"), [own.session]);
      assert.deepEqual(await found("bob"), []);
      assert.ok((await reachableBy(db, "ann")).every(({ chat: { platform } }) => platform === "test"));
      assert.ok((await privateChatsOf(db, "owner")).every(({ platform }) => platform === "test"));
    });

    test("a private chat's list is its person's; a stop by number ends what had not begun", async () => {
      const where = { ...chat, chat: "listed" };
      const begun = await beginErrand(db, errand({ home: where }));
      assert.deepEqual(await openErrandLines(db, where, "bob"), []);
      const [line] = await openErrandLines(db, where, "ann");
      assert.equal(line?.state, "waiting");
      assert.deepEqual((await stopErrand(db, begun.id, "Ann stopped it")).ended, [begun.id]);
      assert.deepEqual(await openErrandLines(db, where, "ann"), []);
      await worker().sweep();
    });
  });
}

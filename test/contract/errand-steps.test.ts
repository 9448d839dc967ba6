import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { ChatRef } from "../../src/core/chats.ts";
import type { Errand } from "../../src/core/errand.ts";
import { releaseHeld } from "../../src/store/errand-ends.ts";
import { stepsOfErrands } from "../../src/store/errand-steps.ts";
import { beginErrand, findErrand } from "../../src/store/errands.ts";
import type { Db, Hold } from "../../src/store/hold.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { parkTurn } from "../../src/store/questions.ts";
import { beginTurn, closeTurn, type Turn } from "../../src/store/turns.ts";
import { claimSession } from "../../src/store/work.ts";
import { type Place, readyForms } from "./database-forms.ts";

const home: ChatRef = { platform: "test", chat: "ann", thread: null };
const person = { id: "ann", name: "Ann" };
const terms = {
  label: "Subagent",
  about: "look",
  rules: "",
  memory: false,
  only: null,
  without: [],
  model: null,
  maxSteps: 25,
  timeoutMs: null,
  attended: true,
  depth: 1,
} as const;

interface Working {
  readonly hold: Hold;
  readonly turn: Turn;
}

suite("the steps of a request and its subagents", () => {
  let place: Place;
  let db: Db;
  before(async () => {
    place = await readyForms.embedded();
    ({ db } = await place.open());
    await migrate(db, migrations);
    await db
      .insertInto("people")
      .values({ ...person, role: "owner" })
      .execute();
  });
  after(() => place[Symbol.asyncDispose]());

  const common = { person, kind: "private", home, prompt: "look" } as const;
  /** An errand's turn, begun by a worker. */
  const taken = async ({ session }: Errand): Promise<Working> => {
    const claim = await claimSession(db, session, "w", 60_000);
    if (claim?.work?.type !== "begin") return assert.fail("no work");
    const turn = await beginTurn(db, claim.hold, claim.work.waiting, { role: "user", content: "look" });
    return { hold: claim.hold, turn };
  };
  const request = async (key: string) => await taken(await beginErrand(db, { ...common, type: "background", key, terms }));
  /** Begins the tasks of a call, as `delegate_task` does. */
  const begin = async ({ hold, turn }: Working, step: number, tasks: number, stepsLeft: number, call = { at: 0, beside: 0 }) => {
    const begun: Errand[] = [];
    for (let index = 0; index < tasks; index += 1) {
      const at = { turn: turn.id, step, position: call.at };
      const within = { atOnce: 2, mostInTurn: 50, stepsLeft, others: tasks - 1 - index, beside: call.beside };
      const key = `subagent:${turn.id}:${step}:${call.at}:${index}`;
      begun.push(await beginErrand(db, { ...common, type: "subagent", key, terms, parent: { hold, ...at, ...within } }));
    }
    return begun;
  };
  const most = async (errand: Errand | undefined) => (await findErrand(db, errand?.id ?? ""))?.terms.maxSteps;
  const end = async ({ hold, turn }: Working, steps: number) => {
    const step = steps - 1;
    await db.updateTable("turns").set({ step }).where("id", "=", turn.id).execute();
    const answer = { markdown: "", replyTo: null };
    await closeTurn(db, hold, turn, { status: "answered", message: null, failure: null, answer });
  };

  test("a tree takes no more than the turn it grew from may; what one leaves others get, also after a restart", async () => {
    const parent = await request("tree");
    const [one, two, late] = await begin(parent, 1, 3, 30);
    assert.ok(one && two && late?.held);
    assert.deepEqual([await most(one), await most(two), await most(late)], [9, 10, 10]);
    await assert.rejects(begin(parent, 1, 4, 30, { at: 1, beside: 1 }), /0 are left: no more can be handed over/);
    await parkTurn(db, parent.hold, parent.turn.id);
    await db.updateTable("sessions").set({ holder: null, lease_until: null }).where("id", "=", parent.hold.session).execute();
    await end(await taken(one), 2);
    await releaseHeld(db, parent.turn.id);
    assert.equal(await most(late), 17);
    const second = await taken(two);
    const [inner, other] = await begin(second, 1, 2, 9);
    assert.ok(inner && other);
    assert.deepEqual([await most(inner), await most(other)], [4, 4]);
    await end(await taken(inner), 4);
    await end(await taken(other), 1);
    await end(second, 3);
    await end(await taken(late), 17);
    assert.equal(await stepsOfErrands(db, parent.turn.id), 2 + (4 + 1 + 3) + 17);
    // Only the record knows it: whoever goes on begins with what is left.
    const again = await claimSession(db, parent.hold.session, "other", 60_000);
    const resumed = { hold: again?.hold ?? assert.fail("nobody goes on"), turn: parent.turn };
    await assert.rejects(begin(resumed, 2, 2, 29), /1 are left: no more can be handed over/);
    const [last] = await begin(resumed, 3, 1, 30);
    assert.equal(await most(last), 2);
  });

  test("calls side by side share too, and none begins with less than it takes to work and to report", async () => {
    const parent = await request("beside");
    const shares = [0, 1, 2].map(async (at) => await most((await begin(parent, 1, 1, 31, { at, beside: 2 }))[0]));
    assert.deepEqual(await Promise.all(shares), [10, 10, 10]);
    const small = await request("small");
    await assert.rejects(begin(small, 1, 3, 6), /5 are left: too few to share among 3 subagents/);
    assert.equal(await stepsOfErrands(db, small.turn.id), 0);
  });
});

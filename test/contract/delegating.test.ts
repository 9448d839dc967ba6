import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { type DelegationSetting, delegationPorts } from "../../src/agent/delegating.ts";
import { formOf } from "../../src/agent/output-schema.ts";
import { askPerson } from "../../src/agent/questions.ts";
import type { ChatRef } from "../../src/core/chats.ts";
import type { DelegatedTask, DelegationRules } from "../../src/core/delegation.ts";
import type { Errand } from "../../src/core/errand.ts";
import type { LiveEvent } from "../../src/core/events.ts";
import type { Live } from "../../src/core/live.ts";
import { Parked } from "../../src/core/question.ts";
import type { GatewayParts } from "../../src/gateway/parts.ts";
import { errandPorts } from "../../src/gateway/ports/errands.ts";
import { releaseHeld } from "../../src/store/errand-ends.ts";
import { stepsOfErrands } from "../../src/store/errand-steps.ts";
import { beginErrand, errandsOfCall, findErrand } from "../../src/store/errands.ts";
import type { Db, Hold } from "../../src/store/hold.ts";
import { storeInbound } from "../../src/store/inbox.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { parkTurn } from "../../src/store/questions.ts";
import { openSession } from "../../src/store/sessions.ts";
import { beginTurn, closeTurn, type Turn } from "../../src/store/turns.ts";
import { claimSession } from "../../src/store/work.ts";
import { tools } from "../../src/tools/index.ts";
import { languages } from "../../src/commands/languages/index.ts";
import { emitter } from "../../workers/saying.ts";
import { type Place, readyForms } from "./database-forms.ts";

const person = { id: "ann", name: "Ann", role: "member" } as const;
const bounds: DelegationRules = { maxSteps: 25, atOnce: 3, mostInTurn: 50, maxDepth: 1, timeoutMs: null, model: null };
const task = (goal: string, over: Partial<DelegatedTask> = {}): DelegatedTask => {
  return { goal, context: "", toolsets: [], model: "", maxSteps: null, outputSchema: null, ...over };
};

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

suite("delegating", () => {
  let place: Place;
  let db: Db;
  let count = 0;
  before(async () => {
    place = await readyForms.embedded();
    ({ db } = await place.open());
    await migrate(db, migrations);
    await db.insertInto("people").values(person).execute();
  });
  after(() => place[Symbol.asyncDispose]());

  /** Takes a session's waiting request. */
  const taken = async (session: string): Promise<{ hold: Hold; turn: Turn }> => {
    const claim = await claimSession(db, session, "w", 60_000);
    if (claim?.work?.type !== "begin") return assert.fail("no work");
    return { hold: claim.hold, turn: await beginTurn(db, claim.hold, claim.work.waiting, { role: "user", content: "do" }) };
  };
  /** A chat's turn that may delegate, and what it woke. */
  const asked = async (over: Partial<DelegationRules> = {}) => {
    const chat: ChatRef = { platform: "test", chat: `c${(count += 1)}`, thread: null };
    const { session } = await openSession(db, chat, "private");
    const sender = { platform: "test", id: "ann", name: "Ann" };
    const inbound = { key: `k${count}`, chat, kind: "private", sender, at: 0, text: "do", messageId: null } as const;
    const stored = await storeInbound(db, { ...inbound, type: "message", addressed: true });
    const assigned = { status: "waiting", session_id: session, person_id: "ann" } as const;
    await db
      .updateTable("inbox")
      .set(assigned)
      .where("id", "=", stored?.id ?? 0)
      .execute();
    const { hold, turn } = await taken(session);
    const woken: string[] = [];
    const setting: DelegationSetting = {
      db,
      hold,
      tools: new Map(tools.map((each) => [each.name, each])),
      stepsLeft: 10,
      beside: 0,
      delegating: {
        person,
        kind: "private",
        chat,
        shownIn: null,
        choice: null,
        terms: null,
        rules: async () => ({ ...bounds, ...over }),
        modelNamed: () => Promise.reject(new Error("not yours to pick")),
        wake: async (woke) => void woken.push(woke),
      },
    };
    const at = { turn: turn.id, step: 1, position: 0 };
    return { setting, at, woken, run: (goals: readonly DelegatedTask[]) => delegationPorts(setting, at).run(goals) };
  };
  const end = async (errand: Errand, status: "answered" | "failed", markdown: string) => {
    const { hold, turn } = await taken(errand.session);
    const failure = status === "failed" ? "the model is away" : null;
    await closeTurn(db, hold, turn, { status, message: null, failure, answer: { markdown, replyTo: null } });
  };

  test("however often the call runs, also after a death in the middle of beginning, there is one of each", async () => {
    const { at, run, woken } = await asked();
    const wanted = [task("one", { maxSteps: 4 }), task("two")];
    await assert.rejects(run(wanted.slice(0, 1)), Parked);
    await assert.rejects(run(wanted), Parked);
    await assert.rejects(run(wanted), Parked);
    const [one, two, ...more] = await errandsOfCall(db, at);
    assert.ok(one && two);
    assert.equal(more.length, 0);
    assert.deepEqual(new Set(woken), new Set([one.session, two.session]));
    await end(one, "answered", "found");
    await assert.rejects(run(wanted), Parked);
    await end(two, "failed", "");
    const { ends, stepsLeft } = await run(wanted);
    assert.equal(stepsLeft, 8);
    assert.deepEqual(
      ends.map(({ goal, status, summary, steps }) => [goal, status, summary, steps]),
      [
        ["one", "done", "found", 1],
        ["two", "failed", "[Failed: the model is away.]", 1],
      ],
    );
    assert.equal((await errandsOfCall(db, at)).length, 2);
  });

  test("what can't be begun begins none, and says why", async () => {
    const { at, run } = await asked({ mostInTurn: 2 });
    await assert.rejects(run([task("a", { toolsets: ["teminal"] })]), /no toolsets teminal.*Use some of: .*terminal/);
    await assert.rejects(run([task("a", { model: "huge" })]), /not yours to pick/);
    await assert.rejects(run([task("a", { outputSchema: { type: "wierd" } })]), /output_schema can't be used/);
    assert.equal((await errandsOfCall(db, at)).length, 0);
    await assert.rejects(run([task("a"), task("b"), task("c")]), /no more are allowed/);
    assert.deepEqual(
      (await errandsOfCall(db, at)).map(({ status }) => status),
      ["stopped", "stopped"],
    );
  });

  test("a worker that has lost its session begins none, and stops none that the next one has begun", async () => {
    const { setting, at, run } = await asked();
    await assert.rejects(run([task("one")]), Parked);
    const late = { ...setting, hold: { ...setting.hold, fence: setting.hold.fence - 1 } };
    await assert.rejects(delegationPorts(late, at).run([task("one"), task("two")]), /taken over/);
    const errands = await errandsOfCall(db, at);
    assert.deepEqual(
      errands.map(({ status, stopWhy }) => [status, stopWhy]),
      [["waiting", null]],
    );
  });

  test("none has more than the one who delegates: steps, tools, depth, leave", async () => {
    const { setting, at } = await asked();
    const terms = { label: "", about: "", rules: "", memory: true, model: null, maxSteps: null, timeoutMs: null };
    const narrow = { ...terms, only: ["file", "web"], without: ["vision"], attended: false, depth: 1 };
    const within = { ...setting, delegating: { ...setting.delegating, terms: narrow } };
    const wanted = [task("a", { toolsets: ["terminal", "file"], maxSteps: 99 }), task("b")];
    await assert.rejects(delegationPorts(within, at).run(wanted), Parked);
    const [a, b] = (await errandsOfCall(db, at)).map((errand) => errand.terms);
    assert.deepEqual(a?.only, ["file"]);
    assert.deepEqual(b?.only, ["file", "web"]);
    assert.ok(a.without.includes("vision") && a.without.includes("delegation"));
    assert.deepEqual([a.maxSteps, a.depth, a.attended, a.memory], [4, 2, false, false]);
  });

  test("one that rests for its own is shown at work, and as asking only where a person is asked", async () => {
    const { setting, at, run } = await asked();
    await assert.rejects(run([task("one")]), Parked);
    const [errand] = await errandsOfCall(db, at);
    assert.ok(errand);
    const { hold, turn } = await taken(errand.session);
    const shownIn = { turn: at.turn, chat: setting.delegating.chat, replyTo: null };
    const states: string[] = [];
    const publish = ({ event }: LiveEvent) => void (event.type === "agent" && states.push(event.state));
    // Boundary: of live events, no more than saying takes.
    const live = { publish } as unknown as Live;
    const emit = emitter(live, hold, turn, { ...errand, shownIn });
    emit({ type: "started" });
    emit({ type: "finished", end: "parked" });
    assert.deepEqual(states, ["working"]);
    const question = { kind: "approval", text: "?", choices: ["yes"], digest: "d", lifetimeMs: 60_000 } as const;
    const nobody = { from: () => null, deciders: async () => [], wake: async () => {} };
    const asking = { chat: setting.delegating.chat, replyTo: null, language: async () => languages[0], ...nobody };
    const place = { turn: turn.id, step: 1, position: 0 };
    const mayAnswer = { type: "asker" } as const;
    await assert.rejects(askPerson({ db, hold, asking, emit }, place, { ...question, mayAnswer }), Parked);
    emit({ type: "finished", end: "parked" });
    assert.deepEqual(states, ["working", "asking"]);
  });

  test("a person has ten background tasks at once in all their chats; one that has begun is none too many", async () => {
    const queue = { wake: async () => undefined };
    // Boundary: of the gateway, no more than beginning a task takes.
    const parts = { db, queues: { queue: () => queue }, names: { turns: "turns" } } as unknown as GatewayParts;
    const sender = { platform: "test", id: "ann", name: "Ann" };
    const common = { type: "message", kind: "shared", sender, at: 0, text: "", messageId: null, addressed: true } as const;
    const send = async (key: string, chat: string) => {
      const inbound = { ...common, key, chat: { platform: "test", chat, thread: null } };
      return await errandPorts(parts, inbound, person, null).begin("count sheep");
    };
    for (let number = 1; number < 10; number += 1) assert.ok(await send(`b${number}`, `chat ${number}`));
    const tenth = await send("b10", "chat 1");
    assert.ok(tenth);
    assert.equal(await send("b11", "chat 11"), null);
    assert.equal(await send("b10", "chat 1"), tenth, "the same message, once more");
  });

  test("a form is read out of a fence; one that could run for ever is not", () => {
    const read = formOf({
      type: "object",
      properties: { pattern: { type: "string", pattern: "^(a+)+$" } },
      required: ["pattern"],
    });
    assert.deepEqual(read('Here:\n```json\n{"pattern": "b"}\n```'), { ok: true, value: { pattern: "b" } });
    assert.ok(read(JSON.stringify({ pattern: `${"a".repeat(60)}!` })).ok, "the expression is left out");
    assert.match(JSON.stringify(read('{"pattern": 3}')), /pattern: Invalid input/);
    assert.match(JSON.stringify(read("three")), /no JSON/);
    for (const white of ["\n", " ", "\n ", " \n"]) {
      const began = performance.now();
      assert.ok(!read(`\`\`\`json\n${white.repeat(50_000)}x`).ok);
      assert.ok(performance.now() - began < 1_000, "white space keeps nobody busy");
    }
    assert.throws(() => formOf({ enum: ["x".repeat(5_000)] }), /longer than/);
  });

  suite("the steps of a request and its subagents", () => {
    const common = { person, kind: "private", home: { platform: "test", chat: "steps", thread: null }, prompt: "look" } as const;
    const request = async (key: string) =>
      await taken((await beginErrand(db, { ...common, type: "background", key, terms })).session);
    /** Begins the tasks of a call, as `delegate_task` does. */
    const begin = async (
      { hold, turn }: Working,
      step: number,
      tasks: number,
      stepsLeft: number,
      call = { at: 0, beside: 0 },
    ) => {
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
      await end(await taken(one.session), 2);
      await releaseHeld(db, parent.turn.id);
      assert.equal(await most(late), 17);
      const second = await taken(two.session);
      const [inner, other] = await begin(second, 1, 2, 9);
      assert.ok(inner && other);
      assert.deepEqual([await most(inner), await most(other)], [4, 4]);
      await end(await taken(inner.session), 4);
      await end(await taken(other.session), 1);
      await end(second, 3);
      await end(await taken(late.session), 17);
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
});

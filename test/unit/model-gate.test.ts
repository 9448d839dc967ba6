import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Caller, type Urgency, urgencies } from "../../src/core/model.ts";
import { type Gate, type GateOptions, newGate, type Pass, type QueuePlace } from "../../src/model/gate.ts";

interface Entry {
  readonly caller: Caller;
  readonly places: QueuePlace[];
  /** Undefined while it waits. */
  pass: Pass | null | undefined;
  readonly settled: Promise<Pass | null>;
  stop(): void;
}

function rig(size: number | (() => number), times: Partial<GateOptions> = {}) {
  const clock = { now: 0 };
  const count = typeof size === "number" ? () => size : size;
  const gate = newGate({ size: count, firstMs: 60_000, everyMs: 60_000, now: () => clock.now, ...times });
  return { gate, clock };
}

function enter(gate: Gate, person: string, urgency: Urgency = "interactive", session: string | null = null): Entry {
  const controller = new AbortController();
  const caller = { person, session, urgency };
  const places: QueuePlace[] = [];
  const walk = async (): Promise<Pass | null> => {
    const line = gate.enter(caller, controller.signal);
    for (;;) {
      const next = await line.next();
      if (next.done) return next.value;
      places.push(next.value);
    }
  };
  const settled = walk();
  const entry: Entry = { caller, places, pass: undefined, settled, stop: () => controller.abort() };
  void settled.then((pass) => (entry.pass = pass));
  return entry;
}

/** Lets what has been decided reach the entries. */
async function calm(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

const inside = (entries: readonly Entry[]) => entries.filter((entry) => entry.pass);
const anyUrgency = fc.constantFrom(...urgencies);

test("one person's many jobs delay another's one by at most one step", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 50 }),
      anyUrgency,
      fc.nat(),
      fc.nat(),
      async (size, jobs, urgency, steps, which) => {
        const { gate } = rig(size);
        const crowd = Array.from({ length: jobs }, () => enter(gate, "crowd", urgency));
        await calm();
        const leaveOne = async (place: number): Promise<void> => {
          const running = inside(crowd);
          const entry = running[place % Math.max(1, running.length)];
          entry?.pass?.leave();
          if (entry) crowd.splice(crowd.indexOf(entry), 1);
          await calm();
        };
        // The crowd has been at it for a while.
        for (let step = 0; step < steps % 5; step++) await leaveOne(step);
        const one = enter(gate, "one", urgency);
        await calm();
        if (one.pass === undefined) await leaveOne(which);
        assert.ok(one.pass, "it was not let in at the next place that came free");
        for (const entry of [...crowd, one]) entry.stop();
      },
    ),
    { numRuns: 200 },
  );
});

interface Step {
  readonly what: "enter" | "leave" | "stop" | "time";
  readonly person: string;
  readonly urgency: Urgency;
  readonly which: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom("enter", "enter", "leave", "stop", "time"),
  person: fc.constantFrom("a", "b", "c"),
  urgency: anyUrgency,
  which: fc.nat(),
});

test("whatever comes and goes: never more than fit, one place kept for those who wait, no place idle, nobody lost", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 60 }), async (size, steps) => {
      const { gate, clock } = rig(size);
      const all: Entry[] = [];
      const left = new Set<Entry>();
      const running = () => inside(all).filter((entry) => !left.has(entry));
      const check = () => {
        const unwatched = running().filter((entry) => entry.caller.urgency !== "interactive").length;
        const waiting = all.filter((entry) => entry.pass === undefined);
        assert.equal(gate.running, running().length);
        assert.equal(gate.waiting, waiting.length);
        assert.ok(running().length <= size);
        assert.ok(unwatched <= Math.max(1, size - 1));
        const mayEnter = waiting.some((entry) => entry.caller.urgency === "interactive" || unwatched < Math.max(1, size - 1));
        assert.ok(running().length === size || !mayEnter, "a place is idle while somebody waits for it");
      };
      for (const { what, person, urgency, which } of steps) {
        if (what === "enter") all.push(enter(gate, person, urgency, `session-${which % 4}`));
        if (what === "time") clock.now += which % 60_000;
        const candidates = what === "leave" ? running() : what === "stop" ? all.filter((entry) => entry.pass === undefined) : [];
        const chosen = candidates[which % Math.max(1, candidates.length)];
        if (chosen && what === "stop") chosen.stop();
        if (chosen && what === "leave") {
          left.add(chosen);
          chosen.pass?.leave();
          chosen.pass?.leave();
        }
        await calm();
        check();
      }
      while (running().length > 0) {
        for (const entry of running()) {
          left.add(entry);
          entry.pass?.leave();
        }
        await calm();
        check();
      }
      assert.ok(all.every((entry) => entry.pass !== undefined));
    }),
    { numRuns: 150 },
  );
});

test("urgency goes first; within it whoever has the fewest running, then whoever was served the longest ago", async () => {
  const { gate } = rig(1);
  const first = enter(gate, "a");
  await calm();
  const order: string[] = [];
  const wait = (name: string, person: string, urgency: Urgency = "interactive") => {
    const entry = enter(gate, person, urgency);
    void entry.settled.then((pass) => {
      order.push(name);
      pass?.leave();
    });
  };
  wait("title", "b", "auxiliary");
  wait("report", "c", "scheduled");
  wait("helper", "d", "subagent");
  wait("a2", "a");
  wait("b1", "b");
  wait("b2", "b");
  wait("c1", "c");
  first.pass?.leave();
  while (order.length < 7) await calm();
  assert.deepEqual(order, ["b1", "c1", "a2", "b2", "helper", "report", "title"]);
});

test("nothing waits forever behind more urgent ones", async () => {
  const { gate, clock } = rig(2);
  const busy = [enter(gate, "p0"), enter(gate, "p1")];
  const title = enter(gate, "quiet", "auxiliary");
  let people = 2;
  let waited = 0;
  while (title.pass === undefined && waited < 300) {
    busy.push(enter(gate, `p${people++}`), enter(gate, `p${people++}`));
    clock.now += 1_000;
    waited += 1;
    const running = busy.find((entry) => entry.pass);
    running?.pass?.leave();
    if (running) busy.splice(busy.indexOf(running), 1);
    await calm();
  }
  assert.ok(title.pass, "the title never got its place");
  assert.ok(waited <= 95, `it took ${waited} s`);
  for (const entry of busy) entry.stop();
});

test("a person's session whose prompt is still in the cache is preferred to the person's others, for a while", async () => {
  const { gate, clock } = rig(1);
  const first = enter(gate, "a", "interactive", "warm");
  await calm();
  const cold = enter(gate, "a", "interactive", "cold");
  const warm = enter(gate, "a", "interactive", "warm");
  const colder = enter(gate, "a", "interactive", "colder");
  first.pass?.leave();
  await calm();
  assert.deepEqual(inside([cold, warm, colder]), [warm]);
  warm.pass?.leave();
  await calm();
  assert.deepEqual(inside([cold, colder]), [cold]);
  const again = enter(gate, "a", "interactive", "cold");
  clock.now += 31_000;
  cold.pass?.leave();
  await calm();
  assert.deepEqual(inside([colder, again]), [colder], "who waited long goes first all the same");
  again.stop();
});

test("who waits is told its place and time, again when that changes, and that the wait is over", async () => {
  const { gate, clock } = rig(1, { firstMs: 10, everyMs: 5 });
  const first = enter(gate, "a");
  await calm();
  clock.now += 4_000;
  const second = enter(gate, "b");
  first.pass?.leave();
  await calm();
  const third = enter(gate, "c");
  const fourth = enter(gate, "d");
  while (fourth.places.length < 1) await calm();
  assert.deepEqual(fourth.places, [{ type: "queued", ahead: 1, waitMs: 8_000 }]);
  assert.deepEqual(third.places, [{ type: "queued", ahead: 0, waitMs: 4_000 }]);
  second.pass?.leave();
  while (fourth.places.length < 2) await calm();
  assert.equal(fourth.places[1]?.ahead, 0);
  third.pass?.leave();
  await fourth.settled;
  assert.deepEqual(fourth.places.at(-1), { type: "queued", ahead: 0, waitMs: 0 });
  assert.deepEqual(second.places, []);
});

test("of many that wait each is told a place of its own, by urgency, and one look at the line serves them all", async (t) => {
  const looks = { count: 0 };
  const now = () => {
    looks.count += 1;
    return 0;
  };
  const { gate } = rig(1, { firstMs: 1, now });
  enter(gate, "p0");
  await calm();
  const many = Array.from({ length: 200 }, (_, at) => enter(gate, `p${at % 17}`, urgencies[(at * 7) % urgencies.length]));
  t.after(() => many.forEach((entry) => entry.stop()));
  const before = looks.count;
  while (many.some(({ places }) => places.length === 0)) await calm();
  assert.ok(looks.count - before < 10 * many.length, `the clock was read ${looks.count - before} times`);
  const told = many.toSorted((a, b) => (a.places[0]?.ahead ?? -1) - (b.places[0]?.ahead ?? -1));
  assert.deepEqual(
    told.map(({ places }) => places[0]?.ahead),
    many.map((_, at) => at),
  );
  const ranks = told.map(({ caller }) => urgencies.indexOf(caller.urgency));
  assert.deepEqual(
    ranks,
    ranks.toSorted((a, b) => a - b),
  );
  // Persons take turns: among the first 17 of the same urgency nobody comes twice.
  const persons = told.slice(0, 17).map(({ caller }) => caller.person);
  assert.equal(new Set(persons).size, 17, persons.join());
});

test("a reader that goes away while it is told its place leaves the line, and a place it had got in the meantime", async () => {
  const { gate } = rig(1, { firstMs: 5, everyMs: 5 });
  const first = enter(gate, "a");
  await calm();
  const line = gate.enter({ person: "b", session: null, urgency: "interactive" }, new AbortController().signal);
  assert.equal((await line.next()).done, false);
  first.pass?.leave();
  assert.equal(gate.running, 1);
  await line.return(null);
  assert.deepEqual([gate.running, gate.waiting], [0, 0]);
});

test("a size that grows lets the next in without anybody leaving", async () => {
  let size = 1;
  const { gate } = rig(() => size, { firstMs: 5, everyMs: 5 });
  const entries = ["a", "b", "c"].map((person) => enter(gate, person));
  await calm();
  assert.equal(inside(entries).length, 1);
  size = 3;
  await Promise.all(entries.map((entry) => entry.settled));
  assert.equal(gate.running, 3);
});

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect as connectSocket } from "node:net";
import { type TestContext, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { Redis } from "ioredis";
import type { LiveEvent, TurnEvent } from "../../src/core/events.ts";
import type { Live } from "../../src/core/live.ts";
import type { Log } from "../../src/core/log.ts";
import { openLive } from "../../src/live/index.ts";
import { redisUrl, startRedis } from "../services/redis.ts";
import { silent } from "./database-forms.ts";

const forms = {
  local: async (log: Log) => openLive({ kind: "local", log }),
  redis: async (log: Log) => openLive({ kind: "redis", url: await redisUrl(), prefix: randomUUID(), log }),
};

function say(seq: number, event: TurnEvent, where: { turn?: string; platform?: string } = {}): LiveEvent {
  const chat = { platform: where.platform ?? "web", chat: "1", thread: null };
  return { turn: where.turn ?? "t", chat, fence: 1, seq, replyTo: null, event };
}

/** An event that is never joined with another. */
const step = (seq: number, platform = "web") => say(seq, { type: "step", step: seq }, { platform });

async function gathering(live: Live, platform = "web") {
  const seen: LiveEvent[] = [];
  let changed = Promise.withResolvers<void>();
  const subscription = await live.subscribe(platform, (event) => {
    seen.push(event);
    changed.resolve();
    changed = Promise.withResolvers();
  });
  return {
    seen,
    subscription,
    async until(holds: () => boolean) {
      while (!holds()) await changed.promise;
    },
  };
}

for (const [form, open] of Object.entries(forms)) {
  const opened = async (t: TestContext, log = silent) => {
    const live = await open(log);
    t.after(() => live.close());
    return live;
  };

  test(`${form}: a platform's events arrive once, in order, and nobody else's`, async (t) => {
    const live = await opened(t);
    const { seen, until } = await gathering(live);
    for (let seq = 1; seq <= 500; seq += 1) {
      live.publish(step(seq));
      live.publish(step(seq, "telegram"));
    }
    await until(() => seen.length >= 500);
    assert.deepEqual(
      seen,
      Array.from({ length: 500 }, (_, index) => step(index + 1)),
    );
  });

  test(`${form}: whatever turns say at once, each turn's words arrive whole and in order`, async (t) => {
    const live = await opened(t);
    const { seen, until } = await gathering(live);
    const events = fc.array(
      fc.record({
        turn: fc.constantFrom("a", "b", "c"),
        event: fc.oneof(
          fc.record({ type: fc.constant("text" as const), delta: fc.string({ minLength: 1, maxLength: 3, unit: "binary" }) }),
          fc.record({ type: fc.constant("reasoning" as const), delta: fc.string({ minLength: 1, maxLength: 3 }) }),
          fc.record({
            type: fc.constant("tool.output" as const),
            call: fc.constantFrom("1", "2"),
            chunk: fc.string({ minLength: 1, maxLength: 3 }),
          }),
          fc.record({ type: fc.constant("step" as const), step: fc.nat(9) }),
        ),
      }),
      { maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(events, async (said) => {
        seen.length = 0;
        for (const [index, { turn, event }] of said.entries()) live.publish(say(index, event, { turn }));
        live.publish(say(1_000, { type: "finished", end: "answered" }, { turn: "last" }));
        await until(() => seen.some((each) => each.turn === "last"));
        for (const turn of ["a", "b", "c"]) {
          const heard = seen.filter((each) => each.turn === turn).map((each) => each.event);
          assert.deepEqual(pieces(heard), pieces(said.filter((each) => each.turn === turn).map((each) => each.event)));
        }
      }),
      { numRuns: 50 },
    );
  });

  test(`${form}: a listener that throws costs the others nothing, and is told of in the log`, async (t) => {
    const told = Promise.withResolvers<void>();
    const live = await opened(t, { ...silent, error: () => told.resolve() });
    await live.subscribe("web", () => {
      throw new Error("bad listener");
    });
    const { seen, until } = await gathering(live);
    live.publish(step(7));
    live.publish(step(8));
    await until(() => seen.length === 2);
    await told.promise;
  });

  test(`${form}: a subscription that is closed hears no more, the others do`, async (t) => {
    const live = await opened(t);
    const [one, other] = [await gathering(live), await gathering(live)];
    live.publish(step(1));
    await Promise.all([one.until(() => one.seen.length === 1), other.until(() => other.seen.length === 1)]);
    await one.subscription.close();
    live.publish(step(2));
    await other.until(() => other.seen.length === 2);
    assert.equal(one.seen.length, 1);
  });

  test(`${form}: a stop signal reaches every listener`, async (t) => {
    const live = await opened(t);
    const heard = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
    for (const each of heard) await live.onSignal((turn) => each.resolve(turn));
    live.signal("turn-9");
    assert.deepEqual(await Promise.all(heard.map((each) => each.promise)), ["turn-9", "turn-9"]);
  });

  test(`${form}: what was said before the close goes out; after it, nothing throws`, async (t) => {
    const live = await opened(t);
    const { seen, until } = await gathering(live);
    live.publish(step(1));
    await until(() => seen.length === 1);
    await live.close();
    live.publish(step(2));
    live.signal("t");
    assert.equal(seen.length, 1);
  });
}

/** Texts letter by letter: how they were cut into events does not count. */
function pieces(events: readonly TurnEvent[]): readonly string[] {
  return events.flatMap((event) => {
    switch (event.type) {
      case "text":
      case "reasoning":
        return [...event.delta].map((letter) => `${event.type} ${letter}`);
      case "tool.output":
        return [...event.chunk].map((letter) => `${event.call} ${letter}`);
      case "started":
      case "titled":
      case "unwritten":
      case "step":
      case "reading":
      case "queued":
      case "tool.started":
      case "tool.finished":
      case "notice":
      case "asks":
      case "agent":
      case "finished":
        return [JSON.stringify(event)];
    }
  });
}

test("local: an event is delivered before publish returns", async () => {
  const live = await forms.local(silent);
  const { seen } = await gathering(live);
  live.publish(step(1));
  assert.equal(seen.length, 1);
});

test("redis: one process speaks, another hears", async (t) => {
  const [url, prefix] = [await redisUrl(), randomUUID()];
  const [worker, gateway] = [1, 2].map(() => openLive({ kind: "redis", url, prefix, log: silent }));
  assert.ok(worker && gateway);
  t.after(() => Promise.all([worker.close(), gateway.close()]));
  const { seen, until } = await gathering(gateway);
  worker.publish(step(1));
  await until(() => seen.length === 1);
});

test("redis: what a turn says in one moment is one event", async (t) => {
  const live = await forms.redis(silent);
  t.after(() => live.close());
  const { seen, until } = await gathering(live);
  for (let seq = 1; seq <= 1_000; seq += 1) live.publish(say(seq, { type: "text", delta: "x" }));
  live.publish(say(1_001, { type: "finished", end: "answered" }));
  await until(() => seen.at(-1)?.event.type === "finished");
  assert.deepEqual(
    seen.map(({ seq, event }) => [seq, event.type === "text" ? event.delta.length : 0]),
    [
      [1_000, 1_000],
      [1_001, 0],
    ],
  );
});

test("redis: wiped, by a server whose clock is behind too, later events still arrive", async (t) => {
  await using redis = await startRedis();
  const live = openLive({ kind: "redis", url: redis.url, prefix: "t", log: silent });
  t.after(() => live.close());
  const client = new Redis(redis.url);
  t.after(() => client.disconnect());
  const { seen, until } = await gathering(live);
  live.publish(step(1));
  await until(() => seen.length === 1);
  await redis.flush();
  // Ids count milliseconds: in one and the same, the new stream could begin with the id that was seen last.
  await wait(5);
  live.publish(step(2));
  await until(() => seen.length === 2);
  await client.xadd("t:live:web", `${Date.now() + 3_600_000}-0`, "v", JSON.stringify(step(3)));
  await until(() => seen.length === 3);
  await redis.flush();
  live.publish(step(4));
  await until(() => seen.length === 4);
  assert.deepEqual(
    seen.map((each) => each.seq),
    [1, 2, 3, 4],
  );
});

test("redis: away, publishing costs nothing and the log one line; back, events arrive", async (t) => {
  await using redis = await startRedis();
  const lines: string[] = [];
  const note = (_fields: unknown, message: string) => void lines.push(message);
  const log = { ...silent, info: note, warn: note, error: note };
  const live = openLive({ kind: "redis", url: redis.url, prefix: "t", log });
  t.after(() => live.close());
  const { seen, until } = await gathering(live);
  live.publish(step(1));
  await until(() => seen.length === 1);
  await redis.stop();
  for (let count = 0; count < 20; count += 1) {
    for (let seq = 0; seq < 500; seq += 1) live.publish(step(1_000 + seq));
    await wait(10);
  }
  await redis.start();
  // Until the connections are back, events may be lost; that is their nature.
  const timer = setInterval(() => live.publish(step(3)), 20);
  t.after(() => clearInterval(timer));
  await until(() => seen.some((each) => each.seq === 3));
  assert.deepEqual(
    lines.map((line) => /can't be reached|is back/.exec(line)?.[0]),
    ["can't be reached", "is back"],
    lines.join("\n"),
  );
});

test("redis: one that hangs costs a bounded amount of memory, and a close does not wait for it", async () => {
  await using redis = await startRedis();
  const live = openLive({ kind: "redis", url: redis.url, prefix: "t", log: silent });
  const { seen, until } = await gathering(live);
  live.publish(step(1));
  await until(() => seen.length === 1);
  await hang(redis.url);
  const before = held();
  const large = "x".repeat(10_000);
  for (let count = 0; count < 100; count += 1) {
    for (let seq = 0; seq < 100; seq += 1) live.publish(say(seq, { type: "notice", text: large }));
    await wait(0);
  }
  const grown = held() - before;
  assert.equal(seen.length, 1, "nothing arrives from a Redis that hangs");
  assert.ok(grown < 50, `100 MB were published, ${Math.round(grown)} are held`);
  const start = performance.now();
  await live.close();
  assert.ok(performance.now() - start < 2_000);
});

/** Megabytes in use after a garbage collection. */
function held(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
}

/** Makes a Redis deaf to everybody (after five seconds it says that it is busy). */
async function hang(url: string): Promise<void> {
  const socket = connectSocket(Number(new URL(url).port), "127.0.0.1");
  await once(socket, "connect");
  socket.on("error", () => undefined);
  socket.write('EVAL "while true do end" 0\r\n');
  await wait(50);
}

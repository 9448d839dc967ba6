import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import type { LiveEvent } from "../../src/core/events.ts";
import { openLive } from "../../src/live/index.ts";
import { redisUrl, startRedis } from "../services/redis.ts";
import { silent } from "./database-forms.ts";

const forms = {
  local: async () => openLive({ kind: "local", log: silent }),
  redis: async () => openLive({ kind: "redis", url: await redisUrl(), prefix: randomUUID(), log: silent }),
};

function text(seq: number, platform = "web"): LiveEvent {
  const chat = { platform, chat: "1", thread: null };
  return { turn: "t", chat, fence: 1, seq, replyTo: null, event: { type: "text", delta: String(seq) } };
}

for (const [form, open] of Object.entries(forms)) {
  test(`${form}: a platform's events arrive once, in order, and nobody else's`, async () => {
    const live = await open();
    const seen: number[] = [];
    const all = Promise.withResolvers<void>();
    const subscription = await live.subscribe("web", (event) => {
      seen.push(event.seq);
      if (seen.length === 200) all.resolve();
    });
    for (let seq = 1; seq <= 200; seq += 1) {
      live.publish(text(seq));
      live.publish(text(seq, "telegram"));
    }
    await all.promise;
    assert.deepEqual(
      seen,
      Array.from({ length: 200 }, (_, index) => index + 1),
    );
    await subscription.close();
    await live.close();
  });

  test(`${form}: a listener that throws costs the others nothing`, async () => {
    const live = await open();
    const seen = Promise.withResolvers<number>();
    await live.subscribe("web", () => {
      throw new Error("bad listener");
    });
    await live.subscribe("web", (event) => seen.resolve(event.seq));
    live.publish(text(7));
    assert.equal(await seen.promise, 7);
    await live.close();
  });

  test(`${form}: a stop signal reaches every listener`, async () => {
    const live = await open();
    const heard = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
    for (const each of heard) await live.onSignal((turn) => each.resolve(turn));
    live.signal("turn-9");
    assert.deepEqual(await Promise.all(heard.map((each) => each.promise)), ["turn-9", "turn-9"]);
    await live.close();
  });
}

test("redis: wiped, or away and back, later events still arrive", async () => {
  await using redis = await startRedis();
  const live = openLive({ kind: "redis", url: redis.url, prefix: "t", log: silent });
  const seen = new Set<number>();
  const waiting = new Map<number, () => void>();
  await live.subscribe("web", (event) => {
    seen.add(event.seq);
    waiting.get(event.seq)?.();
  });
  const arrival = (seq: number) => new Promise<void>((resolve) => (seen.has(seq) ? resolve() : waiting.set(seq, resolve)));
  live.publish(text(1));
  await arrival(1);
  await redis.flush();
  live.publish(text(2));
  await arrival(2);
  await redis.stop();
  for (let count = 0; count < 6_000; count += 1) live.publish(text(1_000 + count));
  await redis.start();
  // Until the connections are back, events may be lost; that is their nature.
  const timer = setInterval(() => live.publish(text(3)), 50);
  await arrival(3);
  clearInterval(timer);
  await live.close();
});

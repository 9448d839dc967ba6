import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChatRef } from "../../src/core/chats.ts";
import type { TurnEvent } from "../../src/core/events.ts";
import type { TelegramServerOptions } from "../doubles/telegram.ts";
import { virtualClock } from "../doubles/virtual-clock.ts";
import { telegramRig } from "./telegram-rig.ts";
import { toldView } from "./told-view.ts";

const inPrivate: ChatRef = { platform: "telegram", chat: "700", thread: null };
const inGroup: ChatRef = { platform: "telegram", chat: "-700", thread: null };
const shows = /^(?:send(?:Rich)?Message(?:Draft)?|editMessageText)$/;

async function viewed(chat: ChatRef, server: TelegramServerOptions = {}) {
  const rig = await telegramRig(server);
  const { view, publish } = await toldView(rig.adapter);
  let seq = 0;
  const tell = (event: TurnEvent) => publish({ turn: "1", chat, fence: 1, seq: (seq += 1), replyTo: null, event });
  const calls = () => rig.tg.calls.filter(({ method }) => shows.test(method));
  return { ...rig, view, tell, calls };
}

test("a draft and its stop button stay while nothing new comes, also before the first word", async (t) => {
  await using rig = await viewed(inPrivate);
  const clock = virtualClock(t);
  const drafts = () => rig.tg.drafts(700).map(({ text, canStop }) => ({ text, canStop }));
  rig.tell({ type: "started" });
  await clock.pass(6_000, 500);
  assert.deepEqual(drafts(), [{ text: "…", canStop: true }]);
  await clock.pass(60_000, 500);
  assert.deepEqual(drafts(), [{ text: "…", canStop: true }]);
  rig.tell({ type: "text", delta: "a word" });
  for (let minute = 0; minute < 3; minute += 1) {
    await clock.pass(60_000, 500);
    assert.deepEqual(drafts(), [{ text: "a word", canStop: true }]);
  }
  assert.ok(rig.calls().length <= 16, `${rig.calls().length} requests in four minutes`);
  await rig.view.settle("1");
  await rig.view.close();
});

for (const [name, chat, everyMs] of [
  ["private chat", inPrivate, 1_500],
  ["group", inGroup, 4_000],
] as const) {
  test(`in a ${name} previews keep ${everyMs} ms between them, and end with the first 429`, async (t) => {
    await using rig = await viewed(chat);
    const clock = virtualClock(t);
    const at: number[] = [];
    const told = async (ms: number) => {
      for (const end = clock.now() + ms; clock.now() < end;) {
        rig.tell({ type: "text", delta: " word" });
        const before = rig.calls().length;
        await clock.pass(100, 50);
        if (rig.calls().length > before) at.push(clock.now());
      }
    };
    rig.tell({ type: "started" });
    await told(15_000);
    const gaps = at.slice(1).map((each, index) => each - (at[index] ?? 0));
    assert.ok(gaps.length >= 3 && Math.min(...gaps) >= everyMs - 100, gaps.join(" "));
    for (const method of ["sendMessageDraft", "editMessageText"]) rig.tg.fault({ method }, { kind: "limit", retryAfter: 1 });
    await told(10_000);
    const refused = rig.calls().length;
    await told(20_000);
    assert.equal(rig.calls().length, refused);
    await rig.view.settle("1");
    await rig.view.close();
  });
}

test("the answer waits three seconds for a preview, and one that comes later is taken back", async (t) => {
  await using rig = await viewed(inGroup);
  t.mock.timers.enable({ apis: ["setTimeout"] });
  rig.tg.fault({ method: "sendMessage" }, { kind: "slow", ms: 200 });
  rig.tell({ type: "started" });
  rig.tell({ type: "text", delta: "half an" });
  t.mock.timers.tick(300);
  await rig.tg.waitFor(() => rig.tg.messages(-700).length === 1);
  const settled = rig.view.settle("1");
  t.mock.timers.tick(3_000);
  assert.equal(await settled, null);
  await rig.adapter.post(inGroup, { text: "the answer", entities: [] }, { replyTo: null });

  await rig.tg.waitFor(() => rig.tg.messages(-700).length === 1);
  assert.deepEqual(
    rig.tg.messages(-700).map(({ text }) => text),
    ["the answer"],
  );
  await rig.view.close();
});

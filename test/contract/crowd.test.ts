import assert from "node:assert/strict";
import { test } from "node:test";
import { virtualClock } from "../doubles/virtual-clock.ts";
import { broken, crowd, type Place, type Seen, type Told } from "./crowd-rig.ts";
import { chatRef as discordChat, discordRig } from "./discord-rig.ts";
import { slackChat, slackRig } from "./slack-rig.ts";
import { chatRef as telegramChat, telegramRig } from "./telegram-rig.ts";

const chats = 200;
const numbers = Array.from({ length: chats }, (_, index) => index);
/** Half of the chats end while the others go on. */
const early = 10;
const late = 20;
const secondsOf = (index: number): number => (index % 2 === 0 ? early : late);

/** The answers of those that ended while others were shown, in the order they came. */
const waits = (told: readonly Told[]): readonly number[] =>
  told
    .map(({ dueAt, sentAt }) => (sentAt === 0 ? Number.POSITIVE_INFINITY : sentAt - dueAt))
    .toSorted((one, other) => one - other);

const minute = 60_000;

test("Telegram: 200 chats at once go past no limit, a 429 delays its chat alone, and answers go before previews", async (t) => {
  await using rig = await telegramRig();
  const clock = virtualClock(t);
  const began = Date.now();
  // Groups, of which two have several topics, and private chats.
  const places: Place[] = numbers.map((n) => {
    const chat = n < 160 ? telegramChat(n + 1) : n < 190 ? telegramChat(-n) : telegramChat(n < 195 ? -1_001 : -1_002, n);
    return { chat, replyTo: null };
  });
  for (const { chat } of places) rig.tg.say(Number(chat.chat), "hi");
  const people = await crowd(rig.adapter, clock, places);
  // In the middle of streaming, one chat is closed by Telegram for a while.
  setTimeout(() => rig.tg.fault({ chat: 1 }, { kind: "limit", retryAfter: 9 }), 4_000);
  const long = lengthy(rig);
  const first = await people.round("1", secondsOf);
  const second = await people.round("2", secondsOf);
  await people.until([...first, ...second], 2 * minute);
  await long;

  const messages = rig.tg.calls.filter(({ method }) => /^(?:send(?!ChatAction)|edit)/.test(method));
  const seen = messages.map(({ params, at, status }): Seen => {
    const chat = Number(params["chat_id"]);
    const burst = chat === lengthyChat ? 3 : 0;
    const own =
      chat > 0 ? { name: `private ${chat}`, most: burst + 5, ms: 5_000 } : { name: `group ${chat}`, most: 20, ms: minute };
    return { at: at - began, status: status === 429 ? "limited" : "taken", limits: [{ name: "all", most: 30, ms: 1_000 }, own] };
  });
  assert.deepEqual(broken(seen), []);
  assert.equal(seen.filter(({ status }) => status === "limited").length, 1, "the one that was planned");
  const closed = messages.find(({ status }) => status === 429);
  const next = messages.find(({ params, at }) => Number(params["chat_id"]) === 1 && at > (closed?.at ?? Infinity));
  assert.ok(closed && next && next.at - closed.at >= 9_000, "it was left alone as long as it asked for");
  // Topics of one group share its twenty a minute: their second answers wait for that, and nobody else does.
  const free = [...first, ...second].filter(({ place: { chat } }) => chat.thread === null && chat.chat !== "1");
  assert.ok((waits(free).at(-1) ?? Infinity) < (100 / 30) * 1_000 + 1_500, `answers came ${waits(free).at(-1)} ms late`);
  for (const { place, answer } of second.filter(({ place }) => place.chat.thread === null))
    assert.equal(rig.tg.messages(Number(place.chat.chat)).at(-1)?.text, answer);
  assert.ok(messages.length - 2 * chats > 500, "the chats were shown what happens");
  // Three at once, then one a second: nobody is sent a long answer in one go.
  const sent = messages.filter(({ params }) => Number(params["chat_id"]) === lengthyChat).map(({ at }) => at);
  const gaps = sent.slice(1).map((at, index) => at - (sent[index] ?? at));
  assert.equal(sent.length, 12);
  assert.ok(Math.max(...gaps.slice(0, 2)) < 1_000 && Math.min(...gaps.slice(2)) >= 1_000, gaps.join(" "));
  await people.view.close();
});

const lengthyChat = 4_000;

/** An answer of twelve messages to somebody who is not in the crowd. */
async function lengthy({ adapter, tg }: Awaited<ReturnType<typeof telegramRig>>): Promise<void> {
  tg.say(lengthyChat, "hi");
  const chunks = adapter.render("Some words, to fill it.\n\n".repeat(1_820));
  assert.equal(chunks.length, 12);
  for (const [part, chunk] of chunks.entries()) await adapter.post(telegramChat(lengthyChat), chunk, { replyTo: null, part });
}

test("Discord: the same, with every bucket and the fifty requests a second", async (t) => {
  await using rig = await discordRig();
  const { world, hall } = rig.discord;
  const places: Place[] = numbers.map((n) => {
    const channel = n < 100 ? world.privateChat(String(600_000 + n)) : world.addChannel(`c${n}`, n < 120 ? { parent: hall } : {});
    const chat = discordChat(channel.parent ?? channel.id, channel.parent === null ? null : channel.id);
    return { chat, replyTo: rig.discord.say(channel.id, "hi", { from: "500000000000000501" }).id };
  });
  const clock = virtualClock(t);
  const began = Date.now();
  const people = await crowd(rig.adapter, clock, places);
  const limited = places[0]?.chat.chat ?? assert.fail();
  setTimeout(
    () => rig.discord.fault({ route: "POST /channels/:id/messages", channel: limited }, { kind: "limit", retryAfter: 6 }),
    4_000,
  );
  const told = await people.round("1", secondsOf);
  await people.until(told, 2 * minute);

  const { calls } = rig.discord;
  const seen = calls.map(({ at, status }): Seen => {
    return { at: at - began, status: status === 429 ? "limited" : "taken", limits: [{ name: "all", most: 50, ms: 1_000 }] };
  });
  assert.deepEqual(broken(seen), []);
  assert.equal(rig.discord.flooded, 0, "no bucket was asked for more than it has");
  const planned = seen.filter(({ status }) => status === "limited").length;
  const reactions = calls.filter(({ route, status }) => status === 429 && route.includes("/reactions/")).length;
  assert.equal(planned - reactions, 1, "the one that was planned");
  const free = told.filter(({ place: { chat } }) => chat.chat !== limited);
  assert.ok((waits(free).at(-1) ?? Infinity) < (100 / 50) * 1_000 + 2_500, `answers came ${waits(free).at(-1)} ms late`);
  for (const { place, answer } of told) {
    const own = world
      .channel(place.chat.thread ?? place.chat.chat)
      .messages.filter(({ author }) => author["id"] === rig.discord.bot);
    assert.deepEqual(
      own.map(({ content }) => content),
      [answer],
    );
  }
  const shown = calls.filter(({ route }) => /^(?:PATCH|POST) \S+messages(?:\/:id)?$/.test(route)).length - chats;
  assert.ok(shown > 200, `the chats were shown what happens (${shown} times)`);
  // The signs come when there is room, and what stands in the end is right.
  await clock.pass(30_000, 50);
  const signs = places.map(({ chat, replyTo }) => world.message(chat.thread ?? chat.chat, replyTo ?? "").reactions.join(""));
  assert.ok(
    signs.every((sign) => sign === "✅" || sign === ""),
    signs.join(" "),
  );
  assert.ok(signs.filter((sign) => sign === "✅").length > 150, signs.join(" "));
  await people.view.close();
});

test("Slack: the same, with every method's tier and a second for each message in a channel", async (t) => {
  await using rig = await slackRig();
  await rig.adapter.start(rig.inlet);
  const places: Place[] = numbers.map((n) => {
    // Private chats, channels of their own, and one channel with many threads.
    const channel = n < 120 ? `D${n}` : n < 180 ? `C${n}` : "CALL";
    const root = rig.slack.say(channel, n < 120 ? "hi" : `<@${rig.slack.bot}> hi`, { comesAs: "message" });
    return { chat: slackChat(channel, root), replyTo: root };
  });
  await rig.received(chats);
  const clock = virtualClock(t);
  const began = Date.now();
  const people = await crowd(rig.adapter, clock, places);
  const [one] = places;
  setTimeout(() => rig.slack.fault({ method: "chat.postMessage", channel: "D2" }, { kind: "limit", retryAfter: 6 }), 4_000);
  const first = await people.round("1", secondsOf);
  const second = await people.round("2", secondsOf);
  await people.until([...first, ...second], 3 * minute);

  const calls = rig.slack.calls.filter(({ at }) => at >= began);
  const seen = calls.map(({ method, params, at, result }): Seen => {
    const tier = tiers[method];
    const posted =
      method === "chat.postMessage" ? [{ name: `messages in ${String(params["channel"])}`, most: 4, ms: 4_000 }] : [];
    const limits = [...posted, ...(tier === undefined ? [] : [{ name: method, most: tier, ms: minute }])];
    return { at: at - began, status: result === "ratelimited" ? "limited" : "taken", limits };
  });
  assert.deepEqual(broken(seen), []);
  assert.equal(seen.filter(({ status }) => status === "limited").length, 1, "the one that was planned");
  const elsewhere = [...first, ...second].filter(({ place: { chat } }) => chat.chat !== "CALL" && chat.chat !== "D2");
  assert.ok((waits(elsewhere).at(-1) ?? Infinity) < 2_500, `answers came ${waits(elsewhere).at(-1)} ms late`);
  for (const { place, answer } of [...first, ...second]) {
    const own = rig.slack.messages(place.chat.chat, place.chat.thread);
    assert.ok(
      own.some(({ text }) => text.trim() === answer),
      answer,
    );
    assert.equal(own.length, 2, "nothing but the answers stays");
  }
  assert.ok(calls.filter(({ method }) => method === "chat.appendStream").length > 15, "some chats were shown what happens");
  // Whoever was said to be at work is said to be done.
  await clock.pass(2 * minute, 500);
  const working = [...rig.slack.statuses].filter(([, { status }]) => status === "processing").map(([thread]) => thread);
  assert.deepEqual(working, []);
  assert.ok(one);
  await people.view.close();
});

/** Slack's tiers, as its method pages give them. */
const tiers: Readonly<Record<string, number>> = {
  "chat.startStream": 20,
  "chat.stopStream": 20,
  "chat.appendStream": 100,
  "chat.update": 50,
  "chat.delete": 50,
  "agents.sessions.setStatus": 50,
  "conversations.replies": 50,
  "conversations.history": 50,
  "users.info": 100,
};

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Inbound, InboundMessage } from "../../src/core/inbound.ts";
import { chatRef, recordingInlet, telegramRig } from "./telegram-rig.ts";

// Every test speaks to a Bot API server over real HTTP.

const alice = { id: 7, name: "Alice" };
const group = -100_500;

function message(inbound: Inbound | undefined): InboundMessage {
  assert.ok(inbound?.type === "message", JSON.stringify(inbound));
  return inbound;
}

/** What one update becomes. */
async function takes(say: (rig: Awaited<ReturnType<typeof telegramRig>>) => void): Promise<Inbound[]> {
  await using rig = await telegramRig();
  say(rig);
  // The last one shows that all before it have been through.
  rig.tg.say(99, "the last one");
  await rig.adapter.start(rig.inlet);
  await rig.tg.waitFor(() => rig.inlet.received.some((each) => each.type === "message" && each.text === "the last one"));
  return rig.inlet.received.slice(0, -1);
}

test("a private message arrives with all that the gateway needs", async () => {
  await using rig = await telegramRig();
  const update = rig.tg.say(7, "hello", { from: alice });
  await rig.adapter.start(rig.inlet);
  const [first] = await rig.received(1);
  const { at, ...rest } = message(first);
  assert.deepEqual(rest, {
    type: "message",
    key: `telegram:42:update:${update}`,
    chat: chatRef(7),
    kind: "private",
    sender: { platform: "telegram", id: "7", name: "Alice" },
    text: "hello",
    messageId: "1",
    addressed: true,
  });
  assert.ok(Math.abs(Date.now() - at) < 10_000);
});

for (const [name, text, expected, addressed, options] of [
  ["just talk", "hello all", "hello all", false, {}],
  ["a mention", "@Hermes_Test_Bot, what's up?", "what's up?", true, {}],
  ["a mention in the middle", "so @hermes_test_bot what now", "so what now", true, {}],
  ["nothing but a mention", "@hermes_test_bot", "@hermes_test_bot", true, {}],
  ["another bot's mention", "@other_test_bot hi", "@other_test_bot hi", false, {}],
  ["a longer name", "@hermes_test_bot2 hi", "@hermes_test_bot2 hi", false, {}],
  ["a command", "/status now", "/status now", true, {}],
  ["our command", "/status@hermes_test_bot now", "/status now", true, {}],
  ["another bot's command", "/status@other_test_bot", "/status@other_test_bot", false, {}],
  ["a command after a mention", "@hermes_test_bot /stop", "/stop", true, {}],
  [
    "a mention by id",
    "Hermes, hi",
    "hi",
    true,
    { entities: [{ type: "text_mention", offset: 0, length: 6, user: { id: 42, is_bot: true, first_name: "Hermes" } }] },
  ],
] as const) {
  test(`in a group: ${name}`, async () => {
    const [inbound] = await takes(({ tg }) => void tg.say(group, text, { from: alice, ...options }));
    const got = message(inbound);
    assert.deepEqual([got.text, got.addressed, got.kind, got.sender.id], [expected, addressed, "shared", "7"]);
  });
}

test("in a group: a reply to us is for us, a reply to another is not", async () => {
  await using rig = await telegramRig();
  rig.tg.say(group, "@hermes_test_bot hi", { from: alice });
  await rig.adapter.start(rig.inlet);
  await rig.received(1);
  const [chunk] = rig.adapter.render("hello");
  assert.ok(chunk);
  const ours = await rig.adapter.post(chatRef(group), chunk, { replyTo: null });
  rig.tg.say(group, "and?", { from: alice, replyTo: Number(ours) });
  rig.tg.say(group, "no", { from: alice, replyTo: 1 });
  const all = (await rig.received(3)).map((each) => message(each).addressed);
  assert.deepEqual(all, [true, true, false]);
});

test("topics are chats of their own, save the general one, and a topic's first message replies to nobody", async () => {
  const created = {
    message_id: 5,
    from: { id: 42, is_bot: true, first_name: "Hermes" },
    chat: { id: group },
    date: 1,
    forum_topic_created: {},
  };
  const all = await takes(({ tg }) => {
    tg.say(group, "a", { from: alice, thread: 5, extra: { reply_to_message: created } });
    tg.say(group, "b", { from: alice, extra: { message_thread_id: 5 } });
    tg.say(group, "c", { from: alice, thread: 1 });
    tg.say(7, "d", { from: alice, thread: 9 });
  });
  assert.deepEqual(
    all.map((each) => each.chat.thread),
    ["5", null, null, "9"],
  );
  assert.equal(message(all[0]).addressed, false);
});

test("a bot that is renamed while it runs knows its new name at the first mention", async () => {
  await using rig = await telegramRig();
  await rig.adapter.start(rig.inlet);
  // Another bot's name is not ours, now or a moment later.
  for (const text of ["@other_bot hi", "@Other_Bot hi"]) rig.tg.say(group, text, { from: alice });
  await rig.received(2);
  rig.tg.rename("our_new_bot");
  rig.tg.say(group, "@our_new_bot are you there?", { from: alice });
  const [, , first] = await rig.received(3);
  assert.deepEqual([message(first).text, message(first).addressed], ["are you there?", true]);
  rig.tg.say(group, "/status@our_new_bot", { from: alice });
  const [, , , second] = await rig.received(4);
  assert.equal(message(second).text, "/status");
  assert.equal(rig.callsOf("getMe").length, 3);
});

test("a group that becomes a supergroup is told as moved, by its old id or its new one; nonsense moves nothing", async () => {
  await using rig = await telegramRig();
  rig.tg.say(-5, "", { from: alice, extra: { migrate_to_chat_id: -1_005 } });
  rig.tg.say(-1_006, "", { from: alice, extra: { migrate_from_chat_id: -6 } });
  rig.tg.say(-7, "still here", { from: alice, extra: { migrate_to_chat_id: "soon" } });
  rig.tg.say(99, "the last one");
  await rig.adapter.start(rig.inlet);
  await rig.tg.waitFor(() => rig.inlet.received.some((each) => each.type === "message" && each.text === "the last one"));
  assert.deepEqual(rig.moves, [
    ["-5", "-1005"],
    ["-6", "-1006"],
  ]);
});

test("captions, pictures without words, anonymous admins; not bots, service messages or forwarded channel posts", async () => {
  const channel = { id: -100_900, type: "channel", title: "News" };
  const all = await takes(({ tg }) => {
    tg.say(7, "", { from: alice, extra: { caption: "look", photo: [] } });
    tg.say(7, "", { from: alice, extra: { document: { file_id: "x", file_unique_id: "y", file_name: "a.pdf" } } });
    tg.say(7, "", { from: alice, extra: { new_chat_title: "x" } });
    tg.say(group, "from a bot", { from: { id: 77, bot: true } });
    tg.say(group, "anonymous", {
      from: { id: 1_087_968_824, bot: true },
      extra: { sender_chat: { id: group, type: "supergroup", title: "The team" } },
    });
    tg.say(group, "news", { from: { id: 777_000 }, extra: { sender_chat: channel, is_automatic_forward: true } });
    tg.update({ edited_message: { message_id: 1, date: 1, chat: { id: 7, type: "private" }, from: alice, text: "edited" } });
  });
  const change = all.pop();
  assert.deepEqual(change?.type === "change" && [change.messageId, change.text, change.sender.id], ["1", "edited", "7"]);
  assert.deepEqual(
    all.map((each) => [message(each).text, each.sender.id, each.sender.name]),
    [
      ["look", "7", "Alice"],
      ["", "7", "Alice"],
      ["anonymous", String(group), "The team"],
    ],
  );
});

test("a pressed button arrives with its data and is always acknowledged", async () => {
  await using rig = await telegramRig();
  await rig.adapter.start(rig.inlet);
  rig.tg.say(7, "hi", { from: alice });
  await rig.received(1);
  const [chunk] = rig.adapter.render("Let them in?");
  assert.ok(chunk);
  const asked = await rig.adapter.post(chatRef(7), chunk, { replyTo: null, buttons: [{ label: "Yes", data: "pair:yes:ABC" }] });
  const update = rig.tg.press(7, Number(asked), "pair:yes:ABC", { from: alice });
  const [, pressed] = await rig.received(2);
  assert.ok(pressed?.type === "button");
  assert.deepEqual(
    [pressed.key, pressed.data, pressed.chat, pressed.sender.id],
    [`telegram:42:update:${update}`, "pair:yes:ABC", chatRef(7), "7"],
  );
  await rig.tg.waitFor(() => rig.callsOf("answerCallbackQuery").some((call) => call.status === 200));
});

test("a draft's stop button names its turn, or none that this process has shown", async () => {
  await using rig = await telegramRig();
  await rig.adapter.start(rig.inlet);
  rig.tg.say(7, "hi", { from: alice });
  await rig.received(1);
  const [chunk] = rig.adapter.render("working");
  assert.ok(chunk);
  await rig.adapter.draft(chatRef(7), "turn-1", chunk);
  rig.tg.stopDraft(7);
  const person = { id: 7, type: "private", first_name: "Alice" };
  rig.tg.update({ stopped_message_generation: { chat: person, draft_id: 12_345, message_thread_id: 3 } });
  const [, known, unknown] = await rig.received(3);
  assert.ok(known?.type === "stop" && unknown?.type === "stop");
  assert.deepEqual([known.turn, known.sender.id, known.chat], ["turn-1", "7", chatRef(7)]);
  assert.deepEqual([unknown.turn, unknown.chat], [null, chatRef(7, 3)]);
});

test("who leaves a group or is removed from it has left; no bot, and nobody who stays under restrictions", async () => {
  const bob = { id: 8, is_bot: false, first_name: "Bob" };
  const told = (status: string, more = {}) => ({
    chat: { id: group, type: "supergroup", title: "group" },
    from: { id: 7, is_bot: false, first_name: "Alice" },
    date: 5,
    old_chat_member: { status: "member", user: bob },
    new_chat_member: { status, user: bob, ...more },
  });
  await using rig = await telegramRig();
  const { tg } = rig;
  await rig.adapter.start(rig.inlet);
  // Telegram keeps these only for whoever has asked for them.
  await tg.waitFor(() => rig.callsOf("getUpdates")[0]);
  tg.leave(group, 8, { from: alice });
  tg.leave(group, { id: 43, bot: true }, { from: alice });
  for (const status of ["member", "left", "kicked"]) tg.update({ chat_member: told(status) });
  for (const stays of [true, false]) tg.update({ chat_member: told("restricted", { is_member: stays }) });
  tg.say(7, "the last one");
  const all = (await rig.received(5)).slice(0, -1);
  assert.deepEqual(
    all.map(({ type, chat, kind, sender }) => [type, chat, kind, sender.id]),
    Array.from({ length: 4 }, () => ["left", chatRef(group), "shared", "8"]),
  );
  assert.equal(all[1]?.at, 5_000);
});

test("it asks for the kinds of update it reads", async () => {
  await using rig = await telegramRig();
  await rig.adapter.start(rig.inlet);
  const call = await rig.tg.waitFor(() => rig.callsOf("getUpdates")[0]);
  assert.deepEqual(call.params["allowed_updates"], [
    "message",
    "edited_message",
    "callback_query",
    "stopped_message_generation",
    "chat_member",
  ]);
});

test("nothing is confirmed before it is stored: a refused event is asked for again, in order", async () => {
  await using rig = await telegramRig();
  for (const text of ["one", "two", "three"]) rig.tg.say(7, text, { from: alice });
  rig.inlet.before = async (inbound) => {
    if (message(inbound).text === "two" && rig.inlet.refused < 2) rig.inlet.refuse = 1;
  };
  await rig.adapter.start(rig.inlet);
  const all = await rig.received(3);
  assert.deepEqual(
    all.map((each) => message(each).text),
    ["one", "two", "three"],
  );
  assert.equal(rig.inlet.refused, 2);
  const offsets = rig.callsOf("getUpdates").map((call) => call.params["offset"]);
  assert.deepEqual(offsets.slice(0, 3), [undefined, 1_002, 1_002]);
});

test("a process that dies in the middle of a batch leaves the rest, and what it was storing, to the next one", async () => {
  await using rig = await telegramRig();
  for (const text of ["one", "two", "three"]) rig.tg.say(7, text, { from: alice });
  // The first process never gets "two" stored, and then is no more.
  const stuck = Promise.withResolvers<undefined>();
  rig.inlet.before = async (inbound) => (message(inbound).text === "two" ? await stuck.promise : undefined);
  await rig.adapter.start(rig.inlet);
  await rig.received(1);
  const next = rig.make();
  const inlet = recordingInlet();
  await next.start(inlet);
  await rig.tg.waitFor(() => inlet.received.length === 3);
  assert.deepEqual(
    inlet.received.map((each) => message(each).text),
    ["one", "two", "three"],
  );
  assert.equal(inlet.received[0]?.key, rig.inlet.received[0]?.key);
  await next.close();
  stuck.resolve(undefined);
});

test("an update told twice has the same key", async () => {
  await using rig = await telegramRig();
  const update = rig.tg.say(7, "hello", { from: alice });
  await rig.adapter.start(rig.inlet);
  await rig.received(1);
  rig.tg.redeliver(update);
  const [first, second] = await rig.received(2);
  assert.equal(first?.key, second?.key);
});

test("an update that makes no sense is skipped, said so, and does not come again", async () => {
  await using rig = await telegramRig();
  const bad = rig.tg.update({ message: { message_id: 1, from: alice, text: "no chat" } });
  rig.tg.say(7, "hello", { from: alice });
  await rig.adapter.start(rig.inlet);
  const [only] = await rig.received(1);
  assert.equal(message(only).text, "hello");
  await rig.tg.waitFor(() => rig.tg.pending === 0);
  assert.deepEqual(
    rig.lines.filter(({ level }) => level === "warn").map(({ fields }) => fields["update"]),
    [bad],
  );
});

test("stopped: at once, though a poll waits; what is stored is confirmed; sends still work; it starts again", async () => {
  await using rig = await telegramRig();
  rig.tg.say(7, "hello", { from: alice });
  await rig.adapter.start(rig.inlet);
  await rig.received(1);
  await rig.tg.waitFor(() => rig.tg.pending === 0);
  const started = performance.now();
  await rig.adapter.pause();
  assert.ok(performance.now() - started < 5_000);
  const [chunk] = rig.adapter.render("bye");
  assert.ok(chunk);
  await rig.adapter.post(chatRef(7), chunk, { replyTo: null });
  rig.tg.say(7, "later", { from: alice });
  await rig.adapter.start(rig.inlet);
  assert.equal(message((await rig.received(2))[1]).text, "later");
});

test("stopped while an event is stored: it waits for that, and confirms it", async () => {
  await using rig = await telegramRig();
  rig.tg.say(7, "hello", { from: alice });
  const storing = Promise.withResolvers<undefined>();
  const begun = Promise.withResolvers<undefined>();
  rig.inlet.before = async () => {
    begun.resolve(undefined);
    await storing.promise;
  };
  await rig.adapter.start(rig.inlet);
  await begun.promise;
  const paused = rig.adapter.pause();
  storing.resolve(undefined);
  await paused;
  assert.equal(rig.inlet.received.length, 1);
  assert.equal(rig.tg.pending, 0);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Inbound, InboundMessage } from "../../src/core/inbound.ts";
import { chunkOf, slackChat, slackRig } from "./slack-rig.ts";

// Every test speaks to a Slack over real HTTP and a real WebSocket.

function message(inbound: Inbound | undefined): InboundMessage {
  assert.ok(inbound?.type === "message", JSON.stringify(inbound));
  return inbound;
}

test("a private message arrives with all that the gateway needs, and is acknowledged only when it is stored", async () => {
  await using rig = await slackRig();
  const storing = Promise.withResolvers<undefined>();
  const begun = Promise.withResolvers<undefined>();
  rig.inlet.before = async () => {
    begun.resolve(undefined);
    await storing.promise;
  };
  await rig.adapter.start(rig.inlet);
  const ts = rig.slack.say("D1", "hello &amp; good day");
  await begun.promise;
  assert.equal(rig.slack.events.envelopes[0]?.ackedAt, null);
  storing.resolve(undefined);
  const [first] = await rig.received(1);
  await rig.slack.waitFor(() => rig.slack.events.envelopes[0]?.ackedAt);
  const { at, ...rest } = message(first);
  assert.deepEqual(rest, {
    type: "message",
    key: `slack:T1:message:D1:${ts}`,
    chat: slackChat("D1", ts),
    kind: "private",
    sender: { platform: "slack", id: "U7", name: "Alice" },
    text: "hello & good day",
    messageId: ts,
    addressed: true,
  });
  assert.ok(Math.abs(Date.now() - at) < 10_000);
});

/** What was told becomes these events; the last message shows that all before it have been through. */
async function takes(say: (rig: Awaited<ReturnType<typeof slackRig>>) => void): Promise<Inbound[]> {
  await using rig = await slackRig();
  await rig.adapter.start(rig.inlet);
  say(rig);
  rig.slack.say("D99", "the last one");
  await rig.slack.waitFor(() => rig.slack.events.envelopes.every(({ ackedAt }) => ackedAt !== null));
  return rig.inlet.received.filter((each) => each.chat.chat !== "D99");
}

for (const [name, text, expected] of [
  ["just talk", "hello all", null],
  ["a mention", "<@UBOT> what's up?", "what's up?"],
  ["a mention with a label and a comma", "<@UBOT|hermes>, hi", "hi"],
  ["a mention in the middle", "so <@UBOT> what now", "so what now"],
  ["nothing but a mention", "<@UBOT>", "hello"],
  ["another's mention", "<@U8> hi", null],
  ["a command", "<@UBOT> !stop", "/stop"],
  ["an exclamation", "<@UBOT> !important", "!important"],
  ["a skill's name", "<@UBOT> !k8s what runs?", "/k8s what runs?"],
  ["the name of somebody's own skill", "<@UBOT> !my-diary", "!my-diary"],
  [
    "names, channels, links",
    "<@UBOT> ask <@U8> in <#C1|ops> about <https://a.b/c?d=1&amp;e|this> &lt;now&gt; <!here>",
    "ask @Bob in #ops about this (https://a.b/c?d=1&e) <now> @here",
  ],
] as const) {
  test(`in a channel: ${name}`, async () => {
    const all = await takes(({ slack }) => {
      slack.names.set("U8", "Bob");
      slack.say("C1", text);
    });
    // A mention comes as two events with one key.
    assert.ok(all.length === (expected === null ? 0 : 2) && new Set(all.map(({ key }) => key)).size <= 1);
    if (expected === null) return;
    const got = message(all[0]);
    assert.deepEqual([got.text, got.addressed, got.kind, got.sender.id], [expected, true, "shared", "U7"]);
  });
}

test("threads are chats of their own: in private each message begins one, in channels only what is meant for us or may go on", async () => {
  const all = await takes(({ slack }) => {
    slack.say("D1", "a");
    slack.say("D1", "b", { thread: "1.5" });
    slack.say("C1", "<@UBOT> c", { comesAs: "app_mention" });
    slack.say("C1", "d", { thread: "2.5" });
    slack.say("C1", "<@U8> e", { thread: "2.5" });
  });
  // What different channels say has no order.
  const said = (word: string) => all.map(message).find(({ text }) => text === word);
  const [a, b, c, d] = ["a", "b", "c", "d"].map(said);
  assert.equal(all.length, 4);
  assert.deepEqual([a?.chat.thread, b?.chat.thread, c?.chat.thread, d?.chat.thread], [a?.messageId, "1.5", c?.messageId, "2.5"]);
  assert.deepEqual([d?.addressed, d?.continues, c?.continues], [false, true, undefined]);
});

test("in private one's own skills are commands too, and /hermes takes skills' names", async () => {
  const all = await takes(({ slack }) => {
    slack.say("D1", "!my-diary today", { thread: "1.5" });
    slack.slash("D1", "/hermes", "k8s what runs?");
  });
  assert.deepEqual(all.map((each) => message(each).text).toSorted(), ["/k8s what runs?", "/my-diary today"]);
});

test("a channel's new name is told at once", async () => {
  await using rig = await slackRig();
  await rig.adapter.start(rig.inlet);
  rig.slack.event({ type: "channel_rename", channel: { id: "C1", name: "reports", created: 1 } });
  rig.slack.event({ type: "group_rename", channel: { id: "G2", name: "board", created: 1 } });
  rig.slack.event({ type: "channel_rename", channel: "C3" });
  await rig.slack.waitFor(() => rig.slack.events.envelopes.every(({ ackedAt }) => ackedAt !== null));
  assert.deepEqual(
    rig.renamed.toSorted((one, other) => one.chat.localeCompare(other.chat)),
    [
      { chat: "C1", name: "reports" },
      { chat: "G2", name: "board" },
    ],
  );
  assert.equal(rig.inlet.received.length, 0);
});

test("a changed and a deleted message are told as such", async () => {
  const all = await takes(({ slack }) => {
    const previous_message = { user: "U7", ts: "1.2", text: "<@UBOT> one", thread_ts: "1.0" };
    const about = { type: "message", channel: "C1", channel_type: "channel", previous_message };
    slack.event({ ...about, subtype: "message_changed", event_ts: "2.1", message: { ...previous_message, text: "<@UBOT> two" } });
    slack.event({ ...about, subtype: "message_deleted", event_ts: "2.2", deleted_ts: "1.2" });
  });
  assert.deepEqual(
    all.map((each) => (each.type === "change" ? [each.messageId, each.text, each.chat, each.sender.id] : each.type)),
    [
      ["1.2", "two", slackChat("C1", "1.0"), "U7"],
      ["1.2", null, slackChat("C1", "1.0"), "U7"],
    ],
  );
});

test("who leaves a channel or is removed from it has left; that we have is no news", async () => {
  const all = await takes(({ slack }) => {
    slack.leave("G1", "U8");
    slack.leave("G1", "UBOT");
  });
  assert.deepEqual(
    all.map(({ type, chat, kind, sender }) => [type, chat, kind, sender.id]),
    [["left", slackChat("G1"), "shared", "U8"]],
  );
});

test("not edits that change no words, joins, other bots, our own words; files are named", async () => {
  const all = await takes(({ slack }) => {
    const ours = { user: "UBOT", bot_id: "B1", ts: "1.1", text: "a" };
    const previous_message = { user: "U7", ts: "1.2", text: "see https://a.b" };
    slack.event({
      type: "message",
      subtype: "message_changed",
      channel: "D1",
      event_ts: "2.1",
      message: ours,
      previous_message: ours,
    });
    slack.event({
      type: "message",
      subtype: "message_changed",
      channel: "D1",
      event_ts: "2.2",
      message: previous_message,
      previous_message,
    });
    slack.say("D1", "x", { extra: { subtype: "channel_join" } });
    slack.say("D1", "x", { extra: { bot_id: "B2" } });
    slack.say("D1", "x", { user: "UBOT" });
    slack.event({ type: "reaction_added", user: "U7", item: {} });
    slack.event({ type: "app_home_opened", user: "U7", channel: "D1", tab: "messages" });
  });
  assert.deepEqual(all, []);
});

test("a channel that is not on the list is not heard; private chats are", async () => {
  await using rig = await slackRig({}, { allowedChannels: ["C2"] });
  await rig.adapter.start(rig.inlet);
  rig.slack.say("C1", "<@UBOT> a");
  for (const channel of ["C1", "C2"]) {
    const previous_message = { user: "U7", ts: "1.2", text: "<@UBOT> one" };
    const about = { type: "message", subtype: "message_deleted", channel, channel_type: "channel", previous_message };
    rig.slack.event({ ...about, event_ts: "2.2", deleted_ts: "1.2" });
  }
  rig.slack.say("C2", "<@UBOT> b", { comesAs: "message" });
  rig.slack.say("D1", "c");
  assert.deepEqual((await rig.received(3)).map((each) => `${each.chat.chat} ${each.type}`).toSorted(), [
    "C2 change",
    "C2 message",
    "D1 message",
  ]);
});

for (const [command, text, expected] of [
  ["/hermes", "stop", "/stop"],
  ["/hermes", "/new please", "/new please"],
  ["/hermes", "", "/help"],
  ["/hermes", "what time is it?", "what time is it?"],
  ["/stop", "", "/stop"],
  ["/hermes-reset", "", "/reset"],
  ["/ask", "why?", "why?"],
] as const) {
  test(`the slash command ${command} ${text}`, async () => {
    await using rig = await slackRig();
    await rig.adapter.start(rig.inlet);
    const root = rig.slack.say("C1", "<@UBOT> hello", { comesAs: "message" });
    await rig.received(1);
    const envelope = rig.slack.slash("C1", command, text);
    const got = message((await rig.received(2))[1]);
    assert.deepEqual([got.text, got.addressed, got.chat], [expected, true, slackChat("C1", root)]);
    assert.match(got.messageId ?? "", /^response:http/);
    await rig.slack.waitFor(() => envelope.ackedAt);
  });
}

test("a slash command after a restart is about the private thread that was last spoken in", async () => {
  await using rig = await slackRig();
  const old = rig.slack.say("D1", "a");
  rig.slack.say("D1", "b");
  rig.slack.say("D1", "c", { thread: old });
  await rig.adapter.start(rig.inlet);
  await rig.received(3);
  const next = rig.make();
  await rig.adapter.pause();
  await next.start(rig.inlet);
  rig.slack.slash("D1", "/hermes", "stop");
  const all = await rig.received(4);
  assert.deepEqual(all.at(-1)?.chat, slackChat("D1", old));
  await next.close();
});

test("a pressed button and a pressed Stop arrive with all that they mean", async () => {
  await using rig = await slackRig();
  await rig.adapter.start(rig.inlet);
  const root = rig.slack.say("D1", "hi");
  await rig.received(1);
  const chunk = chunkOf(rig.adapter, "Go on?");
  const asked = await rig.adapter.post(slackChat("D1", root), chunk, {
    replyTo: null,
    buttons: [{ label: "Yes", data: "choose:1:0" }],
  });
  rig.slack.press("D1", asked, "Yes");
  await rig.received(2);
  rig.slack.stop("D1", root);
  const [, pressed, stopped] = await rig.received(3);
  assert.ok(pressed?.type === "button" && stopped?.type === "stop");
  assert.deepEqual([pressed.data, pressed.chat, pressed.sender.name], ["choose:1:0", slackChat("D1", root), "Alice"]);
  assert.deepEqual([stopped.turn, stopped.chat, stopped.sender.id], [null, slackChat("D1", root), "U7"]);
});

test("what is told again has the same key; each press has its own", async () => {
  await using rig = await slackRig();
  await rig.adapter.start(rig.inlet);
  rig.slack.say("D1", "hi");
  await rig.received(1);
  const [first] = rig.slack.events.envelopes;
  assert.ok(first);
  rig.slack.events.redeliver(first);
  const [one, two] = await rig.received(2);
  assert.equal(one?.key, two?.key);
});

test("while the record is away an event is held, stored when it is back, and only then acknowledged; order is kept", async () => {
  await using rig = await slackRig();
  await rig.adapter.start(rig.inlet);
  rig.inlet.refuse = 2;
  rig.slack.say("D1", "one");
  rig.slack.say("D1", "two");
  await rig.slack.waitFor(() => rig.inlet.refused === 1);
  assert.equal(rig.slack.events.envelopes[0]?.ackedAt, null);
  const all = await rig.received(2);
  assert.deepEqual(
    all.map((each) => message(each).text),
    ["one", "two"],
  );
  await rig.slack.waitFor(() => rig.slack.events.envelopes.every(({ ackedAt }) => ackedAt !== null));
});

test("a name that Slack will not tell is no reason to wait for long", async () => {
  await using rig = await slackRig({}, { patienceMs: 100 });
  await rig.adapter.start(rig.inlet);
  rig.slack.say("D2", "hi", { user: "U404" });
  await rig.received(1);
  rig.slack.fault({ method: "users.info" }, { kind: "hang" });
  rig.slack.say("D1", "hi");
  const [unknown, late] = await rig.received(2);
  assert.deepEqual([unknown?.sender.name, late?.sender.name], ["U404", "U7"]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { asFailure, type FailureCode } from "../../src/core/failures.ts";
import { chunkOf, slackChat, slackRig, turnIn } from "./slack-rig.ts";

// What a process that died has begun, the next one goes on with.

async function codeOf(work: Promise<unknown>): Promise<FailureCode | "done"> {
  return await work.then(
    () => "done" as const,
    (error: unknown) => asFailure(error).code,
  );
}

test("after a restart the message is taken over: its stream is closed, and it is edited", async () => {
  await using rig = await slackRig();
  const turn = turnIn(rig);
  await turn.feed("one");
  const next = rig.make();
  const chunk = chunkOf(next, "one two");
  await next.edit(turn.chat, turn.at.message ?? "", chunk, {});
  assert.deepEqual(
    turn.shown().map(({ text, stream }) => [text, stream]),
    [["one two", "ended"]],
  );
  const other = turnIn(rig, "D2", "t2");
  await other.feed("one");
  await next.stream?.(
    other.chat,
    "t2",
    { text: "one two", tools: [], notice: "" },
    { replyTo: other.root, message: other.at.message },
  );
  await rig.slack.waitFor(() => other.shown()[0]?.stream === "ended");
  await next.edit(other.chat, other.at.message ?? "", chunk, {});
  assert.deepEqual(
    other.shown().map(({ text }) => text),
    ["one two"],
  );
  await next.close();
});

test("a process that died before it could note its stream: the next one goes on with it, or ends it", async () => {
  await using rig = await slackRig();
  const next = rig.make();
  const turn = turnIn(rig);
  await turn.feed("finished earlier");
  await turn.end("finished earlier, in the same thread");
  const asked = rig.slack.say("D1", "and?", { thread: turn.root });
  const at = { replyTo: asked, message: null };
  for (const [channel, feeds] of [
    ["D2", true],
    ["D3", false],
  ] as const) {
    const lost = turnIn(rig, channel, `lost ${channel}`);
    await lost.feed("one");
    const begun = lost.shown()[0]?.ts;
    const replyTo = lost.root;
    if (feeds)
      assert.equal(
        await next.stream?.(lost.chat, "x", { text: "one two", tools: [], notice: "" }, { replyTo, message: null }),
        begun,
      );
    else assert.equal(await next.post(lost.chat, chunkOf(next, "one two three"), { replyTo, key: "5:0" }), begun);
    if (feeds) await next.edit(lost.chat, begun ?? "", chunkOf(next, "one two three"), {});
    assert.deepEqual(
      lost.shown().map(({ text, stream }) => [text, stream]),
      [["one two three", "ended"]],
    );
  }
  await next.post(turn.chat, chunkOf(next, "another answer"), { ...at, key: "6:0" });
  assert.deepEqual(
    turn.shown().map(({ text }) => text),
    ["finished earlier, in the same thread", "another answer"],
  );
  await next.close();
});

test("what goes on without a mention streams for its writer, and takes the place of nothing that others, or we, have said since", async () => {
  await using rig = await slackRig();
  await rig.adapter.start(rig.inlet);
  const root = rig.slack.say("C1", "<@UBOT> hi", { comesAs: "message" });
  const asked = rig.slack.say("C1", "and now?", { thread: root, user: "U8" });
  await rig.received(2);
  rig.slack.say("C1", "build passed", { thread: root, user: "B2", extra: { bot_id: "B2" } });
  const chat = slackChat("C1", root);
  const progress = { text: "one", tools: [], notice: "" };
  assert.ok(await rig.adapter.stream?.(chat, "t1", progress, { replyTo: asked, message: null }));
  assert.equal(rig.callsOf("chat.startStream")[0]?.params["recipient_user_id"], "U8");
  await rig.adapter.post(chat, chunkOf(rig.adapter, "status"), { replyTo: asked, key: "7:0" });
  const next = rig.make();
  await next.post(chat, chunkOf(next, "after a restart"), { replyTo: asked, key: "8:0" });
  await next.post(chat, chunkOf(next, "another"), { replyTo: root, key: "9:0" });
  assert.deepEqual(
    rig.slack.messages("C1", root).map(({ text }) => text),
    ["after a restart", "status", "another"],
  );
  await next.close();
});

test("a question that the next process reads again is still answered in the message that the last one had begun", async () => {
  await using rig = await slackRig();
  await rig.adapter.start(rig.inlet);
  const turn = turnIn(rig);
  await rig.received(1);
  await turn.feed("one");
  await rig.adapter.pause();
  const next = rig.make();
  await next.start(rig.inlet);
  const [first, again] = await rig.received(2);
  assert.equal(first?.key, again?.key);
  await next.post(turn.chat, chunkOf(next, "one two"), { replyTo: turn.root, key: "5:0" });
  assert.deepEqual(
    turn.shown().map(({ text, stream }) => [text, stream]),
    [["one two", "ended"]],
  );
  await next.close();
});

test("the answer takes a begun message's place once, however often that or the look for it fails; what comes after is new", async () => {
  await using rig = await slackRig();
  const next = rig.make();
  const turn = turnIn(rig);
  await turn.feed("one");
  rig.slack.expireStreams();
  const options = { replyTo: turn.root, key: "5:0" };
  const attempt = () => codeOf(next.post(turn.chat, chunkOf(next, "one two"), options));
  rig.slack.fault({ method: "conversations.replies" }, { kind: "limit", retryAfter: 3 });
  assert.equal(await attempt(), "platform.rate_limited");
  rig.slack.fault({ method: "conversations.replies" }, { kind: "reset", when: "before" });
  assert.equal(await attempt(), "platform.unavailable");
  rig.slack.fault({ method: "chat.update" }, { kind: "reset", when: "after" });
  assert.equal(await attempt(), "platform.unavailable");
  assert.equal(await attempt(), "done");
  await next.post(turn.chat, chunkOf(next, "Which?"), { ...options, key: "6:0" });
  assert.deepEqual(
    turn.shown().map(({ text }) => text),
    ["one two", "Which?"],
  );
  await next.close();
});

test("what this process shows is not taken for what an earlier one has left", async () => {
  await using rig = await slackRig();
  const next = rig.make();
  const root = rig.slack.say("D1", "hi");
  const chat = slackChat("D1", root);
  const replyTo = rig.slack.say("D1", "!status", { thread: root });
  await next.stream?.(chat, "t1", { text: "one", tools: [], notice: "" }, { replyTo: root, message: null });
  await next.post(chat, chunkOf(next, "status"), { replyTo, key: "5:0" });
  assert.deepEqual(
    rig.slack.messages("D1", root).map(({ text, stream }) => [text, stream]),
    [
      ["one", "open"],
      ["status", null],
    ],
  );
  await next.close();
});

test("a begun message that is gone when the answer comes: the answer is a message of its own", async () => {
  await using rig = await slackRig();
  const next = rig.make();
  const turn = turnIn(rig);
  await turn.feed("one");
  rig.slack.fault({ method: "chat.update" }, { kind: "refuse", error: "message_not_found" });
  const ts = await next.post(turn.chat, chunkOf(next, "one two"), { replyTo: turn.root, key: "5:0" });
  assert.equal(turn.shown().find((each) => each.ts === ts)?.text, "one two");
  await next.close();
});

test("a process that died while one stream took another's place: what it had noted goes on, and the other is taken away", async () => {
  await using rig = await slackRig({}, { streamMs: 0 });
  const next = rig.make();
  for (const feeds of [true, false]) {
    const turn = turnIn(rig, feeds ? "D1" : "D2", `t ${feeds}`);
    await turn.feed("one");
    const noted = turn.at.message ?? "";
    // It got as far as to begin the other.
    rig.slack.fault({ method: "chat.stopStream" }, { kind: "reset", when: "before" });
    rig.slack.fault({ method: "chat.delete" }, { kind: "reset", when: "before" });
    await turn.feed("one two");
    const another = { text: "another turn's", tools: [], notice: "" };
    const running = await rig.adapter.stream?.(turn.chat, `later ${feeds}`, another, { replyTo: turn.root, message: null });
    assert.equal(turn.shown().length, 3);
    const at = { replyTo: turn.root, message: noted };
    const progress = { text: "one two three", tools: [], notice: "" };
    const end = () => codeOf(next.edit(turn.chat, noted, chunkOf(next, "one two three, four"), {}));
    if (feeds) assert.equal(await next.stream?.(turn.chat, "x", progress, at), noted);
    else {
      rig.slack.fault({ method: "conversations.replies" }, { kind: "reset", when: "before" });
      assert.equal(await end(), "platform.unavailable");
      rig.slack.fault({ method: "chat.delete" }, { kind: "reset", when: "before" });
      assert.equal(await end(), "platform.unavailable");
    }
    assert.equal(await end(), "done");
    assert.deepEqual(
      turn.shown().map(({ ts, text, stream }) => [ts, text, stream]),
      [
        [noted, "one two three, four", "ended"],
        [running, "another turn's", "open"],
      ],
    );
  }
  const gone = turnIn(rig, "D3", "gone");
  await gone.feed("one");
  const noted = gone.at.message ?? "";
  await gone.feed("one two");
  assert.equal(await codeOf(next.edit(gone.chat, noted, chunkOf(next, "one two three"), {})), "platform.refused");
  assert.deepEqual(gone.shown(), []);
  await next.close();
});

test("a message that was sent whole is no stream whose place another has taken", async () => {
  await using rig = await slackRig({}, { streamMs: 0 });
  const next = rig.make();
  const turn = turnIn(rig);
  const sent = await rig.adapter.post(turn.chat, chunkOf(rig.adapter, "Go on?"), { replyTo: null, key: "4:0" });
  await turn.feed("one");
  await next.edit(turn.chat, sent, chunkOf(next, "Go on? Yes."), {});
  assert.deepEqual(
    turn.shown().map(({ text, stream }) => [text, stream]),
    [
      ["Go on? Yes.", null],
      ["one", "open"],
    ],
  );
  await next.close();
});

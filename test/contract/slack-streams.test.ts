import assert from "node:assert/strict";
import { test } from "node:test";
import type { Progress } from "../../src/core/adapter.ts";
import { asFailure, type FailureCode } from "../../src/core/failures.ts";
import { chunkOf, slackChat, slackRig } from "./slack-rig.ts";

type Rig = Awaited<ReturnType<typeof slackRig>>;

/** A turn that is shown in a thread of a private chat, unless said otherwise. */
function turnIn(rig: Rig, channel = "D1", turn = "t1") {
  const root = rig.slack.say(channel, "hi");
  const chat = slackChat(channel, root);
  const at: { message: string | null } = { message: null };
  return {
    root,
    chat,
    at,
    async feed(text: string, tools: Progress["tools"] = []) {
      at.message =
        (await rig.adapter.stream?.(chat, turn, { text, tools, notice: "" }, { replyTo: root, message: at.message })) ?? null;
    },
    async end(text: string) {
      const chunk = chunkOf(rig.adapter, text);
      await rig.adapter.edit(chat, at.message ?? assert.fail("nothing is shown"), chunk, {});
    },
    shown: () => rig.slack.messages(channel, root),
  };
}

const streamCalls = (rig: Rig) =>
  rig.slack.calls.map(({ method }) => method).filter((method) => /Stream|update|delete/.test(method));

async function codeOf(work: Promise<unknown>): Promise<FailureCode | "done"> {
  return await work.then(
    () => "done" as const,
    (error: unknown) => asFailure(error).code,
  );
}

test("a stream grows and is closed by the rest of the answer, in one call", async () => {
  await using rig = await slackRig();
  const turn = turnIn(rig);
  const tool = { call: "c1", title: "terminal: ls", state: "running" } as const;
  await turn.feed("", [tool]);
  await turn.feed("one", [{ ...tool, state: "done" }]);
  await turn.feed("one **two");
  await turn.end("one **two** three");
  const [only, ...others] = turn.shown();
  assert.deepEqual(others, []);
  assert.deepEqual([only?.text, only?.stream, only?.edits], ["one **two** three", "ended", 0]);
  assert.deepEqual(only?.tasks, [{ id: "c1", title: "terminal: ls", status: "complete" }]);
  assert.deepEqual(streamCalls(rig), ["chat.startStream", "chat.appendStream", "chat.appendStream", "chat.stopStream"]);
});

test("a tool that is shown as running when the answer comes is not left so", async () => {
  await using rig = await slackRig();
  const turn = turnIn(rig);
  await turn.feed("one", [{ call: "c1", title: "terminal: ls", state: "running" }]);
  await turn.end("one two");
  assert.deepEqual(
    turn.shown().map(({ text, tasks, stream }) => [text, tasks, stream]),
    [["one two", [], "ended"]],
  );
});

test("an answer that says something else than the stream takes its place", async () => {
  await using rig = await slackRig();
  const turn = turnIn(rig);
  await turn.feed("I'll look that up.");
  await turn.feed("I'll look that up.\n\nIt is 4");
  await turn.end("It is 42.");
  const [only, ...others] = turn.shown();
  assert.deepEqual(others, []);
  assert.deepEqual([only?.text, only?.stream, only?.edits], ["It is 42.", "ended", 1]);
});

test("another attempt that begins anew goes on by edits", async () => {
  await using rig = await slackRig();
  const turn = turnIn(rig);
  await turn.feed("first try");
  await turn.feed("second");
  assert.deepEqual(
    turn.shown().map(({ text, stream }) => [text, stream]),
    [["second", "ended"]],
  );
  await turn.end("second try");
  assert.deepEqual(
    turn.shown().map(({ text }) => text),
    ["second try"],
  );
});

test("before Slack ends it another stream takes its place, with all that was said", async () => {
  await using rig = await slackRig({}, { streamMs: 0 });
  const turn = turnIn(rig);
  await turn.feed("one");
  const first = turn.at.message;
  await turn.feed("one two");
  assert.notEqual(turn.at.message, first);
  await rig.slack.waitFor(() => turn.shown().length === 1);
  assert.deepEqual(
    turn.shown().map(({ ts, text, stream }) => [ts, text, stream]),
    [[turn.at.message, "one two", "open"]],
  );
  await turn.end("one two three");
  assert.deepEqual(
    turn.shown().map(({ text }) => text),
    ["one two three"],
  );
});

test("no other stream to be had: the message goes on by edits", async () => {
  await using rig = await slackRig({}, { streamMs: 0 });
  const turn = turnIn(rig);
  await turn.feed("one");
  rig.slack.fault({ method: "chat.startStream", times: 9 }, { kind: "limit", retryAfter: 30 });
  await turn.feed("one two");
  assert.deepEqual(
    turn.shown().map(({ text, stream, edits }) => [text, stream, edits]),
    [["one two", "ended", 1]],
  );
  await turn.end("one two three");
  assert.deepEqual(
    turn.shown().map(({ text }) => text),
    ["one two three"],
  );
});

test("a stream that expired is brought back by an edit, in the middle and at the end", async () => {
  await using rig = await slackRig();
  const turn = turnIn(rig);
  await turn.feed("one");
  rig.slack.expireStreams();
  await turn.feed("one two");
  assert.deepEqual(
    turn.shown().map(({ text, stream }) => [text, stream]),
    [["one two", "ended"]],
  );
  const late = turnIn(rig, "D2", "t2");
  await late.feed("one");
  rig.slack.expireStreams();
  await late.end("one two");
  assert.deepEqual(
    late.shown().map(({ text, edits }) => [text, edits]),
    [["one two", 1]],
  );
});

for (const fault of [
  { kind: "reset", when: "after" },
  { kind: "reset", when: "before" },
  { kind: "garble", status: 502, body: "x", done: true },
] as const) {
  test(`an append of unknown outcome doubles nothing: ${JSON.stringify(fault)}`, async () => {
    await using rig = await slackRig();
    const turn = turnIn(rig);
    await turn.feed("one");
    rig.slack.fault({ method: "chat.appendStream" }, fault);
    await turn.feed("one two");
    await turn.end("one two three");
    assert.deepEqual(
      turn.shown().map(({ text }) => text),
      ["one two three"],
    );
  });

  test(`a start of unknown outcome leaves one message: ${JSON.stringify(fault)}`, async () => {
    await using rig = await slackRig();
    const turn = turnIn(rig);
    rig.slack.fault({ method: "chat.startStream" }, fault);
    await turn.feed("one");
    await turn.feed("one two");
    await turn.end("one two three");
    assert.deepEqual(
      turn.shown().map(({ text }) => text),
      ["one two three"],
    );
  });
}

test("an end of unknown outcome is settled by an update", async () => {
  await using rig = await slackRig();
  const turn = turnIn(rig);
  await turn.feed("one");
  rig.slack.fault({ method: "chat.stopStream" }, { kind: "reset", when: "after" });
  await turn.end("one two");
  assert.deepEqual(
    turn.shown().map(({ text }) => text),
    ["one two"],
  );
});

test("a 429 at the end: said, and done when asked again", async () => {
  await using rig = await slackRig();
  const turn = turnIn(rig);
  await turn.feed("one");
  rig.slack.fault({ method: "chat.stopStream" }, { kind: "limit", retryAfter: 2 });
  assert.equal(await codeOf(turn.end("one two")), "platform.rate_limited");
  await turn.end("one two");
  assert.deepEqual(
    turn.shown().map(({ text, stream }) => [text, stream]),
    [["one two", "ended"]],
  );
});

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

test("a person stopped it: nothing more is fed, and the end still stands", async () => {
  await using rig = await slackRig();
  const turn = turnIn(rig);
  await turn.feed("one");
  rig.slack.stop("D1", turn.root);
  await turn.feed("one two");
  await turn.feed("one two three");
  assert.equal(rig.callsOf("chat.appendStream").length, 1);
  await turn.end("one two\n\n⏹ Stopped here.");
  assert.deepEqual(
    turn.shown().map(({ text }) => text),
    ["one two\n\n⏹ Stopped here."],
  );
});

test("a mark that comes in two pieces rings nobody", async () => {
  await using rig = await slackRig();
  const turn = turnIn(rig);
  for (const text of ["hey <", "hey <!chan", "hey <!channel> and <@U1", "hey <!channel> and <@U12> there"]) await turn.feed(text);
  await turn.end("hey <!channel> and <@U12> there");
  const [only] = turn.shown();
  assert.doesNotMatch(only?.text ?? "", /<[!@]/);
  assert.equal(only?.edits, 0);
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

test("in channels a stream is for whoever asked; without that it is not begun", async () => {
  await using rig = await slackRig();
  await rig.adapter.start(rig.inlet);
  const root = rig.slack.say("C1", "<@UBOT> hi", { user: "U8", comesAs: "message" });
  await rig.received(1);
  const at = { replyTo: root, message: null };
  assert.ok(await rig.adapter.stream?.(slackChat("C1", root), "t1", { text: "one", tools: [], notice: "" }, at));
  assert.equal(rig.callsOf("chat.startStream")[0]?.params["recipient_user_id"], "U8");
  const unknown = { replyTo: "1.1", message: null };
  assert.equal(await rig.adapter.stream?.(slackChat("C1", "1.1"), "t2", { text: "one", tools: [], notice: "" }, unknown), null);
});

test("a workspace without streams and sessions: answers come whole, with a line that says that it thinks", async () => {
  await using rig = await slackRig({ agents: false });
  const turn = turnIn(rig);
  await turn.feed("one");
  await turn.feed("one two");
  assert.equal(turn.at.message, null);
  assert.equal(rig.callsOf("chat.startStream").length, 1);
  await rig.adapter.state?.(turn.chat, "working");
  assert.equal(rig.slack.statuses.get(`D1:${turn.root}`)?.["status"], "is thinking…");
  await rig.adapter.state?.(turn.chat, "idle");
  assert.equal(rig.slack.statuses.get(`D1:${turn.root}`)?.["status"], "");
});

test("a token of a kind that knows no sessions: a line stands for them, from then on", async () => {
  await using rig = await slackRig();
  rig.slack.fault({ method: "agents.sessions.setStatus" }, { kind: "refuse", error: "not_allowed_token_type" });
  await rig.adapter.state?.(slackChat("C1", "1.1"), "working");
  await rig.adapter.state?.(slackChat("C1", "1.1"), "idle");
  assert.equal(rig.slack.statuses.get("C1:1.1")?.["status"], "");
  assert.equal(rig.callsOf("agents.sessions.setStatus").length, 1);
});

test("where no session is to be had, a line stands for it", async () => {
  await using rig = await slackRig();
  rig.slack.fault({ method: "agents.sessions.setStatus" }, { kind: "refuse", error: "not_supported_in_channel" });
  await rig.adapter.state?.(slackChat("C1", "1.1"), "working");
  assert.equal(rig.slack.statuses.get("C1:1.1")?.["status"], "is thinking…");
  await rig.adapter.state?.(slackChat("C1", "1.1"), "idle");
  assert.equal(rig.slack.statuses.get("C1:1.1")?.["status"], "active");
});

test("while nothing is said yet, the line tells what it waits for", async () => {
  await using rig = await slackRig();
  const root = rig.slack.say("D1", "hi");
  const progress = { text: "", tools: [], notice: "Waiting for the model: 2 before you …" };
  assert.equal(await rig.adapter.stream?.(slackChat("D1", root), "t1", progress, { replyTo: root, message: null }), null);
  assert.match(String(rig.slack.statuses.get(`D1:${root}`)?.["status"]), /2 before you/);
});

test("many turns at once: nothing is sent past Slack's tiers, and every answer that was begun can be ended", async () => {
  await using rig = await slackRig();
  await rig.adapter.start(rig.inlet);
  const turns = Array.from({ length: 60 }, (_, at) => turnIn(rig, `D${at}`, `t${at}`));
  await rig.received(turns.length);
  for (let round = 1; round <= 5; round += 1) for (const turn of turns) await turn.feed("word ".repeat(round));
  const begun = turns.filter(({ at }) => at.message !== null);
  assert.equal(begun.length, 10);
  for (const turn of begun) await turn.end(`${"word ".repeat(5)}end`);
  assert.deepEqual(
    rig.slack.calls.filter(({ result }) => result !== "ok"),
    [],
  );
  assert.ok(begun.every((turn) => turn.shown()[0]?.text.endsWith("end")));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { asFailure, type FailureCode } from "../../src/core/failures.ts";
import { slackChat, type SlackRig, slackRig, turnIn } from "./slack-rig.ts";

const streamCalls = (rig: SlackRig) =>
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

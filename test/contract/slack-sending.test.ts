import assert from "node:assert/strict";
import { test } from "node:test";
import type { PostOptions } from "../../src/core/adapter.ts";
import { Failure, type FailureCode } from "../../src/core/failures.ts";
import type { SlackFault } from "../doubles/slack-faults.ts";
import { chunkOf, slackChat, slackRig } from "./slack-rig.ts";

type Rig = Awaited<ReturnType<typeof slackRig>>;

const plain: PostOptions = { replyTo: null };

async function post(rig: Rig, markdown: string, options: PostOptions = plain, thread: string | null = null): Promise<string> {
  const chunk = chunkOf(rig.adapter, markdown);
  return await rig.adapter.post(slackChat("C1", thread), chunk, options);
}

async function edit(rig: Rig, message: string, markdown: string, options: Pick<PostOptions, "buttons"> = {}): Promise<void> {
  const chunk = chunkOf(rig.adapter, markdown);
  await rig.adapter.edit(slackChat("C1"), message, chunk, options);
}

async function codeOf(work: Promise<unknown>): Promise<FailureCode | "done"> {
  return await work.then(
    () => "done" as const,
    (error: unknown) => (error instanceof Failure ? error.code : assert.fail(String(error))),
  );
}

test("a message goes out as Markdown, with a plain text for notifications, into its thread", async () => {
  await using rig = await slackRig();
  const root = rig.slack.say("C1", "hello");
  const ts = await post(rig, "**bold** and `code`\n\n| a | b |\n|---|---|\n| 1 | 2 |", plain, root);
  const [shown] = rig.slack.messages("C1");
  assert.deepEqual([shown?.ts, shown?.thread, shown?.form], [ts, root, "blocks"]);
  assert.match(shown?.text ?? "", /^\*\*bold\*\*[^]*\| 1 \| 2 \|$/);
  const call = rig.callsOf("chat.postMessage")[0];
  assert.match(String(call?.params["text"]), /bold/);
  assert.equal(String(call?.params["unfurl_links"]), "false");
});

test("buttons carry what they are told; an edit changes the words and takes the buttons away", async () => {
  await using rig = await slackRig();
  const buttons = Array.from({ length: 7 }, (_, at) => ({ label: `Choice ${at}`, data: `choose:${at}` }));
  const ts = await post(rig, "Which?", { ...plain, buttons });
  assert.deepEqual(
    rig.slack.messages("C1")[0]?.buttons.map(({ label, value }) => [label, value]),
    buttons.map(({ label, data }) => [label, data]),
  );
  await edit(rig, ts, "Which? *Alice: Choice 3*", { buttons: [] });
  const [shown] = rig.slack.messages("C1");
  assert.deepEqual([shown?.text, shown?.buttons, shown?.edits], ["Which? *Alice: Choice 3*", [], 1]);
});

test("nothing in an answer rings people", async () => {
  await using rig = await slackRig();
  await post(rig, "hey <!channel> <!here|all> <@U123> <#C12> <!subteam^S1|@x>, see <https://a.b> and `<!DOCTYPE html>`");
  const [shown] = rig.slack.messages("C1");
  assert.doesNotMatch(shown?.text ?? "", /<(?:!(?:channel|here|subteam)|@U|#C)/);
  assert.match(shown?.text ?? "", /<https:\/\/a\.b> and `<!DOCTYPE html>`$/);
  assert.doesNotMatch(String(rig.callsOf("chat.postMessage")[0]?.params["text"]), /<[!@#]/);
});

for (const [name, fault, sent, edited] of [
  ["429", { kind: "limit", retryAfter: 7 }, "platform.rate_limited", "platform.rate_limited"],
  ["a deleted channel", { kind: "refuse", error: "channel_not_found" }, "platform.refused", "platform.refused"],
  ["an archived channel", { kind: "refuse", error: "is_archived" }, "platform.refused", "platform.refused"],
  ["a revoked token", { kind: "refuse", error: "token_revoked" }, "platform.unavailable", "platform.unavailable"],
  ["trouble of Slack's", { kind: "refuse", error: "internal_error" }, "platform.unknown_outcome", "platform.unavailable"],
  [
    "a proxy's 502",
    { kind: "garble", status: 502, body: "<h1>Bad gateway</h1>", done: true },
    "platform.unknown_outcome",
    "platform.unavailable",
  ],
  ["500", { kind: "garble", status: 500, body: "", done: false }, "platform.unknown_outcome", "platform.unavailable"],
  [
    "a page instead of JSON",
    { kind: "garble", status: 200, body: "<html>hi</html>", done: true },
    "platform.unknown_outcome",
    "platform.unavailable",
  ],
  [
    "half of a JSON text",
    { kind: "garble", status: 200, body: '{"ok":tr', done: true },
    "platform.unknown_outcome",
    "platform.unavailable",
  ],
  ["a cut before", { kind: "reset", when: "before" }, "platform.unknown_outcome", "platform.unavailable"],
  ["a cut after it was done", { kind: "reset", when: "after" }, "platform.unknown_outcome", "platform.unavailable"],
] as const satisfies readonly (readonly [string, SlackFault, FailureCode, FailureCode])[]) {
  test(`told apart, and asked once: ${name}`, async () => {
    await using rig = await slackRig();
    const ts = await post(rig, "first");
    rig.slack.fault({ method: "chat.postMessage" }, fault);
    assert.equal(await codeOf(post(rig, "second")), sent);
    assert.equal(rig.callsOf("chat.postMessage").length, 2);
    rig.slack.fault({ method: "chat.update" }, fault);
    assert.equal(await codeOf(edit(rig, ts, "changed")), edited);
    assert.equal(rig.callsOf("chat.update").length, 1);
  });
}

test("a 429 says how long, and keeps no other channel waiting", async () => {
  await using rig = await slackRig();
  rig.slack.fault({ method: "chat.postMessage", channel: "C1" }, { kind: "limit", retryAfter: 30 });
  const refused = await post(rig, "x").then(assert.fail, (error: unknown) => error);
  assert.ok(refused instanceof Failure && refused.retryAfterMs === 30_000);
  const chunk = chunkOf(rig.adapter, "other");
  await rig.adapter.post(slackChat("C2"), chunk, plain);
  assert.equal(rig.slack.messages("C2").length, 1);
});

test("nobody there: surely not sent", async () => {
  await using rig = await slackRig();
  await rig.slack.close();
  assert.equal(await codeOf(post(rig, "x")), "platform.unavailable");
});

test("a send of unknown outcome is looked up by its key before it is sent again", async () => {
  for (const threaded of [true, false]) {
    await using rig = await slackRig();
    const since = Date.now();
    const root = threaded ? rig.slack.say("C1", "hi") : null;
    const before = rig.slack.messages("C1").length;
    rig.slack.fault({ method: "chat.postMessage" }, { kind: "reset", when: "after" });
    assert.equal(await codeOf(post(rig, "once", { ...plain, key: `9:${before}`, since }, root)), "platform.unknown_outcome");
    const again = await post(rig, "once", { ...plain, key: `9:${before}`, since, maybeRepeated: true }, root);
    assert.equal(rig.slack.messages("C1").length, before + 1);
    assert.equal(again, rig.slack.messages("C1").at(-1)?.ts);
    rig.slack.fault({ method: "chat.postMessage" }, { kind: "reset", when: "before" });
    assert.equal(await codeOf(post(rig, "twice", { ...plain, key: `8:${before}`, since }, root)), "platform.unknown_outcome");
    await post(rig, "twice", { ...plain, key: `8:${before}`, since, maybeRepeated: true }, root);
    assert.equal(rig.slack.messages("C1").length, before + 2);
  }
});

test("while it can't be looked up, nothing is sent, and the outcome stays unknown", async () => {
  await using rig = await slackRig();
  rig.slack.fault({ method: "conversations.history" }, { kind: "limit", retryAfter: 3 });
  const failed = await post(rig, "x", { ...plain, key: "1:0", since: 0, maybeRepeated: true }).then(
    assert.fail,
    (error: unknown) => error,
  );
  assert.ok(failed instanceof Failure);
  assert.deepEqual([failed.code, failed.retryAfterMs], ["platform.unknown_outcome", 3_000]);
  assert.equal(rig.slack.messages("C1").length, 0);
});

test("a thread that was deleted: the answer goes to its channel", async () => {
  await using rig = await slackRig();
  const root = rig.slack.say("C1", "hi");
  rig.slack.channel("C1", { deletedThreads: [root] });
  await post(rig, "here", plain, root);
  assert.equal(rig.slack.messages("C1", null)[0]?.text, "here");
});

test("a slash command is answered where only its sender sees it, for as long as that goes; then in the channel", async () => {
  await using rig = await slackRig();
  await rig.adapter.start(rig.inlet);
  rig.slack.slash("C1", "/hermes", "stop");
  const [inbound] = await rig.received(1);
  assert.ok(inbound?.type === "message");
  const replyTo = inbound.messageId;
  const id = await post(rig, "Nothing runs.", { replyTo });
  assert.equal(rig.slack.responses[0]?.body["response_type"], "ephemeral");
  assert.match(JSON.stringify(rig.slack.responses[0]?.body["blocks"]), /Nothing runs\./);
  assert.equal(await codeOf(edit(rig, id, "changed")), "platform.refused");
  await post(rig, "And nothing waits.", { replyTo: null, answers: replyTo });
  assert.equal(rig.slack.responses.length, 2);
  assert.deepEqual(rig.slack.messages("C1"), []);
  await post(rig, "Go on?", { replyTo, buttons: [{ label: "Yes", data: "choose:1:0" }] });
  rig.slack.expireTriggers();
  await post(rig, "Too late.", { replyTo });
  assert.deepEqual(
    rig.slack.messages("C1").map(({ text }) => text),
    ["Go on?", "Too late."],
  );
});

test("updates past what a minute takes wait, and say how long", async () => {
  await using rig = await slackRig();
  const ts = await post(rig, "0");
  const codes = [];
  for (let at = 1; at <= 52; at += 1) codes.push(await codeOf(edit(rig, ts, String(at))));
  assert.equal(codes.filter((code) => code === "done").length, 50);
  assert.equal(codes.at(-1), "platform.rate_limited");
  assert.ok(rig.slack.calls.every(({ result }) => result === "ok"));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../src/core/failures.ts";
import { chunkOf, slackRig } from "./slack-rig.ts";

type Rig = Awaited<ReturnType<typeof slackRig>>;

const open = (rig: Rig) => rig.slack.events.sockets.filter((socket) => socket.open).length;

async function refusal(work: Promise<unknown>): Promise<Failure> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return error instanceof Failure ? error : assert.fail(String(error));
}

test("a socket that is cut is opened again, and what was told meanwhile arrives", async () => {
  await using rig = await slackRig();
  await rig.adapter.start(rig.inlet);
  rig.slack.dropSockets();
  rig.slack.say("D1", "in between");
  const [only] = await rig.received(1);
  assert.ok(only?.type === "message" && only.text === "in between");
  await rig.slack.waitFor(() => rig.slack.events.envelopes[0]?.ackedAt);
});

test("asked for a fresh socket, it opens one before the old one is gone", async () => {
  await using rig = await slackRig();
  await rig.adapter.start(rig.inlet);
  const [storing, begun] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
  rig.inlet.before = async () => {
    begun.resolve(undefined);
    await storing.promise;
  };
  rig.slack.say("D1", "at hand");
  await begun.promise;
  rig.slack.refresh();
  await rig.slack.waitFor(() => open(rig) === 2);
  storing.resolve(undefined);
  await rig.slack.waitFor(() => rig.slack.events.envelopes[0]?.ackedAt);
  await rig.slack.waitFor(() => open(rig) === 1);
  assert.equal(rig.callsOf("apps.connections.open").length, 2);
  rig.slack.say("D1", "hello");
  await rig.slack.waitFor(() => rig.inlet.received.some((each) => each.type === "message" && each.text === "hello"));
  assert.equal(rig.lines.filter(({ level }) => level === "warn" || level === "error").length, 0);
});

test("a socket cut before the acknowledgement: told again, with the same key", async () => {
  await using rig = await slackRig();
  await rig.adapter.start(rig.inlet);
  const storing = Promise.withResolvers<undefined>();
  rig.inlet.before = () => storing.promise;
  rig.slack.say("D1", "hello");
  await rig.slack.waitFor(() => rig.callsOf("users.info").length > 0);
  rig.slack.dropSockets();
  await rig.slack.waitFor(() => rig.callsOf("apps.connections.open").length === 2);
  storing.resolve(undefined);
  const [one, two] = await rig.received(2);
  assert.equal(one?.key, two?.key);
  await rig.slack.waitFor(() => rig.slack.events.envelopes[0]?.ackedAt);
});

test("nonsense on the socket is skipped and ends nothing", async () => {
  await using rig = await slackRig();
  await rig.adapter.start(rig.inlet);
  const [socket] = rig.slack.events.sockets;
  for (const text of [
    "",
    "no json",
    "[]",
    "null",
    "{}",
    '{"type":"events_api"}',
    '{"type":"events_api","payload":{}}',
    '{"type":"interactive","payload":7}',
  ]) {
    socket?.send(text);
  }
  rig.slack.event({ type: "message" });
  rig.slack.event({ type: "message", channel: 7, ts: {}, user: "U7", text: "x" });
  rig.slack.say("D1", "hello");
  const [only] = await rig.received(1);
  assert.ok(only?.type === "message" && only.text === "hello");
  await rig.slack.waitFor(() => rig.slack.events.envelopes.every(({ ackedAt }) => ackedAt !== null));
});

test("a token revoked while it runs: said once, tried again, and over when the token is good", async () => {
  await using rig = await slackRig();
  await rig.adapter.start(rig.inlet);
  rig.slack.revoke("token_revoked");
  rig.slack.dropSockets();
  await rig.slack.waitFor(() => rig.lines.some(({ level, message }) => level === "error" && /SLACK_APP_TOKEN/.test(message)));
  rig.slack.revoke(null);
  await rig.slack.waitFor(() => open(rig) === 1);
  rig.slack.say("D1", "hello");
  await rig.received(1);
  assert.equal(rig.lines.filter(({ level }) => level === "error").length, 1);
});

test("what is wrong at the start is named with its mend", async () => {
  await using rig = await slackRig();
  const bad = rig.make({ botToken: "xoxb-wrong" });
  assert.match((await refusal(bad.start(rig.inlet))).advice ?? "", /SLACK_BOT_TOKEN/);
  const badApp = rig.make({ door: { type: "socket", appToken: "xapp-wrong" } });
  assert.match((await refusal(badApp.start(rig.inlet))).advice ?? "", /SLACK_APP_TOKEN/);
  const closed = rig.make({ door: null });
  assert.match((await refusal(closed.start(rig.inlet))).advice ?? "", /SLACK_APP_TOKEN[^]*SLACK_SIGNING_SECRET/);
  rig.slack.fault({ method: "auth.test", times: 9 }, { kind: "garble", status: 502, body: "x", done: false });
  assert.equal((await refusal(rig.adapter.start(rig.inlet))).code, "platform.unavailable");
});

test("stopped: what is at hand is stored, nothing more comes in, sends still work, and it starts again", async () => {
  await using rig = await slackRig();
  await rig.adapter.start(rig.inlet);
  const storing = Promise.withResolvers<undefined>();
  const begun = Promise.withResolvers<undefined>();
  rig.inlet.before = async () => {
    begun.resolve(undefined);
    await storing.promise;
  };
  rig.slack.say("D1", "hello");
  await begun.promise;
  const paused = rig.adapter.pause();
  storing.resolve(undefined);
  await paused;
  assert.equal(rig.inlet.received.length, 1);
  await rig.slack.waitFor(() => open(rig) === 0);
  const chunk = chunkOf(rig.adapter, "bye");
  await rig.adapter.post({ platform: "slack", chat: "D1", thread: null }, chunk, { replyTo: null });
  await rig.adapter.start(rig.inlet);
  rig.slack.say("D1", "again");
  await rig.slack.waitFor(() => rig.inlet.received.some((each) => each.type === "message" && each.text === "again"));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { signed } from "../doubles/slack-wire.ts";
import { chunkOf, slackChat, slackRig } from "./slack-rig.ts";

const secret = "8f742231b10e8888abcd99yyyzzz85a5";

/** An adapter that Slack calls, and its address. */
async function called() {
  const rig = await slackRig({}, { door: { type: "http", signingSecret: secret, host: "127.0.0.1", port: 0 } });
  await rig.adapter.start(rig.inlet);
  const port = rig.lines.find(({ fields }) => "port" in fields)?.fields["port"];
  const url = `http://127.0.0.1:${String(port)}/slack/events`;
  rig.slack.hook({ url, secret });
  return { ...rig, url };
}

async function post(url: string, body: string, headers: Readonly<Record<string, string>>) {
  const response = await fetch(url, { method: "POST", body, headers: { "content-type": "application/json", ...headers } });
  return { status: response.status, text: await response.text() };
}

test("events, buttons, stops and slash commands come in signed, and are answered when they are stored", async () => {
  await using rig = await called();
  const root = rig.slack.say("D1", "hello");
  await rig.received(1);
  const ts = await rig.adapter.post(slackChat("D1", root), chunkOf(rig.adapter, "Go on?"), {
    replyTo: null,
    buttons: [{ label: "Yes", data: "choose:1:0" }],
  });
  rig.slack.press("D1", ts, "Yes");
  rig.slack.stop("D1", root);
  rig.slack.slash("D1", "/hermes", "stop");
  const all = await rig.received(4);
  assert.deepEqual(new Set(all.map(({ type }) => type)), new Set(["message", "button", "stop"]));
  await rig.slack.waitFor(() => rig.slack.events.posted.length === 4);
  assert.deepEqual(rig.slack.events.posted, [200, 200, 200, 200]);
});

test("the address proves itself; a wrong or old signature, another path, a body that is none get nowhere", async () => {
  await using rig = await called();
  const challenge = JSON.stringify({ type: "url_verification", challenge: "3eZbrw1aB", token: "x" });
  const proof = await post(rig.url, challenge, signed(secret, challenge));
  assert.equal(proof.status, 200);
  assert.match(proof.text, /3eZbrw1aB/);
  const event = JSON.stringify({
    type: "event_callback",
    event: { type: "message", channel: "D1", user: "U7", ts: "1.1", text: "forged" },
  });
  assert.equal((await post(rig.url, event, signed("another secret", event))).status, 401);
  assert.equal((await post(rig.url, event, signed(secret, event, Math.floor(Date.now() / 1_000) - 600))).status, 401);
  assert.equal((await post(rig.url, event, {})).status, 401);
  assert.equal((await post(rig.url.replace("events", "other"), event, signed(secret, event))).status, 404);
  assert.equal((await post(rig.url, "no json", signed(secret, "no json"))).status, 400);
  assert.deepEqual(rig.inlet.received, []);
});

test("what can't be stored in time is refused, so that Slack tells it again; it is stored once all the same", async () => {
  await using rig = await called();
  const storing = Promise.withResolvers<undefined>();
  rig.inlet.before = () => storing.promise;
  rig.slack.say("D1", "hello");
  await rig.slack.waitFor(() => rig.slack.events.posted[0] === 503);
  const [first] = rig.slack.events.envelopes;
  assert.ok(first);
  storing.resolve(undefined);
  await rig.received(1);
  rig.slack.events.redeliver(first);
  const [one, two] = await rig.received(2);
  assert.equal(one?.key, two?.key);
  await rig.slack.waitFor(() => rig.slack.events.posted[1] === 200);
});

test("a port that is taken is named", async () => {
  await using rig = await called();
  const port = Number(new URL(rig.url).port);
  const other = rig.make({ door: { type: "http", signingSecret: secret, host: "127.0.0.1", port } });
  await assert.rejects(other.start(rig.inlet), /EADDRINUSE/);
});

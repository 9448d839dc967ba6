import assert from "node:assert/strict";
import { test } from "node:test";
import type { Inbound, InboundMessage } from "../../src/core/inbound.ts";
import { slackChat, slackRig } from "./slack-rig.ts";

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

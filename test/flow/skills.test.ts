import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { say } from "../doubles/model-server.ts";
import { lastOf, openTalk, type TalkRig } from "./talk-rig.ts";

suite("skills, from a chat to a result", () => {
  let rig: TalkRig;
  before(async () => {
    rig = await openTalk({ config: "terminal:\n  backend: virtual\n" });
  });
  after(() => rig[Symbol.asyncDispose]());

  test("/skills install k8s takes the one that ships into use, and the next conversation knows it", async () => {
    await rig.begin(() => say("unused"));
    assert.match(await rig.askOn("/skills"), /k8s/);
    assert.match(await rig.askOn("/skills install k8s"), /`?k8s`? is installed/);
    const { seen } = await rig.ask("hello", () => say("hi"));
    assert.match(String(seen[0]?.body.messages[0]?.content), /Skills \(.*\n- k8s: Look into/);
  });

  test("/k8s REQUEST asks with the skill's text before the words", async () => {
    const { seen, answer } = await rig.ask("/k8s why is web down?", () => say("It has no image."));
    assert.equal(answer, "It has no image.");
    assert.match(lastOf(seen[0]), /\[The skill "k8s"[\s\S]*Look first[\s\S]*why is web down\?/);
  });
});

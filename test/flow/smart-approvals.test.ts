import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { call, hang, say, type Seen } from "../doubles/model-server.ts";
import { openTalk } from "./talk-rig.ts";

const config = "terminal: {backend: local}\napprovals: {mode: smart}\n";

/** Whether this is the judge's own request. */
const judges = ({ body }: Seen): boolean => String(body.messages[0]?.content).startsWith("You judge one command");

suite("leave that a model judges", () => {
  test("a stop while it judges ends the turn, and nobody is asked", async () => {
    await using rig = await openTalk({ config });
    const asked = rig.ask("clean", (seen) => (judges(seen) ? hang() : call("terminal", { command: "rm -rf old" })));
    await rig.model.arrived(2);
    await rig.page.stop();
    assert.match((await asked).answer, /^⏹ Stopped\.$/);
    assert.equal(rig.model.seen.filter(judges).length, 1);
    assert.equal((await rig.ask("on", () => say("here"))).answer, "here");
    assert.ok(
      (await rig.page.history()).every(({ text }) => !text.includes("May I")),
      "no question was posted",
    );
  });
});

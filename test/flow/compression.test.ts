import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { call, say, type Seen } from "../doubles/model-server.ts";
import { isSummary, tokensOf, within } from "../doubles/windowed.ts";
import { openTalk } from "./talk-rig.ts";

const small = 8_192;
const config = `model:\n  context_length: ${small}\n`;
const record = "- Asked for: numbers, again and again\n- Found and decided: the canary is quince-7";

/** Runs a command whose output is as long as a result may be, then answers what was asked. */
function counting(seen: Seen) {
  if (isSummary(seen)) return say(record);
  const last = seen.body.messages.at(-1);
  return last?.role === "tool" ? say(`answer to ${asked(seen)}`) : call("terminal", { command: "seq 1 5000" });
}

suite("a window of 8,192 tokens", () => {
  test("twelve turns with tool results of 20,000 characters all get their answers, and none is refused", async () => {
    await using rig = await openTalk({ config });
    const first = await rig.ask("turn 0", (seen) => within(small, seen, () => counting(seen)));
    assert.equal(first.answer, "answer to turn 0");
    for (let turn = 1; turn < 12; turn += 1) assert.equal(await rig.askOn(`turn ${turn}`), `answer to turn ${turn}`);
    assert.ok(rig.model.seen.every((seen) => tokensOf(seen) <= small));
    const summaries = rig.model.seen.filter(isSummary);
    assert.ok(summaries.length > 0 && summaries.length < 12);
    const last = rig.model.seen.at(-1);
    assert.match(JSON.stringify(last?.body.messages), /For reference only[^]*the canary is quince-7/);
    assertPaired(rig.model.seen);
  });
});

/** Every call has its result right behind it, and no result stands alone: servers refuse anything else. */
function assertPaired(requests: readonly Seen[]): void {
  for (const { body } of requests) {
    let open: string[] = [];
    for (const message of body.messages) {
      if (message.role === "tool") {
        assert.equal(message.tool_call_id, open.shift());
        continue;
      }
      assert.deepEqual(open, []);
      open = (message.tool_calls ?? []).map(({ id }) => id);
    }
    assert.deepEqual(open, []);
  }
}

function asked(seen: Seen): string {
  const said = seen.body.messages.findLast((message) => message.role === "user");
  return /turn \d+$/.exec(String(said?.content))?.[0] ?? "nothing";
}

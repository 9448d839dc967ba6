import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { calls, modelServerWith, say, type Seen } from "../doubles/model-server.ts";
import { isSummary, tokensOf, within } from "../doubles/windowed.ts";
import { lastOf, openTalk } from "./talk-rig.ts";

const small = 8_192;
const config = `model:\n  context_length: ${small}\n`;
const record = "- Asked for: numbers, again and again\n- Found and decided: the canary is quince-7";

/** Runs two commands with outputs of 100 KB and more, then answers what was asked. */
function counting(seen: Seen) {
  if (isSummary(seen)) return say(record);
  const last = seen.body.messages.at(-1);
  if (last?.role === "tool") return say(`answer to ${asked(seen)}`);
  const commands = ["seq 1 20000", "seq 20000 40000"];
  return calls(commands.map((command, index) => ({ name: "terminal", args: { command }, id: `call_${seen.at}_${index}` })));
}

suite("a window of 8,192 tokens", () => {
  test("fourteen turns with tool results of 100 KB all get their answers, and none is refused", async () => {
    await using rig = await openTalk({ config });
    const first = await rig.ask("turn 0", (seen) => within(small, seen, () => counting(seen)));
    assert.equal(first.answer, "answer to turn 0");
    for (let turn = 1; turn < 14; turn += 1) assert.equal(await rig.askOn(`turn ${turn}`), `answer to turn ${turn}`);
    assert.ok(rig.model.seen.every((seen) => tokensOf(seen) <= small));
    const results = rig.model.seen.flatMap(({ body }) => body.messages.filter(({ role }) => role === "tool"));
    assert.ok(results.every(({ content }) => String(content).length <= 6_000));
    const summaries = rig.model.seen.filter(isSummary);
    assert.ok(summaries.length > 1 && summaries.length < 14, `${summaries.length} summaries`);
    assert.ok(summaries.slice(1).every(({ raw }) => raw.includes("the canary is quince-7")));
    assert.match(JSON.stringify(rig.model.seen.at(-1)?.body.messages), /For reference only[^]*the canary is quince-7/);
    assertPaired(rig.model.seen);
  });

  test("a summariser with 2,048 tokens reads all that is dropped, piece by piece, also of what it wrote before", async () => {
    const side = await modelServerWith({ strict: false, models: ["tiny"] }, (seen) =>
      within(2_048, seen, () => say(`${record}\n${numbered(20, "of what was")}`)),
    );
    await using _side = side;
    const auxiliary = `auxiliary:\n  compression: {base_url: "${side.url}", model: tiny, context_length: 2048}\n`;
    await using rig = await openTalk({ config: config + auxiliary });
    const words = (turn: number) => `marker-${turn}. ${numbered(150, `of turn ${turn}`)}`;
    await rig.ask(`turn 0`, (seen) => within(small, seen, () => say(words(Number(/\d+$/.exec(lastOf(seen))?.[0])))));
    for (let turn = 1; turn < 11; turn += 1) assert.ok((await rig.askOn(`turn ${turn}`)).startsWith(`marker-${turn}.`));
    assert.ok(side.seen.length > 4, `${side.seen.length} pieces`);
    assert.ok(side.seen.every((seen) => tokensOf(seen) <= 2_048));
    assert.ok(rig.model.seen.every((seen) => !isSummary(seen) && tokensOf(seen) <= small));
    const read = side.seen.map(lastOf).join("\n");
    const shown = rig.model.seen.at(-1)?.raw ?? "";
    const markers = Array.from({ length: 10 }, (_, turn) => `marker-${turn}.`);
    assert.deepEqual(
      markers.filter((marker) => !shown.includes(marker) && !read.includes(marker)),
      [],
    );
    assert.ok(markers.some((marker) => !shown.includes(marker)));
  });

  test("many short messages are shortened by their number, under the limit of the moment", async () => {
    await using rig = await openTalk({ config: "model:\n  context_length: 131072\n" });
    const chat = (seen: Seen) => say(isSummary(seen) ? record : `well, ${numbered(8, "of small talk")}`);
    await rig.ask("turn 0", chat);
    for (let turn = 1; turn < 8; turn += 1) await rig.askOn(`turn ${turn}`);
    assert.equal(rig.model.seen.filter(isSummary).length, 0);
    const limits = "compression:\n  hygiene_hard_message_limit: 12\n  protect_last_n: 4\n";
    await writeFile(join(rig.home, "config.yaml"), `model:\n  context_length: 131072\n${limits}`);
    await rig.askOn("turn 8");
    assert.equal(rig.model.seen.filter(isSummary).length, 1);
    const { messages = [] } = rig.model.seen.at(-1)?.body ?? {};
    assert.ok(messages.length <= 9, `${messages.length} messages`);
    assert.match(JSON.stringify(messages), /For reference only[^]*turn 8/);
    await rig.askOn("turn 9");
    assert.equal(rig.model.seen.filter(isSummary).length, 1);
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

/** Never the same line twice: repetition is cut. */
function numbered(lines: number, of: string): string {
  return Array.from({ length: lines }, (_, at) => `Line ${at * 37} ${of}.`).join(" ");
}

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { say, type Seen, status } from "../doubles/model-server.ts";
import { ollama } from "../doubles/server-kinds.ts";
import { cutting, isSummary, reserving, tokensOf, within } from "../doubles/windowed.ts";
import { lastOf, openTalk } from "./talk-rig.ts";

const record = "- Asked for: many things\n- Found and decided: the canary is quince-7";
/** Never the same line twice: repetition is cut. So long that few turns fill a window. */
const wordy = Array.from({ length: 60 }, (_, at) => `Line ${at * 37} of an answer that says next to nothing at all.`).join(" ");

/** Answers a request, or gives the record of what was. */
const answer = (seen: Seen) => say(isSummary(seen) ? record : `${wordy}end of ${/turn \d+$/.exec(lastOf(seen))?.[0]}`);

suite("a conversation that the server finds too long", () => {
  test("a window smaller than configured is learnt from one refusal, and costs no turn", async () => {
    await using rig = await openTalk({ config: "model:\n  context_length: 32768\n" });
    const refused: Seen[] = [];
    await rig.ask("turn 0", (seen) => {
      if (tokensOf(seen) > 6_000) refused.push(seen);
      return within(6_000, seen, () => answer(seen));
    });
    for (let turn = 1; turn < 8; turn += 1) assert.match(await rig.askOn(`turn ${turn}`), new RegExp(`end of turn ${turn}$`));
    assert.equal(refused.length, 1);
    assert.ok(rig.model.seen.some(isSummary));
    assert.match(rig.model.seen.at(-1)?.raw ?? "", /quince-7/);
  });

  test("a server that refuses whatever it gets is asked a few times, and then the person is told what to do", async () => {
    await using rig = await openTalk({ config: "model:\n  context_length: 16384\n" });
    const trouble = { from: -1 };
    await rig.ask("turn 0", (seen) => {
      const tokens = tokensOf(seen);
      const message = `request (${tokens} tokens) exceeds the available context size (${tokens - 100} tokens), try increasing it`;
      if (trouble.from < 0 || isSummary(seen)) return within(16_384, seen, () => answer(seen));
      return status(400, { error: { code: 400, message, type: "exceed_context_size_error" } });
    });
    for (let turn = 1; turn < 4; turn += 1) await rig.askOn(`turn ${turn}`);
    trouble.from = rig.model.seen.length;
    const told = await rig.askOn("turn 9");
    assert.match(told, /too many for the model\S+ window[^]*(\/new|larger context)/);
    assert.ok(rig.model.seen.length - trouble.from <= 6, `${rig.model.seen.length - trouble.from} requests`);
    trouble.from = -1;
    assert.match(await rig.askOn("turn 10"), /end of turn 10/);
  });

  test("where prompt and wished answer don't fit together, the answer gets what room there is, and later a summary makes more", async () => {
    await using rig = await openTalk({ config: "model:\n  context_length: 32768\n  max_tokens: 3000\n" });
    await rig.ask("turn 0", (seen) => reserving(8_192, seen, () => answer(seen)));
    for (let turn = 1; turn < 11; turn += 1) assert.match(await rig.askOn(`turn ${turn}`), new RegExp(`end of turn ${turn}$`));
    const refused = rig.model.seen.filter((seen) => tokensOf(seen) + (seen.body.max_tokens ?? 0) > 8_192);
    assert.ok(refused.length > 0 && refused.length < 11, `${refused.length} refusals`);
    assert.ok(rig.model.seen.some(isSummary));
  });

  test("a short conversation for which too long an answer is wished gets what room there is", async () => {
    await using rig = await openTalk({
      config:
        "model:\n  context_length: 8192\n  max_tokens: 8000\nrole_toolsets: {owner: [todo], admin: [todo], member: [todo]}\n",
    });
    const { answer: said, seen } = await rig.ask("turn 0", (asked) => reserving(8_192, asked, () => answer(asked)));
    assert.match(said, /end of turn 0$/);
    assert.equal(seen.length, 2);
  });

  test("a message that is too long by itself is said to be, and the next one is answered", async () => {
    await using rig = await openTalk({ config: "model:\n  context_length: 8192\n" });
    await rig.ask("turn 0", (seen) => within(8_192, seen, () => answer(seen)));
    assert.match(
      await rig.askOn("word ".repeat(12_000)),
      /The newest message alone has about \d+ tokens: send it in smaller parts/,
    );
    assert.match(await rig.askOn("turn 2"), /end of turn 2/);
  });

  test("a summariser that fails costs no turn and no message, and is told of once", async () => {
    await using rig = await openTalk({ config: "model:\n  context_length: 8192\n" });
    await rig.ask("turn 0", (seen) => {
      if (isSummary(seen)) return status(400, { error: { message: "out of order", type: "invalid_request_error" } });
      return within(8_192, seen, () => answer(seen));
    });
    const said: string[] = [];
    for (let turn = 1; turn < 30 && !said.some((each) => /getting too long/.test(each)); turn += 1) {
      await rig.askOn(`turn ${turn}`);
      said.splice(0, said.length, ...(await rig.page.answers(1)));
    }
    // What is said beside an answer may come after it.
    if (!said.some((each) => /getting too long/.test(each)))
      said.push(...(await rig.page.answers(said.length + 1)).slice(said.length));
    const notices = said.filter((each) => /getting too long[^]*out of order[^]*Nothing of it is lost/.test(each));
    assert.equal(notices.length, 1, said.map((each) => each.slice(-300)).join("\n"));
    const { messages = [] } = rig.model.seen.findLast((seen) => !isSummary(seen))?.body ?? {};
    assert.equal(messages[1]?.content, "turn 0");
  });

  test("an Ollama that cuts without a word is found out, and the whole conversation goes on by a summary", async () => {
    const kind = ollama({ loaded: null });
    await using rig = await openTalk({ server: kind });
    await rig.ask("turn 0", (seen) => cutting(4_096, seen, () => answer(seen)));
    for (let turn = 1; turn < 7; turn += 1) assert.match(await rig.askOn(`turn ${turn}`), /end of turn/);
    assert.ok(rig.model.seen.some(isSummary));
    const last = rig.model.seen.at(-1);
    assert.ok(last !== undefined && tokensOf(last) <= 4_096 && last.raw.includes("quince-7"));
  });
});

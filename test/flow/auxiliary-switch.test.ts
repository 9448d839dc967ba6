import assert from "node:assert/strict";
import { test } from "node:test";
import { modelServerWith, say, type Seen } from "../doubles/model-server.ts";
import { isSummary, within } from "../doubles/windowed.ts";
import { openTalk } from "./talk-rig.ts";
import { typed } from "./typed.ts";

const window = 32_768;
/** Never the same line twice: repetition is cut. */
const long = Array.from({ length: 30 }, (_, at) => `Fox ${at * 37} jumps over its lazy dog and comes back once more.`).join(" ");

test("another model for summaries, set and unset at the command line, makes the next one of a running conversation", async () => {
  const answering = (seen: Seen) =>
    within(window, seen, () => say(isSummary(seen) ? "- Found and decided: main-3" : `${long} yes`));
  await using side = await modelServerWith({ strict: false, models: ["small"] }, () => say("- Found and decided: side-7"));
  const providers = `custom_providers:\n  - {name: side, base_url: "${side.url}", context_length: ${window}}\n`;
  const keep = "compression: {protect_last_n: 2, protect_first_n: 1}\n";
  await using rig = await openTalk({ config: `model:\n  context_length: ${window}\n${keep}${providers}` });
  const config = async (...args: string[]) => {
    const said = await typed(rig.home, ["config", ...args]);
    assert.equal(said.status, 0, said.stderr);
    return said;
  };
  const compressed = async (): Promise<string> => {
    for (let turn = 0; turn < 3; turn += 1) await rig.askOn(`turn ${turn}`);
    const said = (await rig.page.answers(1)).length;
    await rig.page.send("/compress");
    const told = (await rig.page.answers(said + 2)).slice(said).join("\n");
    assert.match(told, /I shortened this conversation/);
    await rig.askOn("and then?");
    return JSON.stringify(rig.model.seen.at(-1)?.body.messages);
  };

  await rig.ask("turn 0", answering);
  assert.match(await compressed(), /main-3/);
  assert.equal(side.seen.length, 0);

  assert.match((await config("set", "auxiliary.compression.provider", "side")).stdout, /the next time/);
  assert.equal((await config("set", "auxiliary.compression.model", "small")).stderr, "");
  assert.match(await compressed(), /side-7/);
  assert.equal(side.seen.at(-1)?.body.model, "small");
  const [bySide, byMain] = [side.seen.length, rig.model.seen.filter(isSummary).length];

  await config("unset", "auxiliary.compression.model");
  await config("unset", "auxiliary.compression.provider");
  assert.match(await compressed(), /main-3/);
  assert.equal(side.seen.length, bySide);
  assert.ok(rig.model.seen.filter(isSummary).length > byMain);
});

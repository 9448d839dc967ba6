import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { call, say } from "../doubles/model-server.ts";
import { type KillableRig, lastOf, openTalkApart } from "./talk-rig.ts";

/** What the agent asks, as it stands in the history. */
const question = "Tea or coffee?";
const asks = (seen: Parameters<typeof lastOf>[0], count: number) =>
  count === 0 ? call("clarify", { question, choices: ["Tea", "Coffee"] }) : say(`So: ${lastOf(seen)}`);

suite("a turn that asks a person", () => {
  let rig: KillableRig;
  before(async () => {
    rig = await openTalkApart();
  });
  after(() => rig[Symbol.asyncDispose]());

  const asked = async () => (await rig.page.history()).findLast((item) => Object.keys(item.buttons).length > 0);
  const last = async (count: number) => (await rig.page.answers(count)).at(-1);
  const answers = async () => (await rig.page.history()).filter(({ role }) => role === "agent").length;

  test("parks, goes on with the button's answer, and shows who chose what", async () => {
    const { answer } = await rig.ask("a drink please", asks);
    assert.match(answer, /Tea or coffee\?/);
    const { buttons } = (await asked()) ?? assert.fail("nothing is asked");
    assert.deepEqual(Object.keys(buttons), ["Tea", "Coffee"]);
    const before = await answers();
    assert.equal(await rig.page.press(buttons["Coffee"] ?? ""), 202);
    assert.match((await last(before + 1)) ?? "", /^So: .*: Coffee$/);
    const shown = (await rig.page.history()).find(({ text }) => text.includes(question));
    assert.match(shown?.text ?? "", /: Coffee$/);
    assert.deepEqual(shown?.buttons, {});
  });

  test("is answered in words, too", async () => {
    await rig.ask("a drink please", asks);
    assert.match(await rig.askOn("water, no gas"), /^So: .*: water, no gas$/);
  });

  test("waits over a kill and a restart, and two presses are one answer", async () => {
    await rig.ask("a drink please", asks);
    await rig.restart();
    const { buttons } = (await asked()) ?? assert.fail("nothing is asked any more");
    const before = await answers();
    await Promise.all([rig.page.press(buttons["Tea"] ?? ""), rig.page.press(buttons["Coffee"] ?? "")]);
    assert.match((await last(before + 1)) ?? "", /^So: .*: (Tea|Coffee)$/);
    assert.equal(await rig.askOn("/status").then((text) => /nothing runs|idle/i.test(text)), true);
    assert.equal(await answers(), before + 2);
  });

  test("is ended by /stop, and the next message begins anew", async () => {
    await rig.ask("a drink please", asks);
    const before = await answers();
    await rig.page.send("/stop");
    await rig.page.answers(before + 1);
    assert.deepEqual(await asked(), undefined);
    assert.match(await rig.askOn("hello"), /^So: hello/);
  });
});

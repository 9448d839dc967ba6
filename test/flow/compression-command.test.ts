import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { say, type Seen, status, type StreamStep } from "../doubles/model-server.ts";
import { isSummary, within } from "../doubles/windowed.ts";
import { lastOf, openTalk } from "./talk-rig.ts";

const window = 32_768;
const config = `model:\n  context_length: ${window}\n`;
/** Never the same line twice: repetition is cut. */
const long = Array.from({ length: 12 }, (_, at) => `Fox ${at * 37} jumps over its lazy dog and comes back once more.`).join(" ");

function answering(seen: Seen) {
  return within(window, seen, () => say(isSummary(seen) ? "- Asked for: foxes\n- Found and decided: quince-7" : `${long} yes`));
}

suite("/compress", () => {
  let rig: Rig;
  before(async () => {
    rig = await openTalk({ config });
  });
  after(() => rig[Symbol.asyncDispose]());

  test("says that there is nothing to do", async () => {
    await rig.ask("hello", answering);
    assert.match(await rig.askOn("/compress"), /I shorten this conversation now/);
    assert.match(
      await nextAnswer(rig),
      /nothing to shorten yet: this conversation has 2 messages \(about [\d,]+ tokens\)[^]*32,768/,
    );
  });

  test("shortens by a summary that keeps what the person names", async () => {
    await rig.ask("turn 0", answering);
    for (let turn = 1; turn < 20; turn += 1) await rig.askOn(`turn ${turn}`);
    assert.match(await rig.askOn("/compress the quinces"), /I shorten this conversation now/);
    const told = await nextAnswer(rig);
    const [, before, beforeTokens, after, afterTokens] =
      /from (\d+) messages \(about ([\d,]+) tokens\) to (\d+) messages \(about ([\d,]+) tokens\)/.exec(told) ?? [];
    assert.equal(before, "40", told);
    assert.ok(Number(after) < 28 && number(afterTokens) < number(beforeTokens), told);
    const summary = rig.model.seen.findLast(isSummary);
    assert.match(lastOf(summary), /wants this kept above all: "the quinces"/);
    assert.equal(await rig.askOn("turn 20"), `${long} yes`.trim());
    assert.match(JSON.stringify(rig.model.seen.at(-1)?.body.messages), /For reference only[^]*quince-7[^]*turn 20/);
  });

  test("says what failed, and the conversation stays as it was", async () => {
    const broken = (seen: Seen) =>
      isSummary(seen)
        ? status(400, { error: { message: "the summariser is out", type: "invalid_request_error" } })
        : answering(seen);
    await rig.ask("turn 0", broken);
    for (let turn = 1; turn < 20; turn += 1) await rig.askOn(`turn ${turn}`);
    await rig.askOn("/compress");
    assert.match(await nextAnswer(rig), /could not shorten this conversation:[^]*the summariser is out[^]*stays as it is/);
    assert.equal(await rig.askOn("turn 20"), `${long} yes`.trim());
    assert.match(JSON.stringify(rig.model.seen.at(-1)?.body.messages), /"turn 0"[^]*"turn 20"/);
  });

  test("is ended by /stop: nothing is stored, nothing more is told, and the next turn goes on with everything", async () => {
    const begun = Promise.withResolvers<void>();
    const never = (seen: Seen) =>
      isSummary(seen) ? slowly(say("- Found: quince-7", { headersMs: 60_000 }), begun) : answering(seen);
    await rig.ask("turn 0", never);
    for (let turn = 1; turn < 14; turn += 1) await rig.askOn(`turn ${turn}`);
    await rig.page.send("/compress");
    await begun.promise;
    assert.match(await rig.askOn("/undo"), /working on a request/, "the summary would keep what is taken back");
    const before = (await rig.page.answers(1)).length;
    assert.match(await rig.askOn("/stop"), /stopped shortening this conversation; it stays as it was/);
    assert.equal(await rig.askOn("turn 20"), `${long} yes`.trim());
    assert.match(JSON.stringify(rig.model.seen.at(-1)?.body.messages), /"turn 0"[^]*"turn 20"/);
    assert.match(await rig.askOn("/stop"), /Nothing is running here/);
    assert.equal((await rig.page.answers(1)).length, before + 3);
  });

  test("waits for the running turn and goes before the next one", async () => {
    const gate = Promise.withResolvers<void>();
    const order: string[] = [];
    const script = (seen: Seen) => {
      order.push(isSummary(seen) ? "summary" : lastOf(seen));
      return lastOf(seen).endsWith("turn 19")
        ? within(window, seen, () => slowly(say("at last", { headersMs: 1_500 }), gate))
        : answering(seen);
    };
    await rig.ask("turn 0", script);
    for (let turn = 1; turn < 19; turn += 1) await rig.askOn(`turn ${turn}`);
    const before = (await rig.page.answers(1)).length;
    await rig.page.send("turn 19");
    await gate.promise;
    assert.match(await rig.askOn("/compress"), /as soon as that is done, before the next one/);
    assert.match(await rig.askOn("/compress"), /asked for that already/);
    const all = (await rig.page.answers(before + 4)).slice(before);
    assert.equal(all[2], "at last");
    assert.match(all[3] ?? "", /I shortened this conversation from 40 messages/);
    assert.deepEqual(
      order.slice(-2).map((it) => it.split(" ")[0]),
      ["turn", "summary"],
    );
  });
});

/** Tells that the request has come. */
function slowly(step: StreamStep, gate: PromiseWithResolvers<void>): StreamStep {
  gate.resolve();
  return step;
}

type Rig = Awaited<ReturnType<typeof openTalk>>;

/** The answer that follows the last one. */
async function nextAnswer(rig: Rig): Promise<string> {
  const said = await rig.page.answers(1);
  const all = await rig.page.answers(said.length + (/I shorten this/.test(said.at(-1) ?? "") ? 1 : 0));
  return all.at(-1) ?? "";
}

function number(text: string | undefined): number {
  return Number((text ?? "").replaceAll(",", ""));
}

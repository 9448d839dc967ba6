import assert from "node:assert/strict";
import { test } from "node:test";
import { answerOf, by, drain, lines, quickModels } from "../doubles/model-server-client.ts";
import * as double from "../doubles/model-server.ts";
import { llamaServer } from "../doubles/server-kinds.ts";

function pinned(server: double.ModelServer): readonly unknown[] {
  return server.seen.map(({ raw }) => (JSON.parse(raw) as { id_slot?: number }).id_slot);
}

/** A llama-server whose named slots keep their prompts, or lose them as soon as another is used. */
async function slotted(keeps: boolean, slots = 4) {
  const held = new Map<number, string>();
  return await double.modelServerWith({ ...llamaServer({ slots }), strict: false }, (seen) => {
    const { id_slot: id } = JSON.parse(seen.raw) as { id_slot?: number };
    const prompt = JSON.stringify(seen.body.messages);
    const cached = id !== undefined && held.get(id) === prompt;
    if (!keeps) held.clear();
    if (id !== undefined) held.set(id, prompt);
    const timings = { cache_n: cached ? 1_999 : 0, prompt_n: cached ? 1 : 2_000, predicted_n: 1 };
    const frames = double.say("ok").frames.filter((frame) => !String(frame).includes('"usage"'));
    return double.raw(...frames.slice(0, -1), double.data({ choices: [], timings }), "data: [DONE]\n\n");
  });
}

for (const [keeps, words] of [
  [true, "helps are named from then on, a session's its own"],
  [false, "lose their caches are never named"],
] as const) {
  test(`slots that by a probe on the idle server ${words}`, async () => {
    await using server = await slotted(keeps);
    const log = lines();
    const models = quickModels({ baseUrl: server.url, log, settings: { slotPinning: "auto" } });
    const model = await models.current();
    await drain(model, by("a", "s1"));
    await server.arrived(4);
    while (!log.lines.some((line) => line.includes("naming slots"))) await new Promise((resolve) => setTimeout(resolve, 5));
    for (const session of ["s1", "s2", "s1", "s2"]) await drain(model, by("a", session));
    await drain(model, by("a", "s1", "auxiliary"));
    await models.close();
    const [before, a0, b1, again, ...after] = pinned(server);
    assert.equal(before, undefined);
    assert.ok(a0 === again && a0 !== b1 && typeof a0 === "number");
    if (!keeps)
      return assert.deepEqual(
        after,
        Array.from({ length: 5 }, () => undefined),
      );
    const [one, two] = after;
    assert.ok(typeof one === "number" && typeof two === "number" && one !== two);
    assert.deepEqual(after.slice(2, 4), [one, two]);
    assert.ok(after[4] !== one && after[4] !== two, "a side job pushed a session out of its slot");
  });
}

test("the probe gives way to a person at once and is tried again later", async () => {
  await using server = await slotted(true);
  let probing = true;
  const slow = double.modelServerWith({ ...llamaServer({ slots: 2 }), strict: false }, (seen) =>
    pinnedIn(seen) !== undefined && probing ? double.hang() : double.say("answer"),
  );
  await using slowServer = await slow;
  const models = quickModels({ baseUrl: slowServer.url, settings: { slotPinning: "auto" } });
  const model = await models.current();
  await drain(model, by("a", "s1"));
  await slowServer.arrived(2);
  assert.equal(answerOf(await drain(model, by("a", "s1"))).content, "answer");
  await slowServer.aborted(1);
  probing = false;
  await slowServer.arrived(4);
  await models.close();
  await server.close();
});

function pinnedIn(seen: double.Seen): number | undefined {
  return (JSON.parse(seen.raw) as { id_slot?: number }).id_slot;
}

test("one slot is not named, nor any where it is switched off; switched on they are at once", async () => {
  for (const [slots, slotPinning, named] of [
    [1, "on", false],
    [4, "off", false],
    [4, "on", true],
  ] as const) {
    await using server = await slotted(true, slots);
    const models = quickModels({ baseUrl: server.url, settings: { slotPinning } });
    await drain(await models.current(), by("a", "s1"));
    await models.close();
    assert.equal(pinned(server)[0] !== undefined, named);
  }
});

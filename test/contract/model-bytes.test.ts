import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ModelEvent } from "../../src/core/model.ts";
import { drain, quickModels } from "../doubles/model-server-client.ts";
import * as double from "../doubles/model-server.ts";
import type { StreamStep } from "../doubles/model-server.ts";

/** The events without their times, speeds and made-up ids. */
function timeless(events: readonly ModelEvent[]): string {
  return JSON.stringify(events, (key, value: unknown) => (/Ms$|PerSecond$|^id$/.test(key) ? undefined : value));
}

test("any split of a stream's bytes, with any line ends, gives the same events", async () => {
  const steps: readonly StreamStep[] = [
    double.say("Grüße, 世界 👋🏽 – fine", { pieces: 7 }),
    double.think("hm 🤔", "so", "reasoning"),
    double.calls(
      [
        { name: "terminal", args: { command: "echo '✓'" } },
        { name: "terminal", args: {} },
      ],
      { text: "wait" },
    ),
    double.say('ok <tool_call>{"name":"terminal","arguments":{"command":"é"}}</tool_call>', { pieces: 20 }),
    double.replay("10-stream-reasoning-text.sse"),
  ];
  let next = double.say("");
  await using server = await double.modelServer(() => next);
  const models = quickModels({ baseUrl: server.url });
  const model = await models.current();
  const eventsOf = async (step: StreamStep): Promise<string> => {
    next = step;
    return timeless(await drain(model));
  };
  const split = fc.record({
    step: fc.nat(steps.length - 1),
    cuts: fc.array(fc.nat(), { minLength: 1, maxLength: 25 }),
    crlf: fc.boolean(),
    pings: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(split, async ({ step: index, cuts, crlf, pings }) => {
      const step = steps[index] ?? next;
      const ends = crlf ? double.crlf(step) : step;
      const bytes = Buffer.concat(ends.frames.flatMap((frame) => [Buffer.from(frame), Buffer.from(pings ? ": ping\n\n" : "")]));
      const at = [...new Set(cuts.map((cut) => cut % bytes.length))].sort((a, b) => a - b);
      const frames = [0, ...at].map((from, place) => bytes.subarray(from, at[place] ?? bytes.length));
      assert.equal(await eventsOf({ ...step, frames }), await eventsOf(step));
    }),
    { numRuns: 150 },
  );
  await models.close();
});

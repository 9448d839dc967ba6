import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createIntake } from "../../adapters/slack/intake.ts";
import { createRecent } from "../../adapters/slack/recent.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

function intakeTo(receive: (text: string) => Promise<void>) {
  const reading = {
    self: { team: "T1", user: "UBOT", bot: "B1" },
    names: { of: async (user: string) => user, languageOf: () => null },
    recent: createRecent(),
    lastThread: { of: async () => null },
    commands: new Set<string>(),
    isSkill: async () => false,
    allowedChannels: [],
  };
  const inlet = { receive: async (inbound: { type: string }) => await receive("text" in inbound ? String(inbound.text) : "") };
  return createIntake({ reading, inlet, aside: () => undefined, log: silent, signal: new AbortController().signal });
}

/** A message in a thread of a private chat. */
const said = (number: number, channel = "D1") => {
  const ts = `1700000000.${String(number).padStart(6, "0")}`;
  return {
    type: "event_callback",
    event: {
      type: "message",
      channel_type: "im",
      channel,
      user: "U7",
      text: `${channel} ${number}`,
      ts,
      event_ts: ts,
      thread_ts: "1600000000.000001",
    },
  };
};

test("what Slack tells out of order is taken in the order in which it was written, in each channel", async () => {
  const orders = fc.shuffledSubarray(
    [0, 1, 2, 3, 4, 5, 6, 7].flatMap((number) => [said(number), said(number, "D2")]),
    { minLength: 1 },
  );
  await fc.assert(
    fc.asyncProperty(orders, async (bodies) => {
      const taken: string[] = [];
      const intake = intakeTo(async (text) => void taken.push(text));
      await Promise.all(bodies.map((body) => intake.take(body)));
      for (const channel of ["D1", "D2"]) {
        const own = taken.filter((text) => text.startsWith(channel));
        assert.deepEqual(own, own.toSorted());
      }
      assert.equal(taken.length, bodies.length);
    }),
    { numRuns: 50 },
  );
});

test("while one is being stored, those that come meanwhile line up by their time; one that fails holds up nobody", async () => {
  const taken: string[] = [];
  const gate = Promise.withResolvers<void>();
  const intake = intakeTo(async (text) => {
    if (text === "D1 5") await gate.promise;
    taken.push(text);
  });
  const begun = intake.take(said(5));
  await new Promise(setImmediate);
  const others = [9, 7, 8, 6].map((number) => intake.take(said(number)));
  const nonsense = intake.take({
    type: "event_callback",
    event: { type: "message", channel: "D1", user: "U7", text: "no time" },
  });
  gate.resolve();
  await Promise.all([begun, ...others, nonsense]);
  assert.deepEqual(taken, ["D1 5", "D1 6", "D1 7", "D1 8", "D1 9"]);
});

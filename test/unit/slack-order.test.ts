import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createIntake } from "../../adapters/slack/intake.ts";
import { createRecent } from "../../adapters/slack/recent.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

function intakeTo(receive: (text: string) => Promise<void>, nameOf = async (user: string) => user) {
  const reading = {
    self: { team: "T1", user: "UBOT", bot: "B1" },
    names: { of: nameOf, languageOf: (user: string) => (user === "UZH" ? "zh-CN" : null) },
    recent: createRecent(),
    lastThread: { of: async () => null },
    commands: new Set(["status"]),
    isSkill: async () => false,
    allowedChannels: [],
  };
  const inlet = { receive: async (inbound: { type: string }) => await receive("text" in inbound ? String(inbound.text) : "") };
  return createIntake({
    reading,
    inlet,
    aside: () => undefined,
    taken: () => undefined,
    log: silent,
    signal: new AbortController().signal,
  });
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

const command = {
  command: "/status",
  text: "",
  channel_id: "D1",
  trigger_id: "t1",
  user_id: "U9",
  response_url: "http://slack/9",
};
const press = {
  type: "block_actions",
  channel: { id: "D1" },
  user: { id: "UZH" },
  container: { message_ts: "1.1" },
  actions: [{ value: "choose:1:0", action_ts: "1.2" }],
  response_url: "http://slack/zh",
};
const stop = {
  type: "event_callback",
  event_id: "E1",
  event: { type: "agent_session_stopped", channel: "D1", user: "U9", thread_ts: "1.1" },
};

test("a command, a button and a pressed Stop wait for nobody's name but their sender's", async () => {
  const taken: string[] = [];
  const intake = intakeTo(
    async (text) => void taken.push(text),
    async (user) => (user === "U7" ? await new Promise<string>(() => undefined) : user),
  );
  const message = intake.take(said(1));
  await Promise.all([command, press, stop].map((body) => intake.take(body)));
  assert.deepEqual(taken.toSorted(), ["", "", "/status"]);
  assert.equal(await Promise.race([message, "it waits"]), "it waits");
});

test("what Slack waits three seconds for is acknowledged in time: stored late it counts, not stored by then it never does, and that is said", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const told: string[] = [];
  t.mock.method(globalThis, "fetch", async (url: string, { body }: { body: string }) => {
    told.push(`${url} ${body}`);
    return new Response("ok");
  });
  const taken: string[] = [];
  const slow = Promise.withResolvers<void>();
  let away = false;
  const intake = intakeTo(async (text) => {
    if (away) throw new Error("the database is away");
    await slow.promise;
    taken.push(text);
  });
  const acked: string[] = [];
  const late = intake.take(command).then(() => acked.push("late"));
  await settled();
  away = true;
  const lost = [command, press].map((body) => intake.take(body).then(() => acked.push("lost")));
  for (let second = 0; second < 2; second += 0.25) {
    await settled();
    assert.deepEqual(acked, []);
    t.mock.timers.tick(250);
  }
  await Promise.all([late, ...lost]);
  away = false;
  slow.resolve();
  t.mock.timers.tick(60_000);
  await intake.idle();
  assert.deepEqual(taken, ["/status"]);
  assert.match(
    told.join("\n"),
    /^http:\/\/slack\/9 .*I can't store messages right now.*\nhttp:\/\/slack\/zh .*我现在无法保存消息[^\n]*$/,
  );
});

test("commands that can't be stored are held up to a bound, which is not that of messages", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const intake = intakeTo(async () => await new Promise<never>(() => undefined));
  for (let count = 0; count < 1_000; count += 1) void intake.take(command);
  const outcome = async (body: typeof command | ReturnType<typeof said>) =>
    await Promise.race([intake.take(body).catch((error: unknown) => String(error)), settled().then(() => "it waits")]);
  assert.match((await outcome(command)) ?? "", /too much/);
  assert.equal(await outcome(said(1)), "it waits");
});

/** What needs no time has happened. */
async function settled() {
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
}

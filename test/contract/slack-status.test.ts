import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChatState } from "../../src/core/adapter.ts";
import type { ChatRef } from "../../src/core/chats.ts";
import { titled, type TurnEvent } from "../../src/core/events.ts";
import { slackChat, type SlackRig, slackRig } from "./slack-rig.ts";
import { toldView } from "./told-view.ts";

const method = "agents.sessions.setStatus";

async function viewOf(rig: Pick<SlackRig, "adapter">) {
  const { view, publish } = await toldView(rig.adapter);
  const tell = (turn: string, chat: ChatRef, seq: number, event: TurnEvent) =>
    publish({ turn, chat, fence: 1, seq, replyTo: chat.thread, event });
  return { view, publish, tell };
}

const told = (rig: SlackRig, chat: ChatRef) =>
  rig.callsOf(method).flatMap(({ params }) => (params["thread_ts"] === chat.thread ? [String(params["status"])] : []));

test("the states of turns that follow one another in a thread come one by one, in order, and the last one stays", async () => {
  await using rig = await slackRig();
  const chat = slackChat("D1", rig.slack.say("D1", "hi"));
  const busy = { now: 0, most: 0 };
  const set = (state: ChatState) => rig.adapter.state?.(chat, state);
  rig.slack.fault({ method, times: 3 }, { kind: "slow", ms: 40 });
  const watch = rig.slack.waitFor(() => {
    busy.now = rig.callsOf(method).filter(({ result }) => result === "").length;
    busy.most = Math.max(busy.most, busy.now);
    return told(rig, chat).length === 3 && busy.now === 0;
  });
  const first = set("working");
  await rig.slack.waitFor(() => rig.callsOf(method).length === 1);
  // While that is under way the first turn ends and the second begins: nobody needs to hear of the end.
  const others = [set("idle"), set("working"), set("waiting")];
  await Promise.all([first, ...others]);
  await set("idle");
  await watch;
  assert.deepEqual(told(rig, chat), ["processing", "suspended", "active"]);
  assert.equal(busy.most, 1);
});

test("an answer that is sent late does not end the next turn's state", async () => {
  await using rig = await slackRig();
  const { view, tell } = await viewOf(rig);
  const chat = slackChat("D1", rig.slack.say("D1", "hi"));
  tell("1", chat, 1, { type: "started" });
  await rig.slack.waitFor(() => told(rig, chat).length === 1);
  tell("2", chat, 1, { type: "started" });
  await view.settle("1");
  tell("2", chat, 2, { type: "finished", end: "answered" });
  await view.settle("2");
  await rig.slack.waitFor(() => told(rig, chat).length === 2);
  assert.deepEqual(told(rig, chat), ["processing", "active"]);
  await view.close();
});

test("a turn that rests for its subagents works; one that asks a person waits", async () => {
  await using rig = await slackRig();
  const { view, tell } = await viewOf(rig);
  const chat = slackChat("D1", rig.slack.say("D1", "hi"));
  const events: readonly TurnEvent[] = [
    { type: "started" },
    { type: "finished", end: "parked" },
    { type: "started" },
    { type: "asks" },
    { type: "finished", end: "parked" },
  ];
  for (const [seq, event] of events.slice(0, 2).entries()) tell("1", chat, seq, event);
  await rig.slack.waitFor(() => told(rig, chat).length === 1);
  for (const [seq, event] of events.slice(2).entries()) tell("1", chat, seq, event);
  await rig.slack.waitFor(() => told(rig, chat).length === 2);
  assert.deepEqual(told(rig, chat), ["processing", "suspended"]);
  await view.close();
});

test("nothing goes on being typed for a turn that nobody settles", async (t) => {
  await using rig = await slackRig();
  const typed: string[] = [];
  const { view, tell } = await viewOf({ adapter: { ...rig.adapter, typing: async ({ chat }) => void typed.push(chat) } });
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const clock = { aheadMs: 0 };
  const now = performance.now.bind(performance);
  t.mock.method(performance, "now", () => now() + clock.aheadMs);
  const pass = (ms: number) => {
    for (let left = ms; left > 0; left -= 5_000) {
      clock.aheadMs += 5_000;
      t.mock.timers.tick(5_000);
    }
  };
  tell("1", slackChat("D1", rig.slack.say("D1", "hi")), 1, { type: "started" });
  pass(60_000);
  assert.ok(typed.length > 5);
  pass(600_000);
  const { length } = typed;
  pass(60_000);
  assert.equal(typed.length, length);
  await view.close();
});

test("that the work is over is told once there is room, and again where Slack did not take it; that it goes on need not be", async (t) => {
  await using rig = await slackRig();
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const clock = { aheadMs: 0 };
  const now = performance.now.bind(performance);
  t.mock.method(performance, "now", () => now() + clock.aheadMs);
  const chats = Array.from({ length: 40 }, () => slackChat("D1", rig.slack.say("D1", "hi")));
  await Promise.all(chats.map((chat) => rig.adapter.state?.(chat, "working")));
  const shown = chats.filter((chat) => told(rig, chat).length === 1);
  assert.equal(shown.length, 30, "twenty of fifty a minute are kept for what ends");
  const ends = Promise.all(chats.map((chat) => rig.adapter.state?.(chat, "idle")));
  await rig.slack.waitFor(() => rig.callsOf(method).length === 50);
  rig.slack.fault({ method }, { kind: "refuse", error: "internal_error" });
  while (rig.callsOf(method).length < 61) {
    clock.aheadMs += 61_000;
    t.mock.timers.tick(61_000);
    await new Promise(setImmediate);
  }
  await ends;
  assert.ok(shown.every((chat) => told(rig, chat).at(-1) === "active"));
  assert.ok(
    chats.every((chat) => shown.includes(chat) || told(rig, chat).length === 0),
    "what was never said to begin need not end",
  );
  assert.equal(rig.callsOf(method).filter(({ result }) => result === "ratelimited").length, 0);
});

test("a conversation's title reaches the session that Slack shows, and stays with its next state", async () => {
  await using rig = await slackRig();
  const { view, publish } = await viewOf(rig);
  const chat = slackChat("D1", rig.slack.say("D1", "how do I mend a bicycle?"));
  const shown = () => rig.slack.statuses.get(`D1:${chat.thread}`)?.["title"];
  await rig.adapter.state?.(chat, "idle");
  publish(titled("s1", chat, "Mending a bicycle"));
  await rig.slack.waitFor(() => shown() === "Mending a bicycle");
  await rig.adapter.state?.(chat, "working");
  assert.equal(shown(), "Mending a bicycle");
  publish(titled("s1", { ...chat, thread: "1.1" }, "Nobody knows this thread"));
  await rig.slack.waitFor(
    () => rig.callsOf("agents.sessions.rename").filter(({ result }) => result === "session_not_found").length === 1,
  );
  assert.deepEqual(
    rig.lines.filter(({ level }) => level !== "debug" && level !== "info"),
    [],
  );
  await view.close();
});

test("while a turn rests and none of its subagents works, nothing types, and what they ask a person is waited for", async (t) => {
  await using rig = await slackRig();
  const states: ChatState[] = [];
  let typed = 0;
  const shown = {
    live: () => ({ kind: "none" }) as const,
    state: async (_: ChatRef, state: ChatState) => void states.push(state),
    typing: async () => void (typed += 1),
  };
  const { view, tell } = await viewOf({ adapter: { ...rig.adapter, ...shown } });
  const chat = slackChat("D1", rig.slack.say("D1", "hi"));
  const agent = (state: "working" | "asking" | "waiting") =>
    tell("1", chat, 0, { type: "agent", agent: "a", name: "1 a task", state, doing: "", step: 1 });
  const typesOn = async () => {
    const before = typed;
    t.mock.timers.tick(5_000);
    await new Promise(setImmediate);
    return typed > before;
  };
  t.mock.timers.enable({ apis: ["setTimeout"] });
  tell("1", chat, 1, { type: "started" });
  agent("working");
  tell("1", chat, 2, { type: "finished", end: "parked" });
  assert.deepEqual([await typesOn(), states], [true, ["working"]]);
  agent("asking");
  assert.deepEqual([await typesOn(), states], [false, ["working", "waiting"]]);
  agent("working");
  assert.deepEqual([await typesOn(), states.at(-1)], [true, "working"]);
  agent("waiting");
  assert.equal(await typesOn(), false);
  tell("1", chat, 3, { type: "started" });
  assert.equal(await typesOn(), true);
  await view.close();
});

test("a turn whose end is told after the next one's start does not end that one's state", async () => {
  await using rig = await slackRig();
  const states: ChatState[] = [];
  const state = async (_: ChatRef, what: ChatState) => void states.push(what);
  const { view, tell } = await viewOf({ adapter: { ...rig.adapter, state } });
  const chat = slackChat("D1", rig.slack.say("D1", "hi"));
  tell("1", chat, 1, { type: "started" });
  tell("2", chat, 1, { type: "started" });
  tell("1", chat, 2, { type: "finished", end: "answered" });
  await new Promise(setImmediate);
  assert.ok(!states.includes("idle"));
  tell("2", chat, 2, { type: "finished", end: "answered" });
  await new Promise(setImmediate);
  assert.equal(states.at(-1), "idle");
  await view.close();
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { createView } from "../../adapters/view.ts";
import type { LiveEvent, TurnEvent } from "../../src/core/events.ts";
import type { Live } from "../../src/core/live.ts";
import type { Log } from "../../src/core/log.ts";
import { openMetrics } from "../../src/insights/metrics.ts";
import { chunkOf, slackChat, type SlackRig, slackRig } from "./slack-rig.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** A turn's events as they come from a worker, shown in a private thread. */
async function viewed(rig: SlackRig) {
  const listeners: ((event: LiveEvent) => void)[] = [];
  const over = { close: async () => undefined };
  const live: Live = {
    publish: () => undefined,
    subscribe: async (_, listen) => (listeners.push(listen), over),
    signal: () => undefined,
    onSignal: async () => over,
    close: async () => undefined,
  };
  const kept: string[] = [];
  const previews = { keep: async (_: string, message: string) => void kept.push(message), find: async () => null };
  const view = await createView({ adapter: rig.adapter, live, previews, metrics: openMetrics(), log: silent });
  const root = rig.slack.say("D1", "hi");
  const chat = slackChat("D1", root);
  let seq = 0;
  return {
    view,
    chat,
    root,
    tell(event: TurnEvent) {
      seq += 1;
      for (const listen of listeners) listen({ turn: "1", chat, fence: 1, seq, replyTo: root, event });
    },
    shown: () => rig.slack.messages("D1", root)[0],
  };
}

test("what a chat is told last arrives last, though what was told before takes longer", async () => {
  await using rig = await slackRig();
  const turn = await viewed(rig);
  rig.slack.fault({ method: "agents.sessions.setStatus" }, { kind: "slow", ms: 100 });
  turn.tell({ type: "started" });
  await rig.slack.waitFor(() => rig.callsOf("agents.sessions.setStatus").length === 1);
  turn.tell({ type: "finished", end: "answered" });
  const done = () => rig.callsOf("agents.sessions.setStatus").filter(({ result }) => result === "ok").length === 2;
  await rig.slack.waitFor(done);
  assert.equal(rig.slack.statuses.get(`D1:${turn.root}`)?.["status"], "active");
  await turn.view.close();
});

test("a tool that has ended is shown as ended, though nothing else is new; lines that name files are not shown", async () => {
  await using rig = await slackRig();
  const turn = await viewed(rig);
  turn.tell({ type: "started" });
  turn.tell({ type: "tool.started", call: "c1", tool: "terminal", preview: "ls" });
  await rig.slack.waitFor(() => turn.shown()?.tasks[0]?.status === "in_progress");
  turn.tell({ type: "tool.finished", call: "c1", tool: "terminal", ok: true, ms: 5 });
  await rig.slack.waitFor(() => turn.shown()?.tasks[0]?.status === "complete");
  turn.tell({ type: "text", delta: "Here it is.\n\nMED" });
  await rig.slack.waitFor(() => turn.shown()?.text === "Here it is.\n\n");
  turn.tell({ type: "text", delta: "IA:inbox/a.txt" });
  const message = await turn.view.settle("1");
  await rig.adapter.edit(turn.chat, message ?? assert.fail(), chunkOf(rig.adapter, "Here it is."), {});
  const last = turn.shown();
  assert.deepEqual([last?.text.trim(), last?.stream, last?.edits], ["Here it is.", "ended", 0]);
  await turn.view.close();
});

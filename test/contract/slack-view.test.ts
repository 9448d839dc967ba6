import assert from "node:assert/strict";
import { test } from "node:test";
import type { TurnEvent } from "../../src/core/events.ts";
import { toldView } from "./told-view.ts";
import { chunkOf, slackChat, type SlackRig, slackRig } from "./slack-rig.ts";

/** A turn's events as they come from a worker, shown in a private thread. */
async function viewed(rig: SlackRig) {
  const { view, publish } = await toldView(rig.adapter);
  const root = rig.slack.say("D1", "hi");
  const chat = slackChat("D1", root);
  let seq = 0;
  return {
    view,
    chat,
    root,
    tell(event: TurnEvent) {
      seq += 1;
      publish({ turn: "1", chat, fence: 1, seq, replyTo: root, event });
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

import assert from "node:assert/strict";
import { test } from "node:test";
import { webChat } from "../../adapters/web/options.ts";
import { ask, inBrowser } from "./browser.ts";
import { speaker } from "./page-rig.ts";

const open = inBrowser();

test("each subagent has a line, changed in place, also while its turn rests and after a reload", async (t) => {
  const { rig, page, problems } = await open(t);
  const id = await ask(rig, page, "two things");
  const tell = speaker(rig.web, "t1", id);
  const agent = (name: string, state: "working" | "answered", doing = "") =>
    rig.web.push({
      turn: "t1",
      chat: webChat,
      replyTo: id,
      fence: 0,
      seq: 0,
      event: { type: "agent", agent: name, name: `1 ${name}`, state, doing, step: 2 },
    });
  tell({ type: "started" }, { type: "step", step: 1 });
  agent("look", "working", "$ ls");
  agent("read", "working");
  tell({ type: "finished", end: "parked" });
  agent("look", "answered");
  agent("read", "working");
  await page.locator("#stop").waitFor();
  const lines = page.locator(".subagent");
  await page.locator(".subagent[data-state=answered]").waitFor();
  assert.deepEqual(await lines.allTextContents(), ["✓1 look", "🤖1 readstep 3"]);
  await page.reload();
  await page.locator(".subagent[data-state=answered]").waitFor();
  assert.deepEqual(await lines.allTextContents(), ["✓1 look", "🤖1 readstep 3"]);
  assert.deepEqual(problems, []);
});

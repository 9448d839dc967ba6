import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { call, calls, say, type Seen } from "../doubles/model-server.ts";
import { isSummary, within } from "../doubles/windowed.ts";
import { lastOf, openTalk, openTalkApart } from "./talk-rig.ts";

const small = 8_192;
const steps = [
  { id: "1", content: "Look around", status: "completed" },
  { id: "2", content: "Mend the quince-7 roof", status: "in_progress" },
];

/** Makes a list when told to, merges into it when told to; else fills the window. */
function working(seen: Seen) {
  if (isSummary(seen)) return say("- Asked for: work");
  const last = seen.body.messages.at(-1);
  if (last?.role === "tool") return say(`done: ${String(last.content).slice(0, 400)}`);
  if (lastOf(seen).includes("plan")) return call("todo", { todos: steps });
  if (lastOf(seen).includes("merge"))
    return call("todo", {
      todos: [
        { id: 2, status: "completed" },
        { id: 3, content: "Rest" },
      ],
      merge: true,
    });
  if (lastOf(seen).includes("read")) return call("todo", {});
  return calls(
    ["seq 1 20000", "seq 20000 40000"].map((command, at) => ({
      name: "terminal",
      args: { command },
      id: `call_${seen.at}_${at}`,
    })),
  );
}

suite("the todo list", () => {
  test("outlives compressions, in the prompt as well, and the service itself", async () => {
    await using rig = await openTalkApart({ config: `model:\n  context_length: ${small}\ncompression:\n  protect_first_n: 0\n` });
    const { answer } = await rig.ask("plan", (seen) => within(small, seen, () => working(seen)));
    assert.equal(answer, "done: Todo (1 of 2 done):\n[x] 1: Look around\n[>] 2: Mend the quince-7 roof");
    const summaries = () => rig.model.seen.filter(isSummary).length;
    for (let turn = 0; turn < 14 && summaries() < 2; turn += 1) await rig.askOn(`turn ${turn}`);
    assert.ok(summaries() >= 2, `${summaries()} summaries`);
    const prompt = JSON.stringify(rig.model.seen.filter((seen) => !isSummary(seen)).at(-1)?.body.messages);
    assert.equal(prompt.split("Mend the quince-7 roof").length, 2, "shown once");
    assert.match(prompt, /Your todo list as it stood then/);
    await rig.restart();
    assert.equal(
      await rig.askOn("merge"),
      "done: Todo (2 of 3 done):\n[x] 1: Look around\n[x] 2: Mend the quince-7 roof\n[ ] 3: Rest",
    );
    assert.match(await rig.askOn("read"), /\[ \] 3: Rest$/);
  });

  test("another conversation has a list of its own", async () => {
    await using rig = await openTalk();
    await rig.ask("plan", working);
    assert.equal((await rig.ask("read", working)).answer, "done: Todo (empty)");
  });
});

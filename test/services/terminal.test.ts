import assert from "node:assert/strict";
import { test } from "node:test";
import { keys, openTerminal } from "./terminal.ts";

test("a program at the terminal sees its size, hears what is typed, and its end is told with its screen", async (t) => {
  const script = "stty size; read go; stty size; read word; echo got $word; kill -TERM $$";
  const terminal = openTerminal(t, "sh", ["-c", script], { cols: 40, rows: 10 });
  await terminal.until(/^10 40$/m);
  terminal.resize(60, 12);
  terminal.type(`go${keys.enter}`);
  await terminal.until(/^12 60$/m);
  terminal.type(`wörd${keys.enter}`);
  assert.equal(await terminal.exit, 128 + 15);
  assert.deepEqual(terminal.screen(), ["10 40", "go", "12 60", "wörd", "got wörd"]);
  await assert.rejects(terminal.until(/never/), /sh ended, and never showed \/never\/:[^]*got wörd/);
});

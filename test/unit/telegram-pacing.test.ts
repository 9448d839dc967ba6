import assert from "node:assert/strict";
import { test } from "node:test";
import { createPacing } from "../../adapters/telegram/pacing.ts";

test("however many files are under way, answers to others go out at once", async (t) => {
  const closed = new AbortController();
  t.after(() => closed.abort());
  const pacing = createPacing(closed.signal);
  let uploading = 0;
  for (let chat = 1; chat <= 60; chat += 1) {
    const upload = async () => {
      uploading += 1;
      await new Promise(() => undefined);
    };
    pacing.message(chat, "file", upload).catch(() => undefined);
  }
  let answered = 0;
  const began = performance.now();
  const answer = async () => void (answered += 1);
  await Promise.all(Array.from({ length: 20 }, (_, index) => pacing.message(1_000 + index, "answer", answer)));
  assert.deepEqual([uploading, answered], [8, 20]);
  assert.ok(performance.now() - began < 1_000, "they waited for nothing");
});

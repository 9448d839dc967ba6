import assert from "node:assert/strict";
import { test } from "node:test";
import { chatRef, telegramRig } from "./telegram-rig.ts";

// Every test speaks to a Bot API server over real HTTP.

const table = "| a | b |\n|---|---|\n| 1 | <i>2</i> |";
const harmless = "| a | b |\n|---|---|\n| 1 | &lt;i>2&lt;/i> |";
const alone = { replyTo: null };

async function richRig(server: Parameters<typeof telegramRig>[0] = {}) {
  const rig = await telegramRig(server, { richMessages: "auto" });
  rig.tg.say(7, "hi");
  rig.tg.say(-100_500, "hi");
  return rig;
}

test("a table goes out as one rich message, and an edit makes one of a preview", async () => {
  await using rig = await richRig();
  const [chunk, ...more] = rig.adapter.render(table);
  assert.ok(chunk && more.length === 0);
  await rig.adapter.post(chatRef(7), chunk, { replyTo: "1", maybeRepeated: true });
  const [words] = rig.adapter.render("so far");
  assert.ok(words);
  const preview = await rig.adapter.post(chatRef(-100_500), words, alone);
  await rig.adapter.edit(chatRef(-100_500), preview, chunk, {});
  await rig.adapter.edit(chatRef(-100_500), preview, chunk, {});
  const shown = [7, -100_500]
    .flatMap((chat) => rig.tg.messages(chat))
    .map(({ rich, text, replyTo, edits }) => ({ rich, text, replyTo, edits }));
  assert.deepEqual(shown, [
    { rich: true, text: `(may be repeated)\n\n${harmless}`, replyTo: 1, edits: 0 },
    { rich: true, text: harmless, replyTo: null, edits: 1 },
  ]);
});

for (const [name, server, refused] of [
  ["a server that knows none", { rich: false }, null],
  ["a chat that takes none", {}, { kind: "refuse", code: 400, description: "Bad Request: RICH_MESSAGE_NOT_ALLOWED" }],
] as const) {
  test(`${name} is sent the plain form, once`, async () => {
    await using rig = await richRig(server);
    if (refused) rig.tg.fault({ method: "sendRichMessage" }, refused);
    const [chunk] = rig.adapter.render(table);
    assert.ok(chunk);
    await rig.adapter.post(chatRef(7), chunk, alone);
    const [only, ...more] = rig.tg.messages(7);
    assert.deepEqual([only?.rich, only?.text, more.length], [false, chunk.text, 0]);
  });
}

test("an unknown outcome of a rich message is not followed by a plain one", async () => {
  await using rig = await richRig();
  rig.tg.fault({ method: "sendRichMessage" }, { kind: "reset", when: "after" });
  const [chunk] = rig.adapter.render(table);
  assert.ok(chunk);
  await assert.rejects(rig.adapter.post(chatRef(7), chunk, alone), { code: "platform.unknown_outcome" });
  assert.equal(rig.tg.messages(7).length, 1);
});

test("switched off, or without need, nothing is rich", async () => {
  await using off = await telegramRig();
  await using on = await richRig();
  const rows = `${table}\n${"| x | y |\n".repeat(900)}`;
  const chunks = [...off.adapter.render(table), ...on.adapter.render("**words**"), ...on.adapter.render(rows)];
  assert.deepEqual(new Set(chunks.map(({ rich }) => rich)), new Set([undefined]));
});

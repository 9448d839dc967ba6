import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { footed, renderTelegram } from "../../adapters/render/telegram.ts";
import { footed as footedDiscord, renderDiscord } from "../../adapters/render/discord.ts";
import { createFooter, footerLine } from "../../src/agent/footer.ts";
import { footerFields } from "../../src/config/footer-keys.ts";
import { keyOf } from "../../src/config/keys.ts";

const usage = { promptTokens: 35_000, completionTokens: 900 };
const minute = 60_000;

test("the line says what was asked for, in that order", () => {
  const of = { fields: footerFields, model: "./models/Qwen3.6-27B-GGUF-4.262bpw-imatrix.gguf", window: 65_536 };
  const times = { turnMs: 6 * minute + 54_000, sessionMs: 29 * minute };
  assert.equal(footerLine(of, usage, times), "Qwen3.6-27B-GGUF-4.262bpw… │ 35.9K/65.5K │ [██████░░░░] 55% │ 29m │ ⏲ 6m 54s");
  const two = { ...of, fields: ["turn_time", "model", "turn_time"], model: "qwen3" } as const;
  assert.equal(footerLine(two, usage, { turnMs: 10, sessionMs: 0 }), "⏲ 1s │ qwen3");
});

test("what a server does not tell is left out", () => {
  const untold = { promptTokens: null, completionTokens: null };
  const of = { fields: footerFields, model: "m", window: 8_192 };
  assert.equal(footerLine(of, untold, { turnMs: 7_500_000, sessionMs: 90_000_000 }), "m │ 1d 1h │ ⏲ 2h 5m");
  assert.equal(footerLine({ ...of, fields: ["tokens"] }, untold, { turnMs: 1, sessionMs: 1 }), null);
  const over = { promptTokens: 9_000, completionTokens: null };
  assert.equal(
    footerLine({ ...of, fields: ["tokens", "context_pct"] }, over, { turnMs: 1, sessionMs: 1 }),
    "9K/8.2K │ [██████████] 100%",
  );
});

test("a chat that wants none, or a record that can't tell, gets an answer without", async () => {
  const told = { promptTokens: 10, completionTokens: 1 } as Parameters<ReturnType<typeof createFooter>["line"]>[0]; // the rest is not looked at
  const line = async (facts: Parameters<typeof createFooter>[0]["facts"]) =>
    await createFooter({ facts, fields: ["model"], model: "m", window: 100 }).line(told);
  assert.equal(await line(async () => ({ wanted: true, turnMs: 1, sessionMs: 1 })), "m");
  assert.equal(await line(async () => ({ wanted: false, turnMs: 1, sessionMs: 1 })), null);
  assert.equal(await line(async () => null), null);
  assert.equal(await line(() => Promise.reject(new Error("the record is away"))), null);
});

test("the original's fields are read; what no footer shows is named", () => {
  const { kind } = keyOf("display.runtime_footer.fields");
  assert.deepEqual(kind.schema.parse(["model", "context_pct", "cwd"]), ["model", "context_pct"]);
  assert.deepEqual(kind.schema.parse("turn_time, model"), ["turn_time", "model"]);
  const faults = kind.faults?.(["model", "cwd", "modle"]) ?? [];
  assert.deepEqual(
    faults.map(({ message, mend }) => `${message} ${mend}`),
    [
      ' has "cwd", which no footer shows; it is left out. Remove it: the workspace is the same for every answer.',
      ' has "modle", which no footer shows; it is left out. Did you mean model?',
    ],
  );
  assert.ok(!kind.schema.safeParse({ model: true }).success);
});

test("with a footer every message keeps to its limit, and the footer is the last line, whole", () => {
  const markdown = fc.oneof(
    fc.string({ maxLength: 300 }),
    fc.integer({ min: 1_800, max: 4_200 }).map((length) => "word ".repeat(length / 5)),
  );
  fc.assert(
    fc.property(
      markdown,
      fc.string({ minLength: 1, maxLength: 90, unit: "grapheme-ascii" }).filter((text) => text.trim() === text),
      (text, footer) => {
        const telegram = footed(renderTelegram(text), footer);
        for (const each of telegram) assert.ok("(may be repeated)\n".length + each.text.length <= 4_096);
        const last = telegram.at(-1);
        const entity = last?.entities.at(-1);
        assert.deepEqual(entity?.type, "italic");
        assert.equal(last?.text.slice(entity?.offset), footer);
        const discord = footedDiscord(renderDiscord(text), footer);
        for (const { content } of discord) assert.ok("-# (may be repeated)\n".length + content.length <= 2_000);
        const line = discord.at(-1)?.content.split("\n").at(-1) ?? "";
        assert.equal(line.replaceAll(/\\([\\`*_[\]<>#|~])/g, "$1"), `-# ${footer}`);
      },
    ),
    { numRuns: 200 },
  );
});

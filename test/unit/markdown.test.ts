import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { parseMarkdown } from "../../adapters/render/parse.ts";
import { languages } from "../../src/commands/languages/index.ts";
import { accountOf } from "../../src/agent/account.ts";
import { tool } from "../../src/core/tool.ts";
import { codeBlock, codeSpan, unhidden, unhiddenLine } from "../../src/core/markdown.ts";

const hostile = fc
  .array(fc.constantFrom("`", "``", "```", "a", " ", "\n", "\\", "*", "<b>", "\t", "\u202e", "[x](y)", "~~~"), { minLength: 1 })
  .map((parts) => parts.join(""))
  .filter((text) => text.trim() !== "");

const run = tool({
  name: "run",
  description: "Runs.",
  kind: "effect",
  toolset: "file",
  parameters: z.strictObject({ command: z.string() }),
  preview: ({ command }) => command,
  run: async () => "",
});

suite("somebody's text in Markdown", () => {
  test("a code span holds the whole text, whatever backticks are in it", () => {
    for (const text of ["`", "``", "a `` b", "`a", "a``", "```", " `a` "]) assert.equal(spanned(codeSpan(text)), text, text);
    fc.assert(fc.property(hostile, (text) => assert.equal(spanned(codeSpan(text)).trim(), text.replaceAll(/\s+/g, " ").trim())));
  });

  test("so does the account of a turn's calls", () => {
    const call = { id: "1", name: "run", arguments: JSON.stringify({ command: "echo ``x`` `y` ```" }) };
    const account = accountOf(
      [{ role: "assistant", content: "", reasoning: "", calls: [call] }],
      new Map([[run.name, run]]),
      languages[0],
    );
    assert.equal(spanned(account.split("\n- ")[1] ?? ""), "echo ``x`` `y` ```");
  });

  test("a code block does too", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const children = parseMarkdown(`${codeBlock(text, "sh")}\n\nafter`);
        assert.deepEqual(
          children.map((node) => (node.type === "code" ? [node.lang, node.value] : node.type)),
          [["sh", text], "paragraph"],
        );
      }),
    );
  });

  test("what nobody would see is written out", () => {
    assert.equal(
      unhidden("a\u202eb\u200b\u{e0041}\r\u001b[2K\n\tc\u2028é 日本"),
      "a\\u{202e}b\\u{200b}\\u{e0041}\\u{d}\\u{1b}[2K\n\tc\\u{2028}é 日本",
    );
    assert.equal(unhiddenLine("a\n\tb"), "a\\u{a}\\u{9}b");
  });
});

/** The text of the one code span that a paragraph is. */
function spanned(markdown: string): string {
  const children = parseMarkdown(`x ${markdown} y`);
  assert.equal(children.length, 1);
  const [paragraph] = children;
  assert.equal(paragraph?.type, "paragraph");
  const inner = paragraph.children.filter(({ type }) => type !== "text");
  assert.equal(inner.length, 1, markdown);
  const [code] = inner;
  assert.equal(code?.type, "inlineCode");
  return code.value;
}

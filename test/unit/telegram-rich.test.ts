import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Nodes } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";
import { richMarkdown } from "../../adapters/telegram/rich.ts";

const task = "- [ ] x";

for (const [name, markdown] of [
  ["words", "**Bold** and `code`, [a link](https://a.b)\n\n1. one\n2. two"],
  ["a table in a fence", "```\n| a | b |\n|---|---|\n| 1 | 2 |\n```"],
  ["brackets in a list", "- \\[ ] x"],
] as const) {
  test(`no rich message for ${name}`, () => assert.equal(richMarkdown(markdown), null));
}

for (const [name, markdown, expected] of [
  ["a table", "| a | b |\n|---|---|\n| 1 | 2 |", "| a | b |\n|---|---|\n| 1 | 2 |"],
  ["a task list", "- [x] done\n- [ ] not yet", "- [x] done\n- [ ] not yet"],
  ["a button", `<tg-button data="x">go</tg-button>\n\n${task}`, `&lt;tg-button data="x">go&lt;/tg-button>\n\n${task}`],
  ["a tag no parser of ours knows", `a <b\nc="\n\n${task}`, `a &lt;b\nc="\n\n${task}`],
  ["HTML in code", `\`<b>\`\n\n\`\`\`html\n<p>\n\`\`\`\n\n${task}`, `\`<b>\`\n\n\`\`\`html\n<p>\n\`\`\`\n\n${task}`],
  ["an escaped tag", `\\<b>\n\n${task}`, `\\<b>\n\n${task}`],
  ["addresses", `<https://a.b/c> <me@a.b>\n\n${task}`, `<https://a.b/c> <me@a.b>\n\n${task}`],
  ["a picture", `![p](https://a.b/c.png)\n\n${task}`, `\\![p](https://a.b/c.png)\n\n${task}`],
  ["a mention by link", `[Bob](tg://user?id=7)\n\n${task}`, `\\[Bob](tg://user?id=7)\n\n${task}`],
  ["a mention by definition", `[Bob][b]\n\n${task}\n\n[b]: tg://user?id=7`, `[Bob][b]\n\n${task}\n\n\\[b]: tg://user?id=7`],
  ["a mention by address", `<tg://user?id=7>\n\n${task}`, `&lt;tg://user?id=7>\n\n${task}`],
] as const) {
  test(`a rich message with ${name}`, () => assert.equal(richMarkdown(markdown), expected));
}

test("whatever is written, no tag, picture or mention is left outside of code", () => {
  const piece = fc.constantFrom(
    "<b>",
    "</b>",
    '<tg-button data="x">',
    "<!--",
    "![p](u)",
    "[m](tg://user?id=1)",
    "[m][r]",
    "![r]",
    "\\",
    "`",
    "``",
    "\n",
    "\n\n",
    "> ",
    "- ",
    "    ",
    "a ",
    "<https://a.b>",
    "<tg://x>",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
      const rich = richMarkdown(`${task}\n\n${pieces.join("")}\n\n[r]: tg://user?id=1`);
      if (rich !== null) assert.deepEqual(harms(fromMarkdown(rich, options)), []);
    }),
    // The example was found by chance once: an address that opens a comment.
    { numRuns: 2_000, examples: [[["<!--", "<https://a.b>", "\\", "<b>"]]] },
  );
});

const options = { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] };

function harms(node: Nodes): string[] {
  const below = "children" in node ? node.children.flatMap(harms) : [];
  const linked = (node.type === "link" || node.type === "definition") && !/^(?:https?|mailto):/.test(node.url);
  return linked || ["html", "image", "imageReference"].includes(node.type) ? [node.type, ...below] : below;
}

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { renderDiscord } from "../../adapters/render/discord.ts";

function one(markdown: string): string {
  const chunks = renderDiscord(markdown);
  assert.equal(chunks.length, 1);
  return chunks[0]?.content ?? assert.fail();
}

for (const [name, markdown, content] of [
  ["bold, italic and strike", "**a** *b* ~~c~~ _d_", "**a** *b* ~~c~~ *d*"],
  ["a heading is bold", "# T *x*", "**T *x***"],
  ["marks side by side stay apart", "*a***b**", "*a*\u200B**b**"],
  ["code", "run `ls -l`", "run `ls -l`"],
  ["code with backticks", "``a`b``", "``a`b``"],
  ["bold goes on around code", "**a `b` c**", "**a `b` c**"],
  ["code in a link is a link", "[`x`](https://a.b)", "[x](<https://a.b>)"],
  ["code with a fence in it", "```` a```b ````", "``a`\u200B`\u200B`b``"],
  ["a link", "see [the docs](https://a.b/c_d)", "see [the docs](<https://a.b/c_d>)"],
  ["an address", "see https://a.b/c_d", "see <https://a.b/c_d>"],
  ["words that look like another address", "[https://a.b](https://evil.example)", "https://a.b (<https://evil.example>)"],
  ["a mail address", "me@x.org", "me@x.org"],
  ["what is no markup in Markdown is none in Discord", "snake_case 2\\*3 ||x|| a~b", "snake\\_case 2\\*3 \\|\\|x\\|\\| a~b"],
  ["mentions and emoji are text", "<@123> <#4> <:a:5> @everyone", "\\<@123> \\<#4> \\<:a:5> @everyone"],
  ["what would begin a heading, a quotation or small text", "\\# a\n\\> b\n\\-# c", "\\# a\n\\> b\n\\-# c"],
  ["lists are Discord's own", "- a\n  - b\n- c", "- a\n  - b\n- c"],
  ["numbers", "3. a\n4. b", "3. a\n4. b"],
  ["a quotation", "> a\n>\n> b", "> a\n> \n> b"],
  ["a fence keeps its language", "```ts\n  a_b();\n```", "```ts\n  a_b();\n```"],
  ["a fence within a fence", "````\n```\nx\n```\n````", "```\n`\u200B`\u200B`\nx\n`\u200B`\u200B`\n```"],
  ["a table is monospace", "| n | x |\n|--|--:|\n| a | 10 |", "```\nn │  x\n──┼───\na │ 10\n```"],
  ["an open fence is closed", "look:\n\n```py\nprint(", "look:\n\n```py\nprint(\n```"],
  ["open bold is closed", "so **bold and", "so **bold and**"],
] as const) {
  test(`rendered for Discord: ${name}`, () => assert.equal(one(markdown), content));
}

test("what shows nothing is shown as it was written, or as an ellipsis", () => {
  for (const empty of ["", "  \n ", "\u200B", "```\n\n```"]) assert.notEqual(one(empty).trim(), "");
});

test("code goes on in the next message, fenced again in its language", () => {
  const code = Array.from({ length: 300 }, (_, at) => `const value${at} = ${at};`).join("\n");
  const chunks = renderDiscord(`Look:\n\n\`\`\`ts\n${code}\n\`\`\`\n\nThat was it.`);
  assert.ok(chunks.length > 2);
  for (const { content } of chunks) assert.equal(content.match(/^```/gm)?.length ?? 0, 2);
  for (const { content } of chunks.slice(1)) assert.match(content, /^```ts\n/);
  const lines = chunks.flatMap(({ content }) => content.split("\n").filter((line) => line.startsWith("const")));
  assert.equal(lines.join("\n"), code);
});

const word = fc.string({ minLength: 1, maxLength: 12 });
const piece = fc.oneof(
  word,
  word.map((text) => `**${text}**`),
  word.map((text) => `*${text}*`),
  word.map((text) => `\`${text}\``),
  word.map((text) => `[${text}](https://example.org/${encodeURIComponent(text.toWellFormed())})`),
  fc.constantFrom(
    "\n\n",
    "\n",
    " ",
    "\n\n- ",
    "\n\n> ",
    "\n\n```js\n",
    "\n```\n\n",
    "\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n",
    "👩‍👩‍👧",
    "世界",
  ),
  fc.integer({ min: 100, max: 3_000 }).map((length) => "lorem_ipsum* ".repeat(length / 13)),
);

test("whatever is said: never empty, never too long, every fence whole, and it is rendered alike each time", () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const markdown = pieces.join("");
      const chunks = renderDiscord(markdown);
      assert.ok(chunks.length > 0);
      for (const { content } of chunks) {
        assert.ok(content.trim() !== "" && content.length <= 2_000, String(content.length));
        assert.equal((content.match(/^```/gm)?.length ?? 0) % 2, 0, content);
        assert.ok(content.isWellFormed());
      }
      assert.deepEqual(renderDiscord(markdown), chunks);
    }),
    { numRuns: 150 },
  );
});

/** Letters and digits that a reader sees: markup has none but languages and addresses, which are not made here. */
const seen = (text: string) => text.replaceAll(/[^\p{L}\p{N}]/gu, "");

test("no word is lost or doubled", () => {
  const plain = fc.stringMatching(/^[a-zA-Z0-9 _*~.,!#-]{1,40}$/);
  fc.assert(
    fc.property(fc.array(plain, { minLength: 1, maxLength: 120 }), (texts) => {
      const markdown = texts.map((text) => text.replaceAll(/[\\_*~#-]/g, String.raw`\$&`).trim()).join("\n\n");
      const shown = renderDiscord(markdown)
        .map(({ content }) => seen(content))
        .join("");
      assert.equal(shown, seen(markdown));
    }),
    { numRuns: 100 },
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { renderTelegram, type TelegramChunk } from "../../adapters/render/telegram.ts";

function one(markdown: string): TelegramChunk {
  const chunks = renderTelegram(markdown);
  assert.equal(chunks.length, 1);
  const [chunk] = chunks;
  assert.ok(chunk);
  return chunk;
}

/** What each entity covers, with its kind: `bold:words`. */
function covered({ text, entities }: TelegramChunk): string[] {
  return entities.map((each) => `${each.type}:${text.slice(each.offset, each.offset + each.length)}`);
}

for (const [name, markdown, text, entities] of [
  ["bold, italic and strike", "**a** *b* ~~c~~ _d_", "a b c d", ["bold:a", "italic:b", "strikethrough:c", "italic:d"]],
  ["bold in bold is one", "# T **x**", "T x", ["bold:T x"]],
  ["marks nest", "**a *b* c**", "a b c", ["bold:a b c", "italic:b"]],
  ["bold ends before code and goes on after it", "**a `b` c**", "a b c", ["bold:a ", "code:b", "bold: c"]],
  ["a link", "see [the **docs**](https://a.b/c)", "see the docs", ["text_link:the docs", "bold:docs"]],
  ["code in a link stays a link", "[`x`](https://a.b)", "x", ["text_link:x"]],
  ["a link nobody can open says its address", "[x](./a.md) [y](javascript:1)", "x (./a.md) y (javascript:1)", []],
  ["an image is a link", "![a cat](https://a.b/c.png)", "a cat", ["text_link:a cat"]],
  ["lists", "- a\n- b\n  1. c\n\n3. d", "• a\n• b\n  1. c\n\n3. d", []],
  ["tasks", "- [x] a\n- [ ] b", "☑ a\n☐ b", []],
  ["a fence keeps its language", "```ts\n  a();\n\n  b();\n```", "  a();\n\n  b();", ["pre:  a();\n\n  b();"]],
  ["a quotation with code", "> a `b`\n> c", "a b\nc", ["blockquote:a b\nc", "code:b"]],
  ["raw HTML is text", "a <b>c</b>\n\n<div>\nd\n</div>", "a <b>c</b>\n\n<div>\nd\n</div>", []],
  ["breaks", "a<br>b  \nc\nd", "a\nb\nc\nd", []],
  ["a table", "| n | x |\n|--|--:|\n| 世 | 10 |\n| b | 2 |", "n  │  x\n───┼───\n世 │ 10\nb  │  2", [/^pre:n/]],
  ["an open fence is code", "look:\n\n```py\nprint(", "look:\n\nprint(", ["pre:print("]],
  ["open bold", "so **bold and", "so bold and", ["bold:bold and"]],
  ["half a closing mark", "so **bold*", "so bold", ["bold:bold"]],
  ["an opening mark with nothing behind", "so **", "so", []],
  ["open code", "run `ls -l", "run ls -l", ["code:ls -l"]],
  ["half a link", "see [docs](https://a.b/lo", "see docs", []],
  ["arithmetic is no mark", "2 ** 3 and 2 * 3 and a ` b", "2 ** 3 and 2 * 3 and a ` b", []],
  ["offsets count UTF-16 units", "👩‍👩‍👧 **b** 🇩🇪 *i*", "👩‍👩‍👧 b 🇩🇪 i", ["bold:b", "italic:i"]],
  ["entities of characters", "a &amp; b &lt;c&gt;", "a & b <c>", []],
  ["lone surrogates and control characters", "a\uD83D\u0000b", "a\uFFFDb", []],
] as const) {
  test(`rendered for Telegram: ${name}`, () => {
    const chunk = one(markdown);
    assert.equal(chunk.text, text);
    const shown = covered(chunk);
    assert.equal(shown.length, entities.length, shown.join(" "));
    for (const [index, expected] of entities.entries()) {
      if (typeof expected === "string") assert.equal(shown[index], expected);
      else assert.match(shown[index] ?? "", expected);
    }
  });
}

test("what shows nothing is shown as it was written, or as an ellipsis", () => {
  assert.equal(one("[a]: https://b.c").text, "[a]: https://b.c");
  for (const empty of ["", "  \n ", "\u200B", "```\n\n```"]) assert.notEqual(one(empty).text.trim(), "");
});

test("a fence cut in two is a fence in both, with its language; nothing of it is lost", () => {
  const code = Array.from({ length: 900 }, (_, index) => `  line ${index};`).join("\n");
  const chunks = renderTelegram(`Look:\n\n\`\`\`ts\n${code}\n\`\`\`\n\nDone.`);
  assert.ok(chunks.length > 2);
  for (const { entities } of chunks) {
    const fences = entities.filter((each) => each.type === "pre");
    assert.deepEqual(
      fences.map((each) => each.language),
      ["ts"],
    );
  }
  const inside = chunks.flatMap(({ text, entities }) =>
    entities.filter((each) => each.type === "pre").map((each) => text.slice(each.offset, each.offset + each.length)),
  );
  assert.equal(inside.join("\n"), code);
});

for (const [where, indent] of [
  ["a list item", "  "],
  ["a quotation", "> "],
] as const) {
  test(`a long fence within ${where} stays code to its end`, () => {
    const code = Array.from({ length: 3_000 }, (_, index) => `**line ${index}**;`).join("\n");
    const first = where === "a list item" ? "- look:\n" : "> look:\n";
    const body = `\`\`\`ts\n${code}\n\`\`\``.replaceAll(/^/gm, indent);
    const chunks = renderTelegram(`${first}${body}\n\nDone with **that**.`);
    const inside = chunks.flatMap(({ text, entities }) =>
      entities.filter((each) => each.type === "pre").map((each) => text.slice(each.offset, each.offset + each.length)),
    );
    assert.equal(inside.join("\n"), code);
    assert.match(chunks.at(-1)?.text ?? "", /Done with that\.$/);
  });
}

test("a table cut in two says its head in both, and each row once", () => {
  const rows = Array.from({ length: 600 }, (_, index) => `| row ${index} | ${"x".repeat(index % 20)} |`);
  const chunks = renderTelegram(`| name | value |\n|---|---|\n${rows.join("\n")}`);
  assert.ok(chunks.length > 2);
  for (const { text } of chunks) assert.match(text, /^name +│ value/);
  const shown = chunks.flatMap(({ text }) => text.split("\n").filter((each) => each.startsWith("row ")));
  assert.deepEqual(
    shown.map((each) => /row \d+/.exec(each)?.[0]),
    rows.map((each) => /row \d+/.exec(each)?.[0]),
  );
});

test("no message has more than the hundred entities that Telegram keeps", () => {
  const chunks = renderTelegram(Array.from({ length: 350 }, (_, index) => `- \`c${index}\``).join("\n"));
  assert.equal(chunks.flatMap(covered).length, 350);
  for (const { entities } of chunks) assert.ok(entities.length <= 100);
});

test("a heading is not left at the end of a message", () => {
  const chunks = renderTelegram(`${"a ".repeat(1_900)}\n\n## Next\n\n${"b ".repeat(1_000)}`);
  assert.deepEqual(
    chunks.map(({ text }) => text.startsWith("Next")),
    [false, true],
  );
});

const prose = fc.stringMatching(/^[a-zA-Zäß世界 ,]{1,40}$/).map((text) => `x${text.trim()}x`);
const cluster = fc.constantFrom("👩‍👩‍👧‍👦", "🇩🇪", "é", "👍🏽", "🏴󠁧󠁢󠁥󠁮󠁧󠁿");
const inline: fc.Arbitrary<string> = fc.oneof(
  prose,
  fc.array(cluster, { minLength: 1, maxLength: 200 }).map((all) => all.join("")),
  prose.map((text) => `**${text}**`),
  prose.map((text) => `*${text}*`),
  prose.map((text) => `\`${text}\``),
  prose.map((text) => `[${text}](https://example.com/${text.length})`),
  prose.map((text) => `**a *${text}* \`b\`**`),
);
const sentence = fc.array(inline, { minLength: 1, maxLength: 60 }).map((all) => all.join(" "));
const block = fc.oneof(
  { weight: 4, arbitrary: sentence },
  sentence.map((text) => `## ${text}`),
  fc.array(sentence, { minLength: 1, maxLength: 8 }).map((all) => all.map((text) => `- ${text}`).join("\n")),
  fc.array(sentence, { minLength: 1, maxLength: 8 }).map((all) => all.map((text) => `> ${text}`).join("\n")),
  fc.array(prose, { minLength: 1, maxLength: 400 }).map((all) => `\`\`\`js\n${all.join("\n")}\n\`\`\``),
  fc.array(prose, { minLength: 1, maxLength: 90 }).map((all) => `|a|b|\n|-|-|\n${all.map((text) => `|${text}|y|`).join("\n")}`),
);
const document = fc.array(block, { minLength: 1, maxLength: 12 }).map((all) => all.join("\n\n"));

test("any document: messages within the limit, entities in range and nested, clusters whole", () => {
  fc.assert(
    fc.property(fc.oneof(document, fc.string({ unit: "grapheme", maxLength: 6_000 })), (markdown) => {
      checkAll(renderTelegram(markdown));
    }),
    { numRuns: 150 },
  );
});

test("any text at all: messages within the limit, entities in range and nested", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 6_000 }), (markdown) => {
      for (const chunk of renderTelegram(markdown)) checkChunk(chunk);
    }),
  );
});

test("any document: no word is lost, doubled or moved", () => {
  fc.assert(
    fc.property(document, (markdown) => {
      const numbered = numberWords(markdown);
      const found = renderTelegram(numbered.markdown).flatMap(({ text }) =>
        [...text.matchAll(/⟦(\d+)⟧/g)].map((match) => Number(match[1])),
      );
      assert.deepEqual(found, numbered.numbers);
    }),
    { numRuns: 80 },
  );
});

test("any prefix of a document renders, and shows no bold markers", () => {
  fc.assert(
    fc.property(document, fc.nat(), (markdown, cut) => {
      const chunks = renderTelegram(markdown.slice(0, cut % (markdown.length + 1)).toWellFormed());
      checkAll(chunks);
      for (const { text } of chunks) assert.ok(!/\*\*x|x\*\*/.test(text), text);
    }),
    { numRuns: 150 },
  );
});

for (const [name, markdown] of Object.entries({
  prose: "A *sentence* with **bold**, `code` and a [link](https://example.com/a?b=c), plainly.\n\n".repeat(1_200),
  "one fence": `\`\`\`js\n${"const a = 1;\n".repeat(7_700)}\`\`\``,
  "one table": `| a | b |\n|---|---|\n${"| cell one | cell two |\n".repeat(4_000)}`,
  "one line": "word ".repeat(20_000),
  "no space": "x".repeat(100_000),
  brackets: "[a](".repeat(25_000),
  quotations: "> ".repeat(50_000),
  "numbered lists in one another": "1. ".repeat(33_000),
})) {
  test(`100,000 characters of ${name} render in less than two seconds, each within the limit`, () => {
    const started = performance.now();
    const chunks = renderTelegram(markdown);
    const ms = performance.now() - started;
    for (const chunk of chunks) checkChunk(chunk);
    // Measured 5 to 400 ms on an idle core; the bound is for a busy one.
    assert.ok(ms < 2_000, `${Math.round(ms)} ms`);
  });
}

function checkAll(chunks: readonly TelegramChunk[]): void {
  for (const [index, chunk] of chunks.entries()) {
    checkChunk(chunk);
    // Where it is cut, no character joined to the one before it begins a message.
    if (index > 0) assert.ok(!/^[\p{M}\u200D\u{1F3FB}-\u{1F3FF}]/u.test(chunk.text), chunk.text.slice(0, 8));
    if (index < chunks.length - 1) assert.ok(!chunk.text.endsWith("\u200D"));
  }
}

function checkChunk({ text, entities }: TelegramChunk): void {
  assert.ok(text.length > 0 && text.length <= 4_000);
  assert.equal(text, text.trimEnd());
  assert.ok(text.isWellFormed());
  let previous = { offset: 0, length: Infinity };
  const open: { type: string; end: number }[] = [];
  for (const { type, offset, length } of entities) {
    assert.ok(offset >= 0 && length > 0 && offset + length <= text.length);
    assert.ok(offset > previous.offset || (offset === previous.offset && length <= previous.length), "sorted");
    while ((open.at(-1)?.end ?? Infinity) <= offset) open.pop();
    const parents = open.map((each) => each.type);
    assert.ok(offset + length <= (open.at(-1)?.end ?? Infinity), "nested");
    assert.ok(!parents.includes("pre") && !parents.includes("code") && !parents.includes(type), `${type} in ${parents.join()}`);
    if (type === "pre" || type === "code")
      assert.ok(
        parents.every((each) => each === "blockquote"),
        `${type} in ${parents.join()}`,
      );
    open.push({ type, end: offset + length });
    previous = { offset, length };
  }
}

/** Gives every word of ours a number that survives rendering. */
function numberWords(markdown: string): { markdown: string; numbers: number[] } {
  const numbers: number[] = [];
  const numbered = markdown.replaceAll(/x(?=[a-zäß世界, ]*x)/gi, (letter) => {
    numbers.push(numbers.length);
    return `${letter}⟦${numbers.length - 1}⟧`;
  });
  return { markdown: numbered, numbers };
}

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Nodes } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";
import { renderSlack } from "../../adapters/render/slack.ts";

const limit = 400;

/** What a reader gets of some Markdown messages, taken together. */
interface Content {
  readonly words: string;
  readonly code: string;
  readonly languages: readonly string[];
  readonly rows: readonly string[];
  readonly links: readonly string[];
}

function contentOf(messages: readonly string[]): Content {
  const trees = messages.map((each) => fromMarkdown(each, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] }));
  const nodes = trees.flatMap((tree) => all(tree));
  const tables = nodes.filter((node) => node.type === "table");
  const inTables = new Set(tables.flatMap((table) => all(table)));
  const texts = nodes.filter((node) => (node.type === "text" || node.type === "inlineCode") && !inTables.has(node));
  return {
    words: texts
      .map((node) => ("value" in node ? node.value : ""))
      .join(" ")
      .replaceAll(/\s+/g, " "),
    code: nodes.flatMap((node) => (node.type === "code" ? [node.value] : [])).join("\n"),
    languages: [...new Set(nodes.flatMap((node) => (node.type === "code" ? [node.lang ?? ""] : [])))],
    // The head is said again with each part.
    rows: tables.flatMap((table) => table.children.slice(1).map((row) => wordsIn(row))),
    links: nodes.flatMap((node) => (node.type === "link" ? [node.url] : [])),
  };
}

function all(node: Nodes): Nodes[] {
  const children = "children" in node ? node.children.flatMap((child) => all(child)) : [];
  return [node, ...children];
}

function wordsIn(node: Nodes): string {
  return all(node)
    .map((each) => (each.type === "text" ? each.value : ""))
    .join(" ");
}

const word = fc.stringMatching(/^[a-z]{1,9}$/);
const inline = fc.oneof(
  { weight: 8, arbitrary: word },
  fc.tuple(word, word).map(([label, path]) => `[${label} there](https://example.org/${path})`),
  fc.tuple(word, word).map(([one, two]) => `\`${one} ${two}\``),
  word.map((each) => `**${each}**`),
);
const paragraph = fc.array(inline, { minLength: 1, maxLength: 120 }).map((words) => words.join(" "));
const fence = fc
  .tuple(
    fc.constantFrom("```", "~~~~"),
    fc.constantFrom("ts", "py", ""),
    fc.array(
      word.map((each) => `  ${each}(1);`),
      { minLength: 1, maxLength: 60 },
    ),
  )
  .map(([mark, language, lines]) => [`${mark}${language}`, ...lines, mark].join("\n"));
const table = fc
  .array(fc.tuple(word, word), { minLength: 1, maxLength: 30 })
  .map((rows) => ["| name | value |", "|---|---:|", ...rows.map(([one, two]) => `| ${one} | ${two} |`)].join("\n"));
const items = fc.array(
  paragraph.map((text) => text.slice(0, 60).replaceAll(/[^a-z ]/g, "x")),
  { minLength: 1, maxLength: 20 },
);
const list_ = items.map((each) => each.map((text) => `- ${text.trim() || "x"}`).join("\n"));
const heading = word.map((text) => `## ${text}`);
const documents = fc
  .array(fc.oneof(paragraph, fence, table, list_, heading), { minLength: 1, maxLength: 12 })
  .map((blocks) => blocks.join("\n\n"));

test("no message over the limit; every fence, link and table whole; nothing lost and nothing added", () => {
  fc.assert(
    fc.property(documents, (markdown) => {
      const chunks = renderSlack(markdown, limit).map((chunk) => chunk.markdown);
      assert.ok(chunks.every((chunk) => chunk.length > 0 && chunk.length <= limit));
      assert.deepEqual(contentOf(chunks), contentOf([markdown]));
    }),
    { numRuns: 40 },
  );
});

test("what is left of a chunk that ended early, and the line after it, are not too long together", () => {
  const paragraphs = [60, 50, 110].map((chars) => "word ".repeat(chars / 5).trim());
  const chunks = renderSlack(paragraphs.join("\n\n"), 115);
  assert.deepEqual(
    chunks.map(({ markdown }) => markdown),
    paragraphs,
  );
});

test("any text at all is taken, within the limit", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 3_000 }), (text) => {
      const chunks = renderSlack(text, limit).map((chunk) => chunk.markdown);
      assert.ok(
        chunks.length > 0 && chunks.every((chunk) => chunk.trim() !== "" && chunk.length <= limit && chunk.isWellFormed()),
      );
    }),
    { numRuns: 150 },
  );
});

for (const [name, markdown, expected] of [
  ["what fits stays as it was written", "# A\n\n* b\n* c\n\n|d|e|\n|-|-|\n|1|2|", ["# A\n\n* b\n* c\n\n|d|e|\n|-|-|\n|1|2|"]],
  ["nothing is an ellipsis", " \n", ["…"]],
  [
    "a fence is closed and opened again",
    `\`\`\`js\n${"a();\n".repeat(100)}\`\`\`\nend`,
    [/^```js\na\(\);[^]*\n```$/, /^```js\na\(\);[^]*\n```\nend$/],
  ],
  [
    "a fence in a list keeps its place",
    `- x\n\n  \`\`\`js\n${"  a();\n".repeat(80)}  \`\`\`\n- y`,
    [/^- x[^]*\n {2}```$/, /^ {2}```js\n {2}a[^]*\n- y$/],
  ],
  ["a heading goes with what it heads", `${"word ".repeat(60)}\n\n## Head\n\n${"word ".repeat(60)}`, [/word$/, /^## Head\n/]],
] as const) {
  test(`rendered for Slack: ${name}`, () => {
    const chunks = renderSlack(markdown, limit).map((chunk) => chunk.markdown);
    assert.equal(chunks.length, expected.length, chunks.join("\n-----\n"));
    for (const [at, each] of expected.entries()) {
      if (typeof each === "string") assert.equal(chunks[at], each);
      else assert.match(chunks[at] ?? "", each);
    }
  });
}

test("an answer of 100,000 characters in one line, and one in one fence, come soon and whole", () => {
  const line = "word ".repeat(20_000).trim();
  assert.equal(
    renderSlack(line)
      .map(({ markdown }) => markdown)
      .join(" "),
    line,
  );
  const code = renderSlack(`\`\`\`\n${"x".repeat(100_000)}\n\`\`\``);
  assert.equal(code.map(({ markdown }) => markdown.replaceAll(/[`\n]/g, "")).join("").length, 100_000);
});

test("what would be said again with each part is bounded: bars of many columns, signs of quotations, what stands before a fence", () => {
  const row = `| a | b |\n|---|---|\n|${"xx|".repeat(1_950)}`;
  const fence = `${" ".repeat(6_000)}\`\`\`\n${"a\n".repeat(3_000)}`;
  for (const markdown of ["word word word.\n\n".repeat(500) + row, ">".repeat(12_000), fence]) {
    const chunks = renderSlack(markdown).map((chunk) => chunk.markdown);
    assert.ok(chunks.length <= 4, `${chunks.length} messages`);
    assert.ok(chunks.every((each) => each.length <= 11_500));
    assert.ok(chunks.join("").length >= markdown.trim().length - 100);
  }
});

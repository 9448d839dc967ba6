import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Nodes } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";
import { renderDiscord } from "../../adapters/render/discord.ts";
import { renderSlack } from "../../adapters/render/slack.ts";
import { renderTelegram, type TelegramChunk } from "../../adapters/render/telegram.ts";

// One property for all platforms: documents of links, tables, fences and emphasis over long texts, of which it is known what a reader is to see.

/** What somebody reads, in order. */
interface Seen {
  /** All words outside code and tables. */
  words: string[];
  bold: string[];
  italic: string[];
  /** Words and address of each link, told once where it is whole. */
  links: string[];
  inlineCode: string[];
  /** Lines of fences, with their language. */
  code: string[];
  /** Cells of tables, without the heads that are said again. */
  rows: string[];
}

type Block = { readonly markdown: string; readonly seen: Partial<Seen> };

const word = fc.stringMatching(/^[a-z]{2,9}$/);
const words = fc.array(word, { minLength: 1, maxLength: 6 });
const plain = words.map((all): Block => ({ markdown: all.join(" "), seen: { words: all } }));
const link = fc.tuple(words, word).map(([label, path]): Block => {
  const url = `https://example.org/${path}`;
  return { markdown: `[${label.join(" ")}](${url})`, seen: { words: label, links: [`${label.join(" ")} ${url}`] } };
});
const codeSpan = words.map((all): Block => ({ markdown: `\`${all.join(" ")}\``, seen: { inlineCode: [all.join(" ")] } }));
const inline = fc.oneof({ weight: 3, arbitrary: plain }, link, codeSpan);

function joined(blocks: readonly Block[], between: string): Block {
  const seen = empty();
  for (const block of blocks) add(seen, block.seen);
  return { markdown: blocks.map(({ markdown }) => markdown).join(between), seen };
}

const fence = fc
  .tuple(fc.constantFrom("ts", "py"), fc.array(word, { minLength: 1, maxLength: 120 }))
  .map(([language, all]): Block => {
    const lines = all.map((each) => `  ${each}(1)`);
    return {
      markdown: ["```" + language, ...lines, "```"].join("\n"),
      seen: { code: lines.map((line) => `${language}:${line}`) },
    };
  });

/** Documents whose paragraphs, emphasis, heads and cells are now and then longer than a message of `limit` characters. */
function documentsFor(limit: number, longHeads: boolean): fc.Arbitrary<Block> {
  const some = (of: fc.Arbitrary<Block>) =>
    fc.oneof(
      { weight: 2, arbitrary: fc.array(of, { minLength: 1, maxLength: 6 }) },
      fc.array(of, { minLength: Math.ceil(limit / 30), maxLength: Math.ceil(limit / 15) }),
    );
  const emphasis = fc
    .tuple(fc.constantFrom("**", "*"), some(inline), fc.constantFrom(" ", "\n"))
    .map(([sign, parts, between]): Block => {
      const { markdown, seen } = joined(parts, between);
      const marked = seen.words ?? [];
      return {
        markdown: `${sign}${markdown}${sign}`,
        seen: { ...seen, ...(sign === "**" ? { bold: marked } : { italic: marked }) },
      };
    });
  const paragraph = fc
    .oneof(some(inline), fc.array(fc.oneof(inline, emphasis), { minLength: 1, maxLength: 6 }))
    .map((parts) => joined(parts, " "))
    // A block longer than 24,000 characters is parsed in parts.
    .filter(({ markdown }) => markdown.length < 20_000);
  const long = fc.array(word, { minLength: Math.ceil(limit / 25), maxLength: Math.ceil(limit / 10) });
  // Longer than what is said again of it on Slack; in monospace that is nothing to repeat.
  const longHead = Math.ceil(limit / 30);
  const head = longHeads
    ? fc.oneof(words, fc.array(word, { minLength: longHead, maxLength: longHead }))
    : fc.array(word, { minLength: 1, maxLength: Math.ceil(longHead / 2) });
  const rows = fc.array(fc.tuple(word, words), { minLength: 1, maxLength: 40 });
  const longRows = fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(fc.tuple(word, long), { maxLength: 1 }));
  const table = fc.tuple(words, head, rows, longRows).map(([one, two, before, after]): Block => {
    const all = [...before, ...after, ...before];
    const first = `| ${one.join(" ")} | ${two.join(" ")} |`;
    const markdown = [first, "|---|---:|", ...all.map(([left, right]) => `| ${left} | ${right.join(" ")} |`)].join("\n");
    return { markdown, seen: { rows: all.flatMap(([left, right]) => [left, ...right]) } };
  });
  const quoted = paragraph.map(({ markdown, seen }): Block => ({ markdown: markdown.replaceAll(/^/gm, "> "), seen }));
  const item = paragraph.map(({ markdown, seen }): Block => ({ markdown: `- ${markdown.replaceAll("\n", "\n  ")}`, seen }));
  const block = fc.oneof({ weight: 3, arbitrary: paragraph }, fence, table, quoted, item);
  return fc.array(block, { minLength: 1, maxLength: 5 }).map((blocks) => joined(blocks, "\n\n"));
}

function empty(): Seen {
  return { words: [], bold: [], italic: [], links: [], inlineCode: [], code: [], rows: [] };
}

function add(to: Seen, more: Partial<Seen>): void {
  for (const [kind, all] of Object.entries(more)) to[kind as keyof Seen].push(...all); // both have these keys alone
}

/** Platforms whose messages are Markdown: `monospace`, where tables are fences. */
function seenInMarkdown(messages: readonly string[], monospace: boolean): Seen {
  const seen = empty();
  for (const message of messages) {
    look(fromMarkdown(message, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] }), [], seen, monospace);
  }
  return seen;
}

function look(node: Nodes, above: readonly Nodes[], seen: Seen, monospace: boolean): void {
  const inside = (type: Nodes["type"]): boolean => above.some((each) => each.type === type);
  if (node.type === "text") {
    const said = node.value.replaceAll(/[\u200B•]/g, "");
    assert.doesNotMatch(said, /[*_`~[\]()|]/, "a mark that is not closed");
    const all = said.split(/\s+/).filter(Boolean);
    seen.words.push(...all);
    if (inside("strong")) seen.bold.push(...all);
    if (inside("emphasis")) seen.italic.push(...all);
  }
  if (node.type === "inlineCode") seen.inlineCode.push(node.value);
  if (node.type === "link") seen.links.push(`${textOf(node)} ${node.url}`);
  if (node.type === "code" && monospace && node.lang === null) seen.rows.push(...gridRows(node.value));
  else if (node.type === "code") seen.code.push(...node.value.split("\n").map((line) => `${node.lang}:${line}`));
  if (node.type === "table") {
    for (const row of node.children) assert.equal(row.children.length, 2, "a row of another shape");
    for (const row of node.children.slice(1)) seen.rows.push(...textOf(row).split(/\s+/).filter(Boolean));
    return;
  }
  if ("children" in node) for (const child of node.children) look(child, [...above, node], seen, monospace);
}

function textOf(node: Nodes): string {
  if (node.type === "text") return node.value;
  return "children" in node ? node.children.map((child) => textOf(child)).join(node.type === "tableRow" ? " " : "") : "";
}

/** The cells below a table's head in monospace. */
function gridRows(grid: string): string[] {
  const lines = grid.split("\n");
  const rule = lines.findIndex((line) => line.includes("─┼─"));
  return lines
    .slice(rule + 1)
    .join(" ")
    .split(/[\s│]+/)
    .filter(Boolean);
}

function seenInTelegram(messages: readonly TelegramChunk[]): Seen {
  const seen = empty();
  for (const { text, entities } of messages) {
    const of = (type: string) => entities.filter((each) => each.type === type);
    const covered = ({ offset, length }: { readonly offset: number; readonly length: number }) =>
      text.slice(offset, offset + length);
    const split = (some: string) => some.replaceAll("•", "").split(/\s+/).filter(Boolean);
    for (const each of entities) {
      if (each.type === "text_link") seen.links.push(`${covered(each)} ${each.url}`);
      if (each.type === "code") seen.inlineCode.push(covered(each));
      if (each.type !== "pre") continue;
      if (each.language === undefined) seen.rows.push(...gridRows(covered(each)));
      else
        seen.code.push(
          ...covered(each)
            .split("\n")
            .map((line) => `${each.language}:${line}`),
        );
    }
    // Without code, what is left is words.
    const masked = (type: string | null): string => {
      const shown = [...text].length === text.length ? [...text] : assert.fail("only plain letters are made here");
      if (type !== null) {
        const kept = new Set(of(type).flatMap(({ offset, length }) => Array.from({ length }, (_, at) => offset + at)));
        for (const at of shown.keys()) if (!kept.has(at)) shown[at] = " ";
      }
      for (const { offset, length } of [...of("code"), ...of("pre")]) shown.fill(" ", offset, offset + length);
      return shown.join("");
    };
    seen.words.push(...split(masked(null)));
    seen.bold.push(...split(masked("bold")));
    seen.italic.push(...split(masked("italic")));
  }
  return seen;
}

const slackLimit = 900;

for (const [platform, limit, render] of [
  [
    "Discord",
    2_000,
    (markdown: string) => {
      const chunks = renderDiscord(markdown).map(({ content }) => content);
      assert.ok(chunks.every((chunk) => chunk.length <= 2_000));
      return seenInMarkdown(chunks, true);
    },
  ],
  [
    "Slack",
    slackLimit,
    (markdown: string) => {
      const chunks = renderSlack(markdown, slackLimit).map((chunk) => chunk.markdown);
      assert.ok(chunks.every((chunk) => chunk.length <= slackLimit));
      return seenInMarkdown(chunks, false);
    },
  ],
  [
    "Telegram",
    4_096,
    (markdown: string) => {
      const chunks = renderTelegram(markdown);
      assert.ok(chunks.every(({ text, entities }) => text.length <= 4_096 && entities.length <= 100));
      return seenInTelegram(chunks);
    },
  ],
] as const) {
  test(`${platform}: within its limit, marks closed in every message, links and rows whole, nothing lost and nothing added`, () => {
    fc.assert(
      fc.property(documentsFor(limit, platform === "Slack"), ({ markdown, seen }) => {
        assert.deepEqual(render(markdown), { ...empty(), ...seen });
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });
}

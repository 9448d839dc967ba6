import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { watchLoop } from "../doubles/busy-loop.ts";
import { toChunks } from "../../adapters/web/chunks.ts";
import { toHtml } from "../../adapters/web/html.ts";
import { createRenderer } from "../../adapters/web/renderer.ts";
import { createTurns } from "../../adapters/turns.ts";
import type { LiveEvent, TurnEvent } from "../../src/core/events.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const paragraph = "Some **bold** and `code` with a [link](https://example.com).\n\n- one\n- two\n\n```js\nconst a = 1;\n```\n\n";

test("whatever the text, only the tags and attributes of the renderer come out", () => {
  const pieces = [
    "<",
    ">",
    '"',
    "'",
    "&",
    "`",
    "```",
    "[",
    "](",
    ")",
    "!",
    "javascript:",
    "https://a.b/",
    "\n",
    "|",
    "- ",
    "#",
    "onload=",
    "<script>",
    "*",
    "&#60;",
  ];
  const tag =
    /^<\/?(p|h[2-6]|blockquote|[ou]l|li|t(able|head|body|r|h|d)|aside|sup|em|strong|del|a|div|span|pre|code|br|hr)( [^<>]*)?>$/;
  const attribute =
    /^( (class|role|aria-label|data-language|tabindex|start|target|rel)="[^"<>]*"| href="(https?:|mailto:)[^"<>]*")*$/;
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string()), { maxLength: 30 }), (parts) => {
      const html = toHtml(parts.join(""));
      for (const [found] of html.matchAll(/<[^>]*>?/g)) {
        assert.match(found, tag);
        assert.match(found.replace(/^<\/?\w+/, "").replace(/>$/, ""), attribute);
      }
    }),
    { numRuns: 500 },
  );
});

test("a hundred thousand characters are formatted without holding up the loop", async (t) => {
  const renderer = createRenderer(silent, 60_000);
  t.after(() => renderer.close());
  const watch = watchLoop();
  const html = await renderer.html(paragraph.repeat(Math.ceil(100_000 / paragraph.length)));
  const stood = watch.stop();
  assert.ok(html.includes("<strong>bold</strong>") && html.includes("const a = 1;"));
  t.diagnostic(`the loop was held up for ${stood.toFixed(0)} ms at most`);
  assert.ok(stood < 100, `the loop stood still for ${stood.toFixed(0)} ms`);
});

test("text nested too deeply to be parsed is shown as it is", async (t) => {
  const renderer = createRenderer(silent, 300);
  t.after(() => renderer.close());
  const html = await renderer.html(`${">".repeat(20_000)} <b>`);
  assert.match(html, /^<p class="plain">(&gt;)+ &lt;b&gt;<\/p>$/);
});

test("chunks keep within the limit, lose nothing and break no fence", () => {
  const line = fc.oneof(fc.constantFrom("```js", "```", "~~~", "", "text here"), fc.string({ maxLength: 90 }));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 60 }), (lines) => {
      const markdown = lines.join("\n");
      const chunks = toChunks(markdown, 120);
      assert.ok(chunks.length > 0 && chunks.every((chunk) => chunk.markdown.length <= 120 + 90));
      const words = (text: string) => text.replace(/\s|^ {0,3}(```+|~~~+).*$/gm, "");
      assert.equal(words(chunks.map((chunk) => chunk.markdown).join("\n")), words(markdown));
    }),
  );
  const code = `before\n\`\`\`js\n${"const a = 1;\n".repeat(40)}\`\`\`\nafter`;
  for (const { markdown } of toChunks(code, 120)) assert.equal((markdown.match(/^```/gm) ?? []).length % 2, 0, markdown);
});

test("a surrogate pair is never cut in two", () => {
  const chunks = toChunks("😀".repeat(500), 101);
  for (const { markdown } of chunks) assert.ok(markdown.isWellFormed());
  assert.equal(
    chunks
      .map(({ markdown }) => markdown)
      .join("")
      .replaceAll("\n", ""),
    "😀".repeat(500),
  );
});

test("a post settles the turn it answers and no other", () => {
  const turns = createTurns(() => 0);
  const take = (turn: string, replyTo: string | null, ...events: TurnEvent[]) =>
    events.forEach((event, index) => turns.take({ ...address(turn, replyTo), seq: index + 1, event }));
  take("a", "m1", { type: "started" }, { type: "text", delta: "Hello" });
  take(
    "b",
    "m2",
    { type: "started" },
    { type: "step", step: 1 },
    { type: "text", delta: "Bye " },
    { type: "finished", end: "answered" },
  );
  assert.equal(turns.settle(null, "a report", false), null);
  assert.equal(turns.settle("m1", "May I?", true), null);
  assert.deepEqual(turns.answeredBy(["Bye"]), ["b"]);
  assert.equal(turns.settle("other", "Bye", false), "b");
  assert.equal(turns.settle("m1", "Hello there", false), "a");
  assert.equal(turns.settle("m1", "second part", false), null);
  assert.equal(turns.take({ ...address("a", "m1"), seq: 9, event: { type: "finished", end: "answered" } }), false);
  assert.deepEqual(turns.list(), []);
});

test("a turn that ended without a post is forgotten after a while, a long one stays bounded", () => {
  let now = 0;
  const turns = createTurns(() => now);
  const tell = (seq: number, event: TurnEvent) => turns.take({ ...address("a", null), seq, event });
  for (let seq = 1; seq <= 5_000; seq++) tell(seq, { type: "tool.started", call: `c${seq}`, tool: "terminal", preview: "$ x" });
  assert.ok((turns.list()[0]?.events.length ?? 0) <= 1_000);
  for (let seq = 5_001; seq <= 5_100; seq++) tell(seq, { type: "tool.output", call: "c", chunk: "y".repeat(1_000) });
  assert.ok(JSON.stringify(turns.list()[0]?.events.at(-1)).length < 9_000);
  tell(6_000, { type: "finished", end: "stopped" });
  assert.equal(turns.list().length, 1);
  now = 60_000;
  assert.equal(turns.list().length, 0);
});

test("a turn that waited for a person is kept once it goes on, however long it runs", () => {
  let now = 0;
  const turns = createTurns(() => now);
  const tell = (seq: number, event: TurnEvent) => turns.take({ ...address("a", "m1"), seq, event });
  tell(1, { type: "finished", end: "parked" });
  now = 60_000;
  tell(2, { type: "started" });
  now = 120_000;
  assert.equal(turns.list().length, 1);
});

function address(turn: string, replyTo: string | null): Omit<LiveEvent, "event" | "seq"> {
  return { turn, replyTo, fence: 1, chat: { platform: "web", chat: "main", thread: null } };
}

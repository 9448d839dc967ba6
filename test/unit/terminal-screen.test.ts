import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { cells, fit } from "../../src/core/cells.ts";
import { completeArgument, completeName } from "../../adapters/terminal/screen/completion.ts";
import { drawMarkdown } from "../../adapters/terminal/screen/draw.ts";
import { draftOf, draftText, edited, emptyDraft, inserted, otherLine } from "../../adapters/terminal/screen/editor.ts";
import { openHistory } from "../../adapters/terminal/screen/history.ts";
import { inputRows } from "../../adapters/terminal/screen/input.ts";
import { markdownRows } from "../../adapters/terminal/screen/markdown.ts";
import { painted, piece, rowCells, wrapped } from "../../adapters/terminal/screen/rows.ts";
import { cutStable } from "../../adapters/terminal/screen/stable.ts";
import { statusRow } from "../../adapters/terminal/screen/status.ts";
import { createTurnView } from "../../adapters/terminal/screen/turn-view.ts";
import type { TurnEvent } from "../../src/core/events.ts";
import type { TerminalPost, TerminalState } from "../../src/core/terminal.ts";

const plain = (markdown: string, width: number) => drawMarkdown(markdown, { width, plain: true });

test("text takes the columns that it takes on a screen", () => {
  for (const [text, width] of [
    ["abc", 3],
    ["你好", 4],
    ["e\u0301", 1],
    ["👩‍👩‍👧", 2],
    ["🇩🇪", 2],
    ["ｱ", 1],
    ["─│█", 3],
    ["✍️", 2],
  ] as const)
    assert.equal(cells(text), width, text);
  assert.equal(fit("你好世界", 5), "你好…");
  assert.equal(fit("ab", 2), "ab");
});

test("Markdown is shown without its signs, as wide as the screen", () => {
  const markdown =
    "# Head\n\nA **bold** and *soft* word, `code`, [a link](https://x.example/a).\n\n- one\n- two is a longer item that has to go on\n  1. inner\n\n> said\n\n```sh\necho **hi**\n```";
  assert.equal(
    plain(markdown, 30),
    [
      "Head",
      "",
      "A bold and soft word, code, a",
      "link (https://x.example/a).",
      "",
      "• one",
      "• two is a longer item that",
      "  has to go on",
      "  1. inner",
      "",
      "│ said",
      "",
      "  echo **hi**",
    ].join("\n"),
  );
  assert.match(drawMarkdown("**b**", { width: 20, plain: false }), /^\u001b\[1mb\u001b\[0m$/);
});

test("Chinese is broken between signs, and a mark stays with its clause", () => {
  assert.equal(plain("你好世界，再见。", 8), "你好世\n界，再\n见。");
});

test("a table keeps its columns where they fit, breaks cells where they don't, and is a list where nothing helps", () => {
  const table = "| Metric | Small 提示 |\n|---|---:|\n| PP (Prompt Processing) | 293 tok/s |\n";
  assert.equal(
    plain(table, 60),
    "Metric                 │ Small 提示\n───────────────────────┼───────────\nPP (Prompt Processing) │  293 tok/s",
  );
  assert.equal(plain(table, 24).split("\n")[3], "Processing) │");
  assert.equal(
    plain("| a | b | c |\n|-|-|-|\n| long words | more words | most words |", 12),
    "a: long\n  words\nb: more\n  words\nc: most\n  words",
  );
});

const anyText = fc.string({
  unit: fc.constantFrom(
    "a",
    "b ",
    "字",
    "👍",
    "\n",
    "\n\n",
    "**",
    "`",
    "```\n",
    "| ",
    "- ",
    "1. ",
    "> ",
    "\u001b[2J",
    "\u009b",
    "\u0007",
    "\u202e",
    "e\u0301",
    "https://x.y/z ",
    "\t",
  ),
});

test("whatever is written, no row is wider than the screen and nothing steers it", () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 20, max: 60 }), (text, width) => {
      for (const row of markdownRows(text, width)) {
        assert.ok(rowCells(row) <= width, JSON.stringify(row));
        assert.doesNotMatch(painted(row, true), /[\p{Cc}\u202e]/u);
        assert.doesNotMatch(painted(row, false).replaceAll(/\u001b\[[\d;]+m/g, ""), /[\p{Cc}\u202e]/u);
      }
    }),
    { numRuns: 150 },
  );
});

test("breaking a row loses nothing but blanks", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 80 }), fc.integer({ min: 4, max: 30 }), (text, width) => {
      const whole = (of: string) => of.replaceAll(/\s/g, "");
      const rows = wrapped([piece(text)], width).map((row) => painted(row, true));
      assert.equal(whole(rows.join("")), whole(painted([piece(text)], true)));
    }),
    { numRuns: 200 },
  );
});

test("what is shown for good while text grows is what the whole looks like", () => {
  const parts = [
    "Intro.\n\n",
    "## Head\n\n",
    "1. one\n\n2. two\n\n   more\n\n",
    "```js\nlet a;\n\nlet b;\n```\n",
    "After.\n\n",
    "| a | b |\n|---|---|\n| 1 | 2 |\n\n",
    "> q\n\n",
    "End.",
  ];
  fc.assert(
    fc.property(fc.shuffledSubarray(parts, { minLength: 2 }), fc.integer({ min: 1, max: 9 }), (chosen, step) => {
      const text = chosen.join("");
      const { rows, view } = viewOf();
      for (let at = 0; at < text.length; at += step) {
        view.take(event({ type: "text", delta: text.slice(at, at + step) }));
        view.rows(100);
      }
      view.take(event({ type: "finished", end: "answered" }));
      view.post(post(text));
      const inside = rows.slice(1, -1).map((row) => row.trimEnd());
      assert.deepEqual(inside, plain(text, 40).split("\n"));
    }),
    { numRuns: 60 },
  );
  const { done, rest, within } = cutStable("```js\nlet a;\nlet");
  assert.deepEqual([done, rest, within], ["```js\nlet a;\n```", "```js\nlet", true]);
});

function viewOf() {
  const rows: string[] = [];
  const clock = { now: 0 };
  const view = createTurnView({
    commit: (more) => void rows.push(...more.map((row) => painted(row, true))),
    width: () => 40,
    now: () => clock.now,
  });
  return { rows, view, clock };
}

function event(of: TurnEvent, fence = 1) {
  return { turn: "t1", replyTo: "m1", fence, seq: 0, event: of };
}

function post(markdown: string, more: Partial<TerminalPost> = {}): TerminalPost {
  return { id: "out-1", answers: "m1", markdown, footer: null, buttons: [], asks: false, repeated: false, file: null, ...more };
}

test("a remark, tools and the answer stand in boxes and lines of their own; what waits and for how long is said", () => {
  const { rows, view, clock } = viewOf();
  for (const each of [{ type: "started" }, { type: "queued", ahead: 2, waitMs: 12_000 }] as const) view.take(event(each));
  clock.now = 3_000;
  assert.match(painted(view.rows(9)[0] ?? [], true), /Waiting for the model: 2 before you,/);
  for (const each of [
    { type: "text", delta: "Let me check." },
    { type: "tool.started", call: "a", tool: "terminal", preview: "$ ls\u001b[2J" },
    { type: "tool.output", call: "a", chunk: "one\ntwo\n" },
  ] as const)
    view.take(event(each));
  assert.deepEqual(
    view
      .rows(9)
      .map((row) => painted(row, true))
      .slice(0, 2),
    ["┊ 💻 $ ls[2J", "┊   two"],
  );
  view.take(event({ type: "tool.finished", call: "a", tool: "terminal", ok: false, ms: 5 }));
  view.take(event({ type: "step", step: 1 }));
  view.take(event({ type: "text", delta: "Done" }));
  // Another chat's report waits for the end of what is being said.
  view.post(post("A report.", { id: "out-2", answers: null }));
  view.take(event({ type: "finished", end: "answered" }));
  view.post(post("Done and said.", { footer: "a footer" }));
  const edge = "─".repeat(27);
  assert.deepEqual(rows, [
    `╭─ ⚕ Hermes ${edge}╮`,
    "Let me check.",
    `╰${"─".repeat(38)}╯`,
    "┊ 💻 $ ls[2J ✗",
    `╭─ ⚕ Hermes ${edge}╮`,
    "Done and said.",
    "a footer",
    `╰${"─".repeat(38)}╯`,
    `╭─ ⚕ Hermes ${edge}╮`,
    "A report.",
    `╰${"─".repeat(38)}╯`,
  ]);
  assert.equal(view.lastMs(), 3_000);
  assert.equal(view.running(), null);
});

test("what a person says in the middle of an answer stands between two boxes, none of them empty", () => {
  const { rows, view } = viewOf();
  const said = () => view.rows(9).map((row) => painted(row, true));
  view.take(event({ type: "text", delta: "Fir" }));
  assert.match(said().join("\n"), /^╭.*\nFir\n⏳/);
  view.interrupt();
  assert.equal(rows.length, 0);
  view.take(event({ type: "text", delta: "st.\n\nMore.\n\nSec" }));
  said();
  view.interrupt();
  rows.push("● wait");
  assert.match(said().join("\n"), /^╭.*\nMore\.\n\nSec\n⏳/);
  view.take(event({ type: "text", delta: "ond." }));
  view.post(post("First.\n\nMore.\n\nSecond.", { footer: "a footer" }));
  const [top, bottom] = [`╭─ ⚕ Hermes ${"─".repeat(27)}╮`, `╰${"─".repeat(38)}╯`];
  assert.deepEqual(rows, [top, "First.", bottom, "● wait", top, "More.", "", "Second.", "a footer", bottom]);
});

test("a question for words ends no turn", () => {
  const { view } = viewOf();
  for (const each of [{ type: "started" }, { type: "asks" }] as const) view.take(event(each));
  view.post(post("Which one?", { asks: true }));
  assert.match(painted(view.rows(9)[0] ?? [], true), /It waits for your answer/);
  view.post(post("That one."));
  assert.equal(view.running(), null);
});

test("tools are shown as the chat wants them: none, the first of several calls, or every call", () => {
  for (const [mode, shown] of [
    ["off", []],
    ["new", ["┊ 💻 $ one", "┊ 📖 read_file a", "┊ 💻 $ three"]],
    ["all", ["┊ 💻 $ one", "┊ 💻 $ two", "┊ 📖 read_file a", "┊ 💻 $ three"]],
  ] as const) {
    const { rows, view } = viewOf();
    view.show(mode);
    const calls = ["$ one", "$ two", "a", "$ three"];
    for (const [at, preview] of calls.entries()) {
      const about = { call: `${at}`, tool: preview.startsWith("$") ? "terminal" : "read_file" };
      view.take(event({ type: "tool.started", ...about, preview }));
      view.take(event({ type: "tool.output", ...about, chunk: "put out\n" }));
      const moving = view.rows(9).map((row) => painted(row, true));
      assert.equal(moving.length, shown.some((line) => line.endsWith(preview)) ? 3 : 1);
      assert.match(moving.at(-1) ?? "", /Working/);
      view.take(event({ type: "tool.finished", ...about, ok: true, ms: 5 }));
    }
    assert.deepEqual(rows, shown, mode);
    // Of the next turn the first call is a new one.
    view.take({ ...event({ type: "tool.started", call: "x", tool: "terminal", preview: "$ three" }), turn: "t2" });
    assert.equal(view.rows(9).length, mode === "off" ? 1 : 2);
  }
});

test("a turn that another worker takes over begins its step again, visibly", () => {
  const { rows, view } = viewOf();
  view.take(event({ type: "text", delta: "Half" }));
  view.take(event({ type: "started" }, 2));
  view.take(event({ type: "text", delta: "Whole." }, 2));
  view.post(post("Whole."));
  assert.match(rows.join("\n"), /Half\n\n\(broken off; it begins again\)\n╰.*\n╭.*\nWhole\.\n╰/);
});

const state: TerminalState = {
  session: "s",
  title: null,
  since: 0,
  model: "Qwen3.6-27B-GGUF-4.262bpw-imatrix",
  demonstration: false,
  used: 35_900,
  window: 65_536,
  busy: false,
  toolProgress: "all",
  asking: [],
  outcome: null,
};

test("the status line is the guide's, and gives way from its end", () => {
  const at = (width: number) => painted(statusRow({ state, now: 29 * 60_000 + 20_000, turnMs: 414_000 }, width), true);
  assert.equal(at(100), "⚕ Qwen3.6-27B-GGUF-4.262bpw… │ 35.9K/65.5K │ [██████░░░░] 55% │ 29m │ ⏲ 6m 54s");
  assert.equal(at(66), "⚕ Qwen3.6-27B… │ 35.9K/65.5K │ [██████░░░░] 55% │ 29m │ ⏲ 6m 54s");
  assert.equal(at(40), "⚕ Qwen3.6-27B… │ 35.9K/65.5K");
  assert.deepEqual(statusRow({ state: null, now: 0, turnMs: null }, 40), []);
});

test("keys edit as in a shell, also over lines and wide signs", () => {
  const type = (text: string, ...keys: readonly { name: string; ctrl?: true; meta?: true }[]) =>
    keys.reduce((draft, key) => edited(draft, undefined, key) ?? draft, draftOf(text));
  assert.equal(draftText(type("one two", { name: "w", ctrl: true })), "one ");
  assert.equal(draftText(type("one two", { name: "b", meta: true }, { name: "k", ctrl: true })), "one ");
  assert.equal(draftText(type("a👩‍👩‍👧", { name: "backspace" })), "a");
  assert.equal(draftText(type("one\ntwo", { name: "u", ctrl: true })), "one\n");
  assert.equal(draftText(inserted(type("ac", { name: "left" }), "b")), "abc");
  assert.equal(type("one\ntwo", { name: "a", ctrl: true }).at, 4);
  assert.equal(otherLine(draftOf("one\ntwo"), -1)?.at, 3);
  assert.equal(otherLine(draftOf("one"), -1), null);
  assert.equal(edited(emptyDraft, "\u001b", { name: "escape" }), null);
  const { rows, cursor } = inputRows(draftOf("你好\nworld"), "❯ ", 40, 5);
  assert.deepEqual([rows.map((row) => painted(row, true)), cursor], [["❯ 你好", "  world"], { row: 1, column: 7 }]);
});

test("commands and their arguments are completed", () => {
  const commands = [
    { name: "status", about: "What I do", argument: false, skill: false },
    { name: "start", about: "Hello", argument: false, skill: false },
    { name: "model", about: "Models", argument: true, skill: false },
  ];
  assert.equal(draftText(completeName(draftOf("/mo"), commands)?.draft ?? emptyDraft), "/model ");
  const several = completeName(draftOf("/s"), commands);
  assert.deepEqual([draftText(several?.draft ?? emptyDraft), several?.choices.length], ["/sta", 2]);
  assert.equal(completeName(draftOf("no"), commands), null);
  assert.equal(draftText(completeArgument(draftOf("/model qw"), ["qwen-a", "qwen-b"])?.draft ?? emptyDraft), "/model qwen-");
});

test("the history is its owner's alone, outlives the program, and bears a broken file", async (t) => {
  const home = await mkdtemp(join(tmpdir(), "hermes-history-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  await writeFile(join(home, "chat_history"), '"old"\n{broken\n');
  const history = await openHistory(home);
  for (const text of ["one", "two\nlines", " secret", "two\nlines"]) history.add(text);
  await history.saved();
  const again = await openHistory(home);
  assert.deepEqual(
    [1, 2, 3, 4].map((steps) => again.back(steps)),
    ["two\nlines", "one", "old", null],
  );
  assert.deepEqual(again.find("ON", 1), { text: "one", steps: 2 });
  assert.equal((await stat(join(home, "chat_history"))).mode & 0o777, 0o600);
  assert.doesNotMatch(await readFile(join(home, "chat_history"), "utf8"), /secret/);
});

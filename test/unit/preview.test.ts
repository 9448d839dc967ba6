import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseMarkdown } from "../../adapters/render/parse.ts";
import { createPreview } from "../../adapters/preview.ts";
import { languageOf } from "../../src/commands/languages/index.ts";

const started = { type: "tool.started", call: "1", tool: "terminal", preview: "$ npm test" } as const;
const output = (chunk: string) => ({ type: "tool.output", call: "1", chunk }) as const;

test("a running tool shows the last line that it has put out, an ended one does not", () => {
  const preview = createPreview();
  preview.take(started);
  assert.equal(preview.markdown(), "┊ 💻 `$ npm test`");
  preview.take(output("one\ntwo"));
  assert.match(preview.markdown(), /\n┊ `two`$/);
  preview.take(output(" and more\n\n"));
  assert.match(preview.markdown(), /\n┊ `two and more`$/);
  preview.take(output("three"));
  assert.match(preview.markdown(), /\n┊ `three`$/);
  preview.take({ type: "tool.finished", call: "1", tool: "terminal", ok: false, ms: 5 });
  assert.equal(preview.markdown(), "┊ 💻 `$ npm test` ✗");
});

test("what is waited for is said in the reader's language, and gives way to words", () => {
  const preview = createPreview();
  preview.take({ type: "queued", ahead: 2, waitMs: 9_000 });
  assert.equal(preview.markdown(), "Waiting for the model: 2 before you, about 9 s …");
  preview.speak(languageOf("zh") ?? assert.fail());
  assert.match(preview.markdown(), /^正在等待模型：前面还有 2 个，大约 9 秒/);
  preview.take({ type: "notice", text: "the model is still loading", about: { say: "loading" } });
  assert.equal(preview.progress().notice, "模型还在加载。");
  preview.take({ type: "agent", agent: "1", name: "1 look", state: "asking", doing: "", step: 0 });
  assert.match(preview.markdown(), /look，等待回答[^]*模型还在加载。$/);
  preview.take({ type: "text", delta: "hello" });
  assert.match(preview.markdown(), /hello$/);
});

test("a chat sees as much of the tools as it wants", () => {
  const preview = createPreview();
  const calls = [
    ["1", "terminal"],
    ["2", "terminal"],
    ["3", "read_file"],
    ["4", "terminal"],
  ] as const;
  for (const [call, tool] of calls) preview.take({ type: "tool.started", call, tool, preview: `${tool} ${call}` });
  const seen = () => [...preview.markdown().matchAll(/`\w+ (\d)`/g)].map(([, call]) => call);
  assert.deepEqual(seen(), ["1", "2", "3", "4"]);
  preview.show("new");
  assert.deepEqual(seen(), ["1", "3", "4"]);
  assert.deepEqual(
    preview.progress().tools.map(({ call }) => call),
    ["1", "3", "4"],
  );
  preview.show("off");
  assert.equal(preview.markdown(), "");
  preview.take({ type: "text", delta: "an answer" });
  assert.equal(preview.markdown(), "an answer");
});

test("whatever a tool puts out, its preview is two short lines, each of them code", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string({ unit: "binary", maxLength: 3_000 }), fc.stringMatching(/^[`a ]{0,20}$/))),
      (chunks) => {
        const preview = createPreview();
        preview.take(started);
        for (const chunk of chunks) preview.take(output(chunk));
        const lines = preview.markdown().split("\n");
        assert.ok(lines.length <= 2);
        for (const line of lines) {
          const [paragraph] = parseMarkdown(line.trim());
          assert.ok(paragraph?.type === "paragraph");
          const [mark, code, ...more] = paragraph.children;
          assert.match(mark?.type === "text" ? mark.value : "", /^┊( 💻)? $/u);
          assert.ok(code?.type === "inlineCode" && code.value.length <= 120 && more.length === 0, line);
        }
      },
    ),
  );
});

test("each subagent has one line of its own, in the order they began, whatever they are about", () => {
  const preview = createPreview();
  preview.take({ type: "tool.started", call: "1", tool: "delegate_task", preview: "delegate 2 tasks" });
  const agent = { type: "agent", step: 0, doing: "" } as const;
  preview.take({ ...agent, agent: "a", name: "1 look at **logs**", state: "working" });
  preview.take({ ...agent, agent: "b", name: "2 read", state: "waiting" });
  preview.take({ ...agent, agent: "a", name: "1 look at **logs**", state: "working", step: 3, doing: "$ grep `x`" });
  const [, first, second] = preview.markdown().split("  \n");
  assert.equal(first, "┊ 🤖 1 look at \\*\\*logs\\*\\*, step 4 `` $ grep `x` ``");
  assert.equal(second, "┊ ⏳ 2 read");
  preview.take({ ...agent, agent: "a", name: "1 look", state: "answered" });
  preview.take({ ...agent, agent: "b", name: "2 read", state: "asking" });
  assert.match(preview.markdown(), /┊ ✓ 1 look {2}\n┊ ✋ 2 read, waits for an answer$/);
  assert.deepEqual(
    preview.progress().tools.map(({ call, state }) => [call, state]),
    [
      ["1", "running"],
      ["a", "done"],
      ["b", "running"],
    ],
  );
});

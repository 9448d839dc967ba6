import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { memoryChars } from "../../src/core/limits.ts";
import { applyChange, parseEntries, renderBlock } from "../../src/memory/index.ts";

const limit = memoryChars.memory;

test("entries are added, replaced and removed, a § on its own line between them", () => {
  const one = applyChange("", { action: "add", target: "memory", content: "  Uses pnpm.\r\n" }, limit);
  assert.equal(one.text, "Uses pnpm.");
  assert.match(one.reply, /^Added\. MEMORY\.md: 0% — 10\/2,200 chars\.$/);
  const two = applyChange(one.text, { action: "add", target: "memory", content: "Deploys on Friday § never." }, limit);
  assert.equal(two.text, "Uses pnpm.\n§\nDeploys on Friday § never.");
  const three = applyChange(two.text, { action: "replace", target: "memory", oldText: "pnpm", content: "Uses npm." }, limit);
  assert.equal(three.text, "Uses npm.\n§\nDeploys on Friday § never.");
  const four = applyChange(three.text, { action: "remove", target: "memory", oldText: "Friday" }, limit);
  assert.equal(four.text, "Uses npm.");
  assert.equal(applyChange(four.text, { action: "remove", target: "memory", oldText: "Uses npm." }, limit).text, "");
});

test("a duplicate changes nothing, and neither does a replacement by the same", () => {
  const text = "One.\n§\nTwo.";
  const again = applyChange(text, { action: "add", target: "user", content: "Two." }, memoryChars.user);
  assert.equal(again.text, text);
  assert.match(again.reply, /nothing changed\. USER\.md/);
  assert.equal(applyChange(text, { action: "replace", target: "user", oldText: "One", content: "One." }, 100).text, text);
  assert.equal(applyChange(text, { action: "replace", target: "user", oldText: "One", content: "Two." }, 100).text, "Two.");
});

test("an ambiguous, absent or empty old_text names the entries", () => {
  const text = "Likes tea.\n§\nLikes coffee.\n§\nLikes";
  assert.throws(
    () => applyChange(text, { action: "remove", target: "user", oldText: "Likes tx" }, 100),
    /No entry of USER\.md contains "Likes tx"\. Entries:\n- Likes tea\./,
  );
  assert.equal(
    applyChange(text, { action: "remove", target: "user", oldText: "Likes" }, 100).text,
    "Likes tea.\n§\nLikes coffee.",
    "the whole entry wins",
  );
  assert.throws(
    () => applyChange(text, { action: "remove", target: "user", oldText: "ikes" }, 100),
    /is in 3 entries[^]*- Likes tea\.\n- Likes coffee\.\n- Likes$/,
  );
  assert.throws(() => applyChange("", { action: "remove", target: "user", oldText: "x" }, 100), /It has no entries/);
  assert.throws(() => applyChange(text, { action: "remove", target: "user", oldText: " " }, 100), /old_text is empty/);
});

test("content must be an entry: not empty, no separator line, nothing invisible", () => {
  for (const content of ["", " \n ", "a\n§\nb", "§", "a\u202eb", "a\u0000b", "tag\u{e0041}"]) {
    assert.throws(() => applyChange("", { action: "add", target: "memory", content }, limit), Error, JSON.stringify(content));
  }
});

test("over the limit: refused with the excess and all entries; a file that is too long already can only shrink", () => {
  const text = ["a".repeat(50), "b".repeat(40)].join("\n§\n");
  assert.throws(
    () => applyChange(text, { action: "add", target: "memory", content: "cccccc" }, 95),
    /at most 95 characters, and this is 7 too many[^]*- aaa[^]*- bbb/,
  );
  assert.equal(applyChange(text, { action: "replace", target: "memory", oldText: "aaa", content: "a" }, 20).text.length, 44);
  const bears = "🐻".repeat(limit);
  assert.equal(
    applyChange("", { action: "add", target: "memory", content: bears }, limit).text,
    bears,
    "characters count, not UTF-16 units",
  );
});

test("the block is a header with the usage and the entries, the same bytes each time, and nothing for nothing", () => {
  const text = `${"x".repeat(545)}\n§\n${"y".repeat(442)}`;
  const block = renderBlock("memory", text, limit);
  assert.match(block, /^═+\nMEMORY \(your own notes\) \[45% — 990\/2,200 chars\]\n═+\nx+\n§\ny+$/);
  assert.equal(renderBlock("memory", ` ${text.replace("§", " § ")}\r\n`, limit), block);
  assert.match(renderBlock("user", "a", 1_375), /USER PROFILE[^]*0% — 1\/1,375/);
  assert.equal(renderBlock("user", " \n§\n ", limit), "");
});

test("whatever is done, the text stays within the limit and parses to what it was made of", () => {
  const content = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 });
  const change = fc.oneof(
    fc.record({ action: fc.constant("add" as const), target: fc.constant("memory" as const), content }),
    fc.record({ action: fc.constant("remove" as const), target: fc.constant("memory" as const), oldText: content }),
    fc.record({ action: fc.constant("replace" as const), target: fc.constant("memory" as const), oldText: content, content }),
  );
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      let text = "";
      for (const each of changes) {
        try {
          text = applyChange(text, each, 200).text;
        } catch (thrown) {
          assert.ok(thrown instanceof Error && thrown.message.length > 10);
        }
        assert.ok([...text].length <= 200);
        assert.equal(parseEntries(text).join("\n§\n"), text);
        assert.equal(new Set(parseEntries(text)).size, parseEntries(text).length);
      }
    }),
  );
});

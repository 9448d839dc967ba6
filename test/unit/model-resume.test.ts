import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { continuationFields, continuationOf, continued, newJoint, type Resumption } from "../../src/model/resume.ts";

/** What is shown in all when the rest comes in these pieces. */
function join(resumption: Resumption, pieces: readonly string[]): string {
  const joint = newJoint(resumption);
  let shown = resumption.text;
  for (const piece of pieces) shown += joint.push(piece);
  shown += joint.end();
  assert.equal(shown, joint.joined);
  return shown;
}

/** The text in pieces of this many characters. */
function cut(text: string, size: number): readonly string[] {
  return text.match(new RegExp(`[\\s\\S]{1,${size}}`, "gu")) ?? [];
}

const told = (text: string): Resumption => ({ text, way: "told" });
const native = (text: string): Resumption => ({ text, way: "native" });

test("a rest that goes on is appended, and one that repeats is fitted, in pieces of any size", () => {
  const cases: readonly (readonly [Resumption, string, string])[] = [
    [native("The quick bro"), "wn fox", "The quick brown fox"],
    [native("The quick"), " brown fox", "The quick brown fox"],
    [native("The quick bro"), "The quick brown fox", "The quick brown fox"],
    [told("The quick bro"), "brown fox", "The quick brown fox"],
    [told("The quick bro"), " brown fox", "The quick brown fox"],
    [told("The quick bro"), "The quick brown fox", "The quick brown fox"],
    [told("The quick bro"), "red fox", "The quick bro red fox"],
    [told("One, two, three, four"), "three, four, five", "One, two, three, four, five"],
    [told("今天天气"), "很好。", "今天天气很好。"],
    [told("A list:\n- one\n"), "- two\n", "A list:\n- one\n- two\n"],
    [native(""), "from the start", "from the start"],
    [native("ends the same"), "", "ends the same"],
  ];
  for (const [resumption, rest, whole] of cases) {
    for (const size of [1, 2, 5, 100]) assert.equal(join(resumption, cut(rest, size)), whole, `${resumption.text} + ${rest}`);
  }
});

test("a server that goes on by itself loses nothing, however alike the rest is to the beginning", () => {
  const words = fc.array(fc.constantFrom("la ", "li ", "lo", "\n", "語"), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(words, words, fc.integer({ min: 1, max: 9 }), (before, after, size) => {
      const [text, rest] = [before.join("").trim(), after.join("")];
      const whole = join(native(text), cut(rest, size));
      assert.ok(whole.startsWith(text));
      // Only long repetitions are taken for such; shorter ones may be meant.
      const lost = text.length + rest.length - whole.length;
      assert.ok(lost === 0 || lost >= Math.min(16, text.length), `lost ${lost}`);
      assert.ok(rest.trimStart().endsWith(whole.slice(text.length)) || whole.endsWith(rest));
    }),
  );
});

test("the model is shown what it wrote: all of it, or up to the last whole word when it must be told", () => {
  const request = { messages: [{ role: "user", content: "hi" }], tools: [], toolChoice: "auto" } as const;
  const bodies = (resumption: Resumption) => continued(request, resumption).messages.slice(1);
  assert.deepEqual(bodies(native("The quick bro")), [{ role: "assistant", content: "The quick bro", reasoning: "", calls: [] }]);
  const [said, asked] = bodies(told("The quick bro"));
  assert.equal(said?.content, "The quick");
  assert.equal(asked?.role, "user");
  assert.deepEqual(bodies(native("")), []);
  assert.deepEqual(bodies(told("Hel")), []);
});

test("only servers that are known to go on by themselves are asked to", () => {
  assert.equal(continuationOf("llama-server", "auto"), "native");
  assert.equal(continuationOf("vllm", "chat_completions"), "native");
  assert.equal(continuationOf("vllm", "responses"), "told");
  assert.equal(continuationOf("ollama", "auto"), "told");
  assert.deepEqual(continuationFields(native("x")), { continue_final_message: true, add_generation_prompt: false });
  assert.deepEqual(continuationFields(told("x")), {});
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { shownAddress, tidyAddress, versioned } from "../../src/model/address.ts";
import { isObjectText, settleArguments } from "../../src/model/arguments.ts";
import { collectCalls, type WireCallDelta } from "../../src/model/calls.ts";
import { overlong } from "../../src/model/overlong.ts";

function collected(deltas: readonly WireCallDelta[]): { id: string; name: string; arguments: string }[] {
  const calls = collectCalls();
  for (const delta of deltas) calls.add(delta);
  return calls.finish().map((call) => ({ ...call }));
}

test("arguments are joined as they came, over any split", () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (pieces) => {
      const text = JSON.stringify({ command: pieces.join("") });
      const cut = Math.floor(text.length / 2);
      const [call] = collected([
        { index: 0, id: "x", function: { name: "terminal", arguments: text.slice(0, cut) } },
        { index: 0, function: { arguments: text.slice(cut) } },
      ]);
      assert.equal(call?.arguments, text);
    }),
  );
});

test("a name that grows replaces itself; a nameless call is none", () => {
  assert.equal(
    collected([
      { index: 0, id: "a", function: { name: "term" } },
      { index: 0, id: "a", function: { name: "terminal" } },
    ])[0]?.name,
    "terminal",
  );
  assert.deepEqual(collected([{ index: 0, id: "a", function: { arguments: "{}" } }]), []);
});

test("another id on a known index is another call, as old Ollama sends it", () => {
  const both = collected([
    { index: 0, id: "a", function: { name: "one", arguments: "{}" } },
    { index: 0, id: "b", function: { name: "two", arguments: "{}" } },
  ]);
  assert.deepEqual(
    both.map((call) => [call.id, call.name]),
    [
      ["a", "one"],
      ["b", "two"],
    ],
  );
});

test("calls without index, without id, with one id twice, with objects or null for arguments", () => {
  const one = collected([{ function: { name: "one", arguments: '{"a"' } }, { function: { arguments: ":1}" } }]);
  assert.equal(one[0]?.arguments, '{"a":1}');
  assert.match(one[0]?.id ?? "", /^[A-Za-z0-9]{9}$/);
  const twice = collected([
    { index: 0, id: "x", function: { name: "one" } },
    { index: 1, id: "x", function: { name: "two" } },
  ]);
  assert.equal(new Set(twice.map((call) => call.id)).size, 2);
  assert.equal(collected([{ index: 0, id: "x", function: { name: "one", arguments: { a: 1 } } }])[0]?.arguments, '{"a":1}');
  assert.equal(collected([{ index: 0, id: "x", function: { name: "one", arguments: null } }])[0]?.arguments, "{}");
});

test("only slips that need no guessing are mended", () => {
  assert.equal(settleArguments(" "), "{}");
  assert.equal(settleArguments('"{\\"a\\":1}"'), '{"a":1}');
  assert.equal(settleArguments('{"a":"}"}</tool_call>'), '{"a":"}"}');
  for (const kept of ['{"command": "rm -rf /home/u', "ls -la", "[1]", "{ \n}"]) assert.equal(settleArguments(kept), kept);
  assert.deepEqual(['{"a":1}', "[]", "null", '"x"', "", "{"].map(isObjectText), [true, false, false, false, false, false]);
});

test("addresses are tidied, and people see no credentials", () => {
  assert.equal(tidyAddress(" 127.0.0.1:8080/v1/ "), "http://127.0.0.1:8080/v1");
  assert.equal(tidyAddress("http://x/v1/chat/completions"), "http://x/v1");
  assert.equal(tidyAddress("https://x"), "https://x");
  assert.equal(versioned("http://x:1"), "http://x:1/v1");
  assert.equal(versioned("http://x/api"), "http://x/api/v1");
  assert.equal(versioned("http://x/v1"), null);
  assert.equal(shownAddress("http://me:secret@x/v1"), "http://x/v1");
});

test("other refusals are not taken for an overlong prompt", () => {
  assert.equal(overlong("Field 'temperature': must be a number"), null);
  assert.equal(overlong("max_tokens must be at least 1"), null);
  assert.match(
    overlong("The input (9,009 tokens) is longer than the model's context length (8192 tokens).")?.message ?? "",
    /9009.*8192/,
  );
});

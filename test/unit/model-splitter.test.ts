import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { splitText, type Piece } from "../../src/model/splitter.ts";

const offered = ["terminal", "memory"].map((name) => ({ name, description: "", parameters: {} }));

/** Sorted text, with neighbours of one kind joined. */
function sorted(
  deltas: readonly string[],
  complete = true,
): { shown: string; thought: string; calls: string[]; rethinks: number } {
  const splitter = splitText(offered);
  const pieces: Piece[] = [...deltas.flatMap((delta) => splitter.push(delta)), ...splitter.finish(complete)];
  const joined = (type: "text" | "reasoning") => pieces.map((piece) => (piece.type === type ? piece.text : "")).join("");
  const calls = pieces.flatMap((piece) => (piece.type === "call" ? [`${piece.call.name} ${piece.call.arguments}`] : []));
  return {
    shown: joined("text"),
    thought: joined("reasoning"),
    calls,
    rethinks: pieces.filter((piece) => piece.type === "rethink").length,
  };
}

const whole = (text: string, complete = true) => sorted([text], complete);

const fragments = [
  "<think>",
  "</think>",
  "<tool_call>",
  "</tool_call>",
  '{"name": "terminal", "arguments": {"command": "ls"}}',
  '{"name": "nope"}',
  "[TOOL_REQUEST]",
  "[END_TOOL_REQUEST]",
  "`",
  "``",
  "```",
  "\n",
  " ",
  "a < b",
  "x[0]",
  "<tool_",
  "◁think▷",
  "◁/think▷",
  "word",
  "世界",
  "👋",
  "<function=memory><parameter=content>\n5\n</parameter></function>",
  "<function=",
  "memory>",
  "analysis",
  "W",
  "assistantfinal",
  "functools",
  "call:terminal{",
  "}",
  "<tools>",
  "</tools>",
  "~~~",
  "~",
  ". ",
  ": ",
  " (",
  " the <tool_call> tag ",
  "<tool_response>",
  "<|im_start|>",
  "<|im_start|>assistant\n",
  "<|im_start|>user",
  "user",
  "assistant",
];

test("any split of a text gives the same", () => {
  const text = fc.array(fc.constantFrom(...fragments), { maxLength: 14 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, fc.array(fc.nat(), { maxLength: 30 }), fc.boolean(), (input, cuts, complete) => {
      const at = [...new Set(cuts.map((cut) => cut % (input.length + 1)))].sort((a, b) => a - b);
      const pieces = [0, ...at].map((from, index) => input.slice(from, at[index] ?? input.length));
      assert.deepEqual(sorted(pieces, complete), whole(input, complete));
    }),
    { numRuns: 3_000 },
  );
});

test("text without marks passes through untouched", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme" })), (deltas) => {
      const text = deltas.join("");
      fc.pre(!/<think>|<\/think>|<tool_call>|\[TOOL_REQUEST\]|◁/.test(text));
      assert.equal(sorted(deltas).shown, text);
    }),
  );
});

test("calls of offered tools are read, in each family's form", () => {
  const hermes = '<tool_call>\n{"name": "terminal", "arguments": {"command": "ls"}}\n</tool_call>';
  assert.deepEqual(whole(`a${hermes}b${hermes}`), {
    shown: "ab",
    thought: "",
    calls: Array(2).fill('terminal {"command":"ls"}'),
    rethinks: 0,
  });
  const coder =
    "<tool_call>\n<function=terminal>\n<parameter=command>\nls -la\n</parameter>\n<parameter=timeout>\n30\n</parameter>\n</function>\n</tool_call>";
  assert.deepEqual(whole(coder).calls, ['terminal {"command":"ls -la","timeout":30}']);
  assert.deepEqual(whole('[TOOL_REQUEST]{"name":"memory","arguments":{}}[END_TOOL_REQUEST]').calls, ["memory {}"]);
});

test("a missing last close is forgiven, unless the answer was cut off", () => {
  const open = '<tool_call>{"name": "terminal", "arguments": {"command": "rm -rf /tmp/x"}}';
  assert.deepEqual(whole(open).calls, ['terminal {"command":"rm -rf /tmp/x"}']);
  assert.deepEqual(whole(open, false), { shown: "", thought: "", calls: [], rethinks: 0 });
});

test("a call of a tool that was not offered is dropped, not shown and not run", () => {
  assert.deepEqual(whole('hm <tool_call>{"name": "reboot", "arguments": {}}</tool_call>'), {
    shown: "hm ",
    thought: "",
    calls: [],
    rethinks: 0,
  });
});

test("marks in code are text", () => {
  const fence = '```xml\n<tool_call>{"name": "terminal", "arguments": {}}</tool_call>\n<think>\n```\nafter';
  assert.deepEqual(whole(fence), { shown: fence, thought: "", calls: [], rethinks: 0 });
  assert.equal(whole("the `<think>` tag").shown, "the `<think>` tag");
});

test("a stray backtick hides no more than its line", () => {
  assert.deepEqual(whole("it`s\n<think>x</think>y"), { shown: "it`s\ny", thought: "x", calls: [], rethinks: 0 });
});

test("markup is never shown on the way, at any time", () => {
  const splitter = splitText(offered);
  for (const character of 'Look: <tool_call>{"name": "terminal", "arguments": {"command": "<b>"}}</tool_call> done <think>hm</think>.') {
    for (const piece of splitter.push(character)) if (piece.type === "text") assert.doesNotMatch(piece.text, /[<{]/);
  }
});

/** Each is written again and again behind what it begins with. */
const hostile: readonly (readonly [begin: string, again: string])[] = [
  ["", "The quick brown fox jumps over the lazy dog. "],
  ["", "< "],
  ["", "<"],
  ["", "`"],
  ["", "~"],
  ["", "["],
  ["", "{"],
  ["", " "],
  ["", "<tool_call>"],
  ["", "<tool_call> "],
  ["", "the <tool_call> tag, "],
  ["", '<tool_call>{"'],
  ["", "<function="],
  ["", "<function=a>"],
  ["", "</tool_call>"],
  ["", "<tools>"],
  ["", "<|channel|>"],
  ["", "<|tool_call_begin|>"],
  ["", '<invoke name="x">'],
  ["<tool_call>", "word and more "],
  ["<tool_call>", "["],
  ["<tool_call>", "{"],
  ["<tool_call>", "<a>"],
  ["<tool_call>{", " "],
  ['<tool_call>{"name":"terminal","arguments":{"command":"', "</tool_call>"],
  ['<tool_call>{"name":"terminal","arguments":{"command":"', "line\n"],
  ["<function=terminal>", "<parameter=a>"],
  ["<function=terminal><parameter=command>", "</parameter>"],
  ["[TOOL_CALLS]", " "],
  ["[TOOL_CALLS]", "terminal{}"],
  ["[Calling tool: ", " "],
  ["<|tool_calls|>", "<|tool_call:name|>"],
  ["<|open|>tools", '<|open|>call tool="x"<|sep|><|open|>argument key="a"<|sep|>'],
  ["<|tool_call>", 'call:a{x:"'],
  ["[TOOL_CALL]args => {", "} "],
  ['{"name": "terminal", "arguments": {"command": "', "word "],
  ['{"id": "', "a"],
  ["functools[", "{}"],
  ["to=functions.terminal", " "],
];

test("no text takes more than its length: under 30 µs a token, whatever it holds", () => {
  const size = 100_000;
  for (const [begin, again] of hostile) {
    const text = begin + again.repeat(size / again.length);
    const splitter = splitText(offered);
    const began = process.cpuUsage(); // not the clock: others may use the machine
    for (let at = 0; at < text.length; at += 4) splitter.push(text.slice(at, at + 4));
    splitter.finish(true);
    const micros = process.cpuUsage(began).user / (text.length / 4);
    assert.ok(micros < 30, `${begin}${again}: ${micros.toFixed(1)} µs a token`);
  }
});

test("a whole answer of a million characters in one piece is read as the same in many", () => {
  const text = "a < b, `c`\n".repeat(90_000);
  assert.equal(whole(text).shown, text);
});

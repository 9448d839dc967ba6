import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { constrainedSchema, readConstrained } from "../../src/agent/constrained.ts";
import { noteOf } from "../../src/agent/notes.ts";
import { modeAfter, strikesOf } from "../../src/agent/strikes.ts";
import { cleanTitle, firstWords } from "../../src/agent/titles.ts";
import type { ModelMessage } from "../../src/core/model.ts";
import { tool } from "../../src/core/tool.ts";
import { parseArguments, passesAsSent } from "../../src/tools/arguments.ts";

const look = tool({
  name: "look",
  description: "Looks.",
  kind: "read",
  toolset: "file",
  parameters: z.strictObject({
    file_path: z.string().min(1),
    count: z.int().min(1).default(1),
    deep: z.boolean().default(false),
    names: z.array(z.string()).default([]),
    mode: z.enum(["short", "long_form"]).default("short"),
    where: z.strictObject({ line: z.int(), tags: z.array(z.int()).default([]) }).optional(),
  }),
  preview: () => "look",
  run: async () => "",
});
const act = tool({ ...look, name: "act", kind: "effect" });
const tools = new Map([look, act].map((each) => [each.name, each]));

/** The arguments as the tool gets them, or the refusal. */
function given(args: unknown, of = look): unknown {
  const parsed = parseArguments(of, typeof args === "string" ? args : JSON.stringify(args));
  return parsed.ok ? parsed.args : parsed.error;
}

suite("arguments put right by their schema", () => {
  const cases: readonly (readonly [string, unknown, unknown])[] = [
    ["a number as text", { file_path: "a", count: " 30 " }, { file_path: "a", count: 30 }],
    ["a boolean as text", { file_path: "a", deep: "True" }, { file_path: "a", deep: true }],
    ["a list as text", { file_path: "a", names: '["x","y"]' }, { file_path: "a", names: ["x", "y"] }],
    ["one thing for a list", { file_path: "a", names: "x" }, { file_path: "a", names: ["x"] }],
    [
      "an object as text, and what is in it",
      { file_path: "a", where: '{"line":"3","tags":"7"}' },
      { file_path: "a", where: { line: 3, tags: [7] } },
    ],
    ["null for a default", { file_path: "a", count: null, where: null }, { file_path: "a" }],
    ["another spelling", { filePath: "a", COUNT: 2 }, { file_path: "a", count: 2 }],
    ["an option in another spelling", { file_path: "a", mode: "Long-Form" }, { file_path: "a", mode: "long_form" }],
    ["wrapped", { arguments: { file_path: "a" } }, { file_path: "a" }],
    ["wrapped as text", { parameters: '{"file_path":"a"}' }, { file_path: "a" }],
    ["the whole call", { name: "look", arguments: { file_path: "a" } }, { file_path: "a" }],
    ["encoded twice", JSON.stringify('{"file_path":"a"}'), { file_path: "a" }],
  ];
  for (const [what, args, wanted] of cases) {
    test(what, () => {
      assert.deepEqual(given(args), wanted);
      assert.deepEqual(given(args, act), wanted, "for a tool that acts too: nothing was guessed");
      assert.equal(passesAsSent(look, typeof args === "string" ? args : JSON.stringify(args)), false);
    });
  }

  test("what could mean two things is refused, not guessed", () => {
    assert.match(String(given({ filePath: "a", "file-path": "b" })), /file_path is missing/);
    assert.match(String(given({ file_path: 5 })), /file_path: .*string/);
    assert.match(String(given({ file_path: "a", count: "many" })), /count: .*number/);
    assert.match(String(given({ file_path: "a", count: "1.5" })), /count: .*int/);
    assert.match(String(given({ file_path: "a", deep: "perhaps" })), /deep: .*boolean/);
  });

  test("good arguments stay as they are, whatever they say, and pass as sent", () => {
    const good = fc.record(
      {
        file_path: fc.string({ minLength: 1 }),
        count: fc.integer({ min: 1 }),
        deep: fc.boolean(),
        names: fc.array(fc.string()),
        mode: fc.constantFrom("short", "long_form"),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(good, (args) => {
        assert.deepEqual(given(args), args);
        assert.ok(passesAsSent(look, JSON.stringify(args)));
      }),
    );
  });

  test("whatever a model sends, the tool gets what its schema allows or the model an error", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.jsonValue().map((value) => JSON.stringify({ file_path: value })),
        ),
        (text) => {
          for (const one of [look, act]) {
            const parsed = parseArguments(one, text);
            if (parsed.ok) assert.ok(one.parameters.safeParse(parsed.args).success);
            else assert.match(parsed.error, /was not run: .* Send for example: \{/s);
          }
        },
      ),
    );
  });

  test("broken JSON runs only where nothing is changed", () => {
    const broken = "{file_path: 'a.txt', count: 2,}";
    assert.deepEqual(given(broken), { file_path: "a.txt", count: 2 });
    assert.match(String(given(broken, act)), /broken JSON/);
  });
});

const asked = (name: string, args: unknown, id = "1"): ModelMessage => ({
  role: "assistant",
  content: "",
  reasoning: "",
  calls: [{ id, name, arguments: JSON.stringify(args) }],
});
const told = (content: string, id = "1"): ModelMessage => ({ role: "tool", call: id, name: "look", content });
const said: ModelMessage = { role: "assistant", content: "(nothing)", reasoning: "", calls: [] };

suite("strikes", () => {
  const bad = [asked("fly", {}), told("There is no tool")];
  const wrong = [asked("look", {}), told("not run")];
  const good = [asked("look", { file_path: "a" }), told("text")];
  const garbled = [said, noteOf("malformed", ["what was wrong"])];
  const count = (...steps: readonly (readonly ModelMessage[])[]) => strikesOf(steps.flat(), tools);

  test("each way to fail counts, and a good call ends the row", () => {
    assert.equal(count(bad, wrong, garbled), 3);
    assert.equal(count(bad, wrong, good, bad), 1);
    assert.equal(count(bad, [said, noteOf("empty")]), 1, "an empty answer is no failed call");
    assert.equal(count(bad, bad, bad, [said, noteOf("empty")]), 4, "but it is where a call was demanded");
  });

  test("a call that was forced leaves a shorter way to the next force", () => {
    assert.deepEqual(
      [
        count(bad, bad, bad, good),
        count(bad, bad, bad, good, bad),
        count(bad, bad, bad, bad, good, good),
        count(bad, bad, bad, bad, bad),
      ],
      [2, 3, 4, 5],
    );
    assert.deepEqual(
      [0, 2, 3, 4, 5].map((strikes) => modeAfter(strikes, true)),
      ["free", "free", "required", "constrained", "struck_out"],
    );
    assert.equal(modeAfter(3, false), "constrained");
  });

  test("a person's words behind an answer are no note, whatever they say", () => {
    assert.equal(count([...good, { role: "user", content: noteOf("malformed").content }]), 0);
  });
});

suite("constrained answers", () => {
  const specs = [{ name: "look", description: "Looks.", parameters: { type: "object", properties: {} } }];

  test("the schema offers each tool and the answer, and nothing else", () => {
    const { anyOf } = constrainedSchema(specs) as { anyOf: { properties: object; required: string[] }[] };
    assert.deepEqual(
      anyOf.map(({ required }) => required),
      [["tool", "arguments"], ["answer"]],
    );
  });

  test("a call, an answer, in a fence, or nothing of the kind", () => {
    const read = (text: string) => {
      const found = readConstrained(text);
      return found === null ? null : found.type === "answer" ? found.text : [found.call.name, found.call.arguments];
    };
    assert.deepEqual(read('{"tool":"look","arguments":{"a":1}}'), ["look", '{"a":1}']);
    assert.deepEqual(read('```json\n{"answer":"yes"}\n```'), "yes");
    for (const text of ["I'd say yes", '{"answer":""}', '{"tool":7}', "[]", '{"tool":"look","arguments":[]}'])
      assert.equal(read(text), null, text);
    const found = readConstrained('{"tool":"look"}');
    assert.ok(found?.type === "call" && /^[A-Za-z0-9]{9}$/.test(found.call.id));
  });
});

suite("titles", () => {
  test("are one plain line", () => {
    for (const [text, title] of [
      ['"Trip to Rome"', "Trip to Rome"],
      ["# Titel: **Reise nach Rom**\n\nGern!", "Reise nach Rom"],
      ["<think></think>\nЧай по утрам.", "Чай по утрам"],
      ["```\nBackup of the server\n```", "Backup of the server"],
      ["- It's Ada's plan", "It's Ada's plan"],
      ["...", ""],
    ] as const)
      assert.equal(cleanTitle(text), title);
  });

  test("are never long, never of two lines, never without a word to show", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary", maxLength: 400 }), fc.lorem({ maxCount: 60 })), (text) => {
        for (const title of [cleanTitle(text), firstWords(text)]) {
          assert.ok(title.length <= 82 && !/[\p{Cc}*`"<>]/u.test(title), title);
          assert.ok(title.isWellFormed() || !text.isWellFormed());
        }
        assert.notEqual(firstWords(text), "");
      }),
    );
    assert.equal(firstWords("Which of the many teas that we have here is best?"), "Which of the many teas that we have …");
  });
});

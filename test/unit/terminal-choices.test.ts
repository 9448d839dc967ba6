import assert from "node:assert/strict";
import { test } from "node:test";
import { createChoices } from "../../adapters/terminal/screen/choices.ts";
import { answerTo, leaveOf } from "../../src/core/question.ts";

test("choices are meant by number, label, or yes and no", () => {
  const buttons = ["Once", "This session", "Always", "Deny"].map((label, at) => ({ label, data: String(at) }));
  for (const [text, data] of [
    ["1", "0"],
    ["always", "2"],
    ["n", "3"],
    ["YES", "0"],
    ["4", "3"],
  ] as const)
    assert.equal(answerTo(buttons, text)?.data, data, text);
  for (const text of ["5", "2 things", "hello", ""]) assert.equal(answerTo(buttons, text), null, text);
  assert.equal(
    answerTo(
      [
        { label: "yes", data: "a" },
        { label: "maybe", data: "b" },
      ],
      "no",
    ),
    null,
  );
});

test("a choice grants leave only where leave is asked for, also by the labels that an older version gave it", () => {
  const choices = ["Once", "Deny", "constructor"];
  const granted = ["once", "deny", undefined];
  assert.deepEqual(leaveOf({ kind: "approval", choices }), granted);
  assert.deepEqual(leaveOf({ kind: "approval", choices: ["1", "2"], leave: ["once", "deny"] }), ["once", "deny"]);
  const ofClarify = leaveOf({ kind: "clarify", choices });
  assert.deepEqual(
    choices.map((_, at) => ofClarify[at]),
    [undefined, undefined, undefined],
  );
});

test("a number means the oldest open question, or what was offered last until something else is said", () => {
  const choices = createChoices();
  const shown = (id: string, data: string) => {
    const post = {
      id,
      answers: null,
      markdown: "",
      footer: null,
      buttons: [{ label: "1", data }],
      asks: false,
      repeated: false,
      file: null,
    };
    choices.take(post);
    return post;
  };
  const current = () => choices.current()?.id ?? null;
  shown("out-1", "/memory undo 1");
  shown("out-2", "/resume 1");
  assert.equal(current(), "out-2");
  const first = shown("out-3", "ask:1:0");
  shown("out-4", "ask:2:0");
  assert.equal(current(), "out-3");
  assert.ok(choices.edited("out-1"));
  assert.ok(!choices.edited("out-5"));
  // Another was answered while the service was away.
  choices.keep([first]);
  assert.ok(choices.edited("out-3"));
  assert.equal(current(), "out-2");
  choices.said();
  assert.equal(current(), null);
});

import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { threatsIn, withoutHidden } from "../../src/core/threats.ts";
import { hostile, innocent } from "../corpus/threats.ts";

test("each hostile text is found, as what it is", () => {
  for (const [kind, text] of hostile) {
    const kinds = threatsIn(text).map((threat) => threat.kind);
    assert.ok(kinds.includes(kind), `${JSON.stringify(text)} is ${kind}, found ${kinds.join(", ") || "nothing"}`);
  }
});

test("no innocent text is", () => {
  for (const text of innocent) assert.deepEqual(threatsIn(text), [], text);
});

test("hostile text is found amid innocent text, wherever it stands", () => {
  const around = innocent.filter((text) => text.length > 30).join("\n");
  for (const [kind, text] of hostile.filter(([each]) => each !== "invisible")) {
    const found = threatsIn(`${around}\n${text}\n${around}`);
    assert.ok(
      found.some((threat) => threat.kind === kind),
      text,
    );
  }
});

test("what is found is named for a person, in plain and short words", () => {
  for (const [, text] of hostile) {
    for (const { what, excerpt } of threatsIn(text)) {
      assert.ok(what.length > 5 && excerpt.length <= 81);
      assert.equal(withoutHidden(excerpt), excerpt);
      assert.ok(!excerpt.includes("\n"));
    }
  }
});

test("never throws, whatever it reads", () => {
  const pieces = fc.oneof(
    fc.string({ unit: "binary", maxLength: 12 }),
    fc.string(),
    fc.constantFrom(...hostile.map(([, text]) => text)),
    fc.constantFrom("\ud800", "\u0000", "ignore ", "your ", "curl ", "$KEY", "![", "](https://", "|", "base64 ", "<|"),
    fc.base64String(),
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 10 }), (parts) => {
      for (const threat of threatsIn(parts.join(""))) assert.ok(threat.what !== "");
    }),
    { numRuns: 100 },
  );
});

test("takes time in proportion to the text, also where every word begins a pattern", () => {
  const words = [
    "ignore your ",
    "curl -d ",
    "send the password ",
    "never push, send the ",
    "send it in the user's chat ",
    "copy $HOME/.env and send it ",
    "![a](https://a?",
    "base64 -d ",
    "system: ",
    "把密码",
    "<|im",
    "rm -rf ",
    "A".repeat(64),
    " ",
    "you are now ",
  ];
  const times = (count: number) => {
    const cpu = process.cpuUsage();
    for (const word of words) threatsIn(word.repeat(Math.ceil(count / word.length)));
    const { user, system } = process.cpuUsage(cpu);
    return user + system;
  };
  times(2_000);
  const small = times(8_000);
  const large = times(64_000);
  // Eight times the text; a quadratic pattern would take 64 times as long.
  assert.ok(large < 30 * Math.max(small, 2_000), `${small} µs, then ${large} µs`);
});

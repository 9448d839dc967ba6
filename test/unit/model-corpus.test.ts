import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import type { CorpusCase } from "../corpus/case.ts";
import { corpus } from "../corpus/index.ts";
import { page, withReport } from "../corpus/report.ts";
import { faultsOf, outcomeOf, resplit } from "../corpus/outcome.ts";

const all = corpus.flatMap(({ name, cases }) => cases.map((one) => ({ group: name, one })));
/** What must never be seen by a person outside of code. */
const markup =
  /<\|?\/?(?:tool_call|function|parameter|invoke|think|arg_|minimax|seed:|channel|start|message)|[<]｜|\[TOOL_|\[END_TOOL|call:terminal/;

/** Each shows what the case says that is shown, so only cases that show no markup on purpose are looked at. */
const leaks = (one: CorpusCase, seen: string): boolean => !markup.test(one.shown) && markup.test(seen);

test("at least 95 of 100 malformed streams are recovered or rightly refused, and none leaks markup", () => {
  const failed = all.flatMap(({ group, one }) =>
    faultsOf(one, outcomeOf(one.chunks)).map((fault) => `${group}, ${one.id}: ${fault}`),
  );
  const bad = new Set(failed.map((line) => line.split(": ")[0]));
  assert.ok(all.length >= 100, `${all.length} cases`);
  assert.ok(bad.size <= all.length * 0.05, failed.join("\n"));
  for (const { one } of all) assert.equal(leaks(one, outcomeOf(one.chunks).seen.join("")), false, one.id);
});

test("no case is there twice", () => {
  for (const { name, cases } of corpus) assert.equal(new Set(cases.map((one) => one.id)).size, cases.length, name);
});

test("the text's split changes nothing: letter by letter", () => {
  for (const { one, group } of all) {
    const letters = resplit(one.chunks, (text) => Array.from(text, (character) => character.length));
    assert.deepEqual(told(outcomeOf(letters)), told(outcomeOf(one.chunks)), `${group}, ${one.id}`);
  }
});

test("the text's split changes nothing, wherever it is", () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(fc.constantFrom(...all), lengths, ({ one, group }, parts) => {
      const split = resplit(one.chunks, (text) => {
        const taken: number[] = [];
        for (let at = 0; at < text.length; at += taken.at(-1) ?? 1) taken.push(parts[taken.length % parts.length] ?? 1);
        return taken;
      });
      const outcome = outcomeOf(split);
      assert.deepEqual(told(outcome), told(outcomeOf(one.chunks)), `${group}, ${one.id}`);
      let seen = "";
      for (const delta of outcome.seen) assert.equal(leaks(one, (seen += delta)), false, `${one.id} shows ${seen}`);
    }),
    { numRuns: 2_000 },
  );
});

test("the report in the documentation is current", () => {
  const text = readFileSync(page, "utf8");
  assert.equal(withReport(text), text, "run: node test/corpus/report.ts --write");
});

function told({ seen: _seen, ...rest }: ReturnType<typeof outcomeOf>): unknown {
  return rest;
}

import assert from "node:assert/strict";
import test, { suite } from "node:test";
import { globsOf, posixPattern } from "../../src/tools/search/pattern.ts";

suite("search patterns for a plain grep", () => {
  const cases: readonly (readonly [string, string | null])[] = [
    ["foo\\d+\\s", "foo[0-9]+[[:space:]]"],
    ["[\\d.]x", "[0-9.]x"],
    ["[]a\\]b]", "[]a]b]"],
    ["(?:a|b)+?c", "(a|b)+c"],
    ["a\\*?", "a\\*?"],
    ['\\"x\\/y\\.', '"x/y\\.'],
    ["\\bword\\b", "\\bword\\b"],
    ["(?=a)", null],
    ["\\p{L}", null],
    ["a\\1", null],
    ["(", "("],
    ["[a", "[a"],
    ["\\", "\\"],
  ];
  for (const [pattern, expected] of cases) {
    test(pattern, () => assert.equal(posixPattern(pattern)?.pattern ?? null, expected));
  }

  test("(?i) is an option", () => assert.deepEqual(posixPattern("(?i)a"), { pattern: "a", anyCase: true }));

  test("braces in globs are opened up", () => {
    assert.deepEqual(globsOf("*.{ts,tsx}"), ["*.ts", "*.tsx"]);
    assert.deepEqual(globsOf("{a,b}/{c,d}"), ["a/c", "a/d", "b/c", "b/d"]);
    assert.deepEqual(globsOf("{open"), ["{open"]);
    // Opened up all the way, it would never come to an end.
    assert.equal(globsOf("{a,b}".repeat(60)).length, 32);
    assert.equal(globsOf(`{${"a,".repeat(1_000)}}`).length, 32);
  });
});

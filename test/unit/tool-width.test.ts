import assert from "node:assert/strict";
import { test } from "node:test";
import { wrapped } from "../../src/cli/tool-width.ts";

test("at a terminal lines are broken between words, and addresses stay whole", () => {
  const line = "ok    tools     The model at http://a.very.long.example.org:8080/with/a/path/v1 answers what it is asked";
  const lines = wrapped(line, 60, 16);
  assert.ok(lines.length > 1 && lines.every((each) => each.length <= 60 || /^ *http\S+$/.test(each)), lines.join("\n"));
  assert.ok(lines.slice(1).every((each) => /^ {16}\S/.test(each)));
  assert.equal(lines.map((each) => each.trim()).join(" "), line);
  assert.deepEqual(wrapped("short", 80, 16), ["short"]);
});

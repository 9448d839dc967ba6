import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readEvents, type SentEvent } from "../../src/model/sse.ts";

function read(...pieces: readonly (string | Uint8Array)[]): SentEvent[] {
  const reader = readEvents();
  return [...pieces.flatMap((piece) => reader.push(Buffer.from(piece))), ...reader.end()];
}

const lineText = fc.string({ unit: "grapheme" }).map((text) => text.replaceAll(/[\r\n\u0000]/g, "") || "x");
const event = fc.record({
  name: fc.option(lineText.map((text) => text.trimStart())),
  data: fc.array(lineText, { minLength: 1, maxLength: 3 }),
  space: fc.boolean(),
  comment: fc.option(lineText),
});
const lineEnd = fc.constantFrom("\n", "\r\n", "\r");

test("events come out as they went in, over any split, any line end, comments, a byte-order mark and no last blank line", () => {
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 6 }),
      lineEnd,
      fc.array(fc.nat(), { maxLength: 20 }),
      fc.boolean(),
      fc.boolean(),
      (said, end, cuts, mark, unended) => {
        const lines = said.flatMap(({ name, data, space, comment }) => [
          ...(comment === null ? [] : [`:${comment}`, ""]),
          ...(name === null ? [] : [`event: ${name}`]),
          // Without the space, text that begins with one would lose it.
          ...data.map((text) => (space || text.startsWith(" ") ? `data: ${text}` : `data:${text}`)),
          "",
        ]);
        const text = `${mark ? "\ufeff" : ""}${(unended ? lines.slice(0, -1) : lines).join(end)}${unended ? "" : end}`;
        const bytes = Buffer.from(text);
        const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
        const pieces = [0, ...at].map((from, place) => bytes.subarray(from, at[place] ?? bytes.length));
        const wanted = said.map(({ name, data }) => ({ name: name ?? "", data: data.join("\n").toWellFormed() }));
        assert.deepEqual(read(...pieces), wanted);
      },
    ),
    { numRuns: 2_000 },
  );
});

test("an event is out with the byte that completes it", () => {
  const reader = readEvents();
  assert.deepEqual(reader.push(Buffer.from('data: {"a":1}\n')), []);
  assert.deepEqual(reader.push(Buffer.from("\n")), [{ name: "", data: '{"a":1}' }]);
  assert.deepEqual(reader.push(Buffer.from("data: x\r\n\r")), [{ name: "", data: "x" }]);
  assert.deepEqual(reader.push(Buffer.from("\ndata: y\r\n\r\n")), [{ name: "", data: "y" }]);
});

test("an `error:` line of older servers is an error event; unknown fields and fields without a value are none", () => {
  assert.deepEqual(read('error: {"message":"boom"}\n\n'), [{ name: "error", data: '{"message":"boom"}' }]);
  assert.deepEqual(read("id: 7\nretry: 10\nfrob\n\ndata\n\n"), [{ name: "", data: "" }]);
});

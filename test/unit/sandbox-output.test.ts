import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { frameReader } from "../../src/sandbox/docker-frames.ts";
import { markerScan } from "../../src/sandbox/marker-scan.ts";
import { outputCollector } from "../../src/sandbox/output.ts";
import { turnstile } from "../../src/sandbox/turnstile.ts";

/** Cuts bytes at arbitrary places, as a socket may. */
function chunked(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((one, other) => one - other), bytes.length];
  return places.slice(1).map((place, index) => bytes.subarray(places[index] ?? 0, place));
}

const cuts = fc.array(fc.nat(), { maxLength: 20 });

test("docker's frames come apart whatever way the bytes are cut", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), cuts, (parts, where) => {
      const frames = parts.map((part, index) => {
        const header = Buffer.from([1 + (index % 2), 0, 0, 0, 0, 0, 0, 0]);
        header.writeUInt32BE(part.length, 4);
        return Buffer.concat([header, part]);
      });
      const seen: Buffer[] = [];
      const read = frameReader((chunk) => seen.push(Buffer.from(chunk)));
      for (const chunk of chunked(Buffer.concat(frames), where)) read(chunk);
      assert.deepEqual(Buffer.concat(seen), Buffer.concat(parts));
    }),
  );
});

test("a marker is found across chunks, once, and nothing before it is lost or changed", () => {
  const marker = "\u001e0123456789abcdef";
  const noise = fc.array(fc.constantFrom("\u001e", "\u001e0", "\u001e01234567", "text", "\n", "é"), { maxLength: 12 });
  fc.assert(
    fc.property(noise, cuts, (parts, where) => {
      const before = Buffer.from(parts.join(""));
      const seen: Buffer[] = [];
      const ends: string[] = [];
      const scan = markerScan(
        marker,
        (chunk) => seen.push(Buffer.from(chunk)),
        (trailer) => ends.push(trailer),
      );
      for (const chunk of chunked(Buffer.concat([before, Buffer.from(`${marker} 3 12\nlate${marker} 0 0\n`)]), where))
        scan.push(chunk);
      assert.deepEqual(Buffer.concat(seen), before);
      assert.deepEqual(ends, ["3 12"]);
    }),
  );
});

test("output without a record separator is never held back", () => {
  const seen: string[] = [];
  const scan = markerScan(
    "\u001eabcdef",
    (chunk) => seen.push(chunk.toString()),
    () => undefined,
  );
  scan.push(Buffer.from("working... 50%"));
  assert.deepEqual(seen, ["working... 50%"]);
});

test("a collector keeps short output whole, and beginning and end of a long one", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 40_000 }), { maxLength: 12 }), (lengths) => {
      const collector = outputCollector();
      const whole = Buffer.alloc(
        lengths.reduce((sum, length) => sum + length, 0),
        0,
      );
      for (let at = 0; at < whole.length; at++) whole[at] = 97 + (at % 26);
      let at = 0;
      for (const length of lengths) collector.push(whole.subarray(at, (at += length)));
      assert.equal(collector.total, whole.length);
      const text = collector.text();
      if (whole.length <= 90_000) assert.equal(text, whole.toString());
      assert.ok(text.length < 100_000);
      assert.ok(text.startsWith(whole.subarray(0, 1_000).toString()) && text.endsWith(whole.subarray(-1_000).toString()));
    }),
  );
});

test("binary output becomes text that the record can hold", () => {
  const collector = outputCollector();
  collector.push(Buffer.from([0x61, 0x00, 0xff, 0x62]));
  assert.equal(collector.text(), "a\ufffd\ufffdb");
});

test("a turnstile lets one through at a time, in order, and a failure does not stop the next", async () => {
  const through = turnstile();
  const events: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = through(async () => {
    events.push("first in");
    await gate.promise;
    events.push("first out");
    throw new Error("first");
  });
  const second = through(async () => events.push("second"));
  gate.resolve();
  await assert.rejects(first, /first/);
  await second;
  assert.deepEqual(events, ["first in", "first out", "second"]);
});

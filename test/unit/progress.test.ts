import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { progressWithoutSecrets } from "../../src/agent/progress.ts";

const body = Array.from({ length: 12 }, (_, line) => `MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ${line}`).join("\n");
const secrets = [
  "sk-abcdefghijklmnopqrstuvwxyz123456",
  "DATABASE_PASSWORD=correct-horse-battery",
  "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
  `-----BEGIN RSA PRIVATE KEY-----\n${body}\n-----END RSA PRIVATE KEY-----`,
];

function shown(text: string, cuts: readonly number[]): string {
  let said = "";
  const progress = progressWithoutSecrets((piece) => (said += piece));
  const at = [0, ...cuts.map((cut) => cut % (text.length + 1)).toSorted((a, b) => a - b), text.length];
  for (const [index, from] of at.entries()) progress(text.slice(from, at[index + 1] ?? text.length));
  return said;
}

test("however output is cut into pieces, no secret in it is shown, and all else is", () => {
  fc.assert(
    fc.property(fc.constantFrom(...secrets), fc.array(fc.nat(), { maxLength: 40 }), (secret, cuts) => {
      const said = shown(`before\n${secret}\nafter\n`, cuts);
      assert.match(said, /^before\n[^]*hidden[^]*\nafter\n$/);
      for (const part of ["abcdefghijkl", "horse", "MIIEvQ"]) assert.ok(!said.includes(part), said);
    }),
  );
});

test("letter by letter too", () => {
  for (const secret of secrets) {
    const text = `a ${secret}\nz\n`;
    const said = shown(
      text,
      [...text].map((_, index) => index),
    );
    assert.match(said, /hidden[^]*\nz\n$/);
    assert.ok(!/abcdefghijkl|horse|MIIEvQ/.test(said), said);
  }
});

test("a key that never ends is not shown, and costs little", () => {
  let said = "";
  const progress = progressWithoutSecrets((piece) => (said += piece));
  progress("begin\n-----BEGIN PRIVATE KEY-----\n");
  for (let line = 0; line < 5_000; line += 1) progress(`MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKc${line}\n`);
  assert.equal(said, "begin\n");
});

test("lines are shown as they come; one that is very long before its end", () => {
  const said: string[] = [];
  const progress = progressWithoutSecrets((piece) => said.push(piece));
  for (const piece of ["10 %\r", "20", " %\r", "x".repeat(5_000)]) progress(piece);
  assert.deepEqual(said, ["10 %\r", "20 %\r", "x".repeat(5_000)]);
});

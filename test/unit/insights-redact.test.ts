import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isSecretName, redact } from "../../src/core/redact.ts";

/** Each text holds one secret, which contains this mark. */
const mark = "Zq7Zq7Zq7Zq7";
const secrets = [
  `123456789:AA${mark}_-abcdefghijklmnopqrstu`,
  `https://api.telegram.org/bot42:${mark}/getMe`,
  `file at https://api.telegram.org/file/bot42:${mark}/photos/1.jpg`,
  `key sk-proj-${mark}0123456789`,
  `sk-${mark}abcdef`,
  `xoxb-1234-5678-${mark}`,
  `xapp-1-A0-${mark}`,
  `ghp_${mark}0123456789abcdef`,
  `github_pat_${mark}_0123456789abcdef`,
  `glpat-${mark}_01234567`,
  `hf_${mark}abcdefgh`,
  `AKIA${mark.toUpperCase().slice(0, 12)}WXYZ aws_secret_access_key=${mark}/abc+def`,
  `aws_secret_access_key = ${mark}/abc+def`,
  `Authorization: Bearer ${mark}.abc-def_`,
  `authorization: basic ${mark}==`,
  `redis://:${mark}@127.0.0.1:6379/0`,
  `postgres://hermes:${mark}@db/hermes?sslmode=require`,
  `https://user:${mark}@example.com/x`,
  `-----BEGIN RSA PRIVATE KEY-----\n${mark}\n-----END RSA PRIVATE KEY-----`,
  `-----BEGIN OPENSSH PRIVATE KEY-----\n${mark}`,
  `OPENAI_API_KEY=${mark}`,
  `export DB_PASSWORD='${mark} with words'`,
  `{"api_key": "${mark}", "model": "x"}`,
  `api-key: ${mark}`,
  `X-Api-Key: ${mark}`,
  `password=${mark}&user=a`,
  `client_secret="${mark}"`,
  `TELEGRAM_BOT_TOKEN=${mark}`,
  `eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.${mark}`,
];

for (const text of secrets) {
  test(`hides the secret in: ${text.slice(0, 40).replaceAll("\n", " ")}`, () => {
    const safe = redact(text);
    assert.ok(!safe.includes(mark) && !safe.includes(mark.toUpperCase().slice(0, 12)), safe);
    assert.match(safe, /\[hidden/);
    assert.equal(redact(safe), safe, "what is redacted stays as it is");
  });
}

const harmless = [
  "The token limit is 8192 tokens; max_tokens: 4096, prompt_tokens=123456",
  "const token = getToken(request);",
  "password: string;",
  "api_key = os.environ['X']",
  "apiKey: process.env.OPENAI_API_KEY",
  "OPENAI_API_KEY=${OPENAI_API_KEY}",
  "TOKEN=<your-token-here>",
  "http://127.0.0.1:8000/v1 and redis://127.0.0.1:6379",
  "mail a.b@example.com at 12:30:45, ratio 16:9, 2026-11-21T04:36:06Z",
  "PWD=/workspace/project and commit 0123456789abcdef0123456789abcdef01234567",
  "a task-force of ski-jumpers in the risk-assessment-of-everything",
];

for (const text of harmless) test(`leaves alone: ${text.slice(0, 50)}`, () => assert.equal(redact(text), text));

test("a secret in any surroundings is hidden", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (before, after) => {
      const token = `123456789:AA${mark}_-abcdefghijklmnopqrstu`;
      assert.ok(!redact(`${before} ${token} ${after}`).includes(mark));
      assert.ok(!redact(`${before}\nOPENAI_API_KEY=${mark}\n${after}`).includes(mark));
    }),
  );
});

test("a hundred thousand characters of anything take well under a second", () => {
  for (const unit of ["a", "token", '="', "-----BEGIN PRIVATE KEY-----", "http://a:", "x_", "Bearer ", "1", "eyJabcdefgh."]) {
    const text = unit.repeat(Math.ceil(100_000 / unit.length));
    const began = performance.now();
    redact(text);
    assert.ok(performance.now() - began < 1_000, `${unit}: ${performance.now() - began} ms`);
  }
});

test("names of secrets are known", () => {
  for (const name of ["token", "apiKey", "api_key", "OPENAI_API_KEY", "botToken", "client_secret", "password"])
    assert.ok(isSecretName(name), name);
  for (const name of ["tokens", "promptTokens", "max_tokens", "key", "turn", "session", "platform"])
    assert.ok(!isSecretName(name), name);
});

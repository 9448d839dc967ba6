import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type TestContext, test } from "node:test";
import { hermes } from "../../src/cli/hermes.ts";
import { quickModels } from "../doubles/model-server-client.ts";
import { measureSpeed } from "../../src/model/measure/speed.ts";
import { speedMeaning, speedTable } from "../../src/model/measure/speed-words.ts";
import { data, frame, hang, modelServer, modelServerWith, raw, type Seen, status } from "../doubles/model-server.ts";
import { llamaServer } from "../doubles/server-kinds.ts";

async function run(t: TestContext, ...args: readonly string[]): Promise<{ status: number; out: string; remarks: string }> {
  const home = await mkdtemp(join(tmpdir(), "hermes-bench-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  const said = { out: "", remarks: "" };
  const code = await hermes(args, {
    env: { HERMES_HOME: home },
    stdin: Readable.from([]),
    stdout: { write: (text) => (said.out += text) },
    stderr: { write: (text) => (said.remarks += text) },
  });
  return { status: code, ...said };
}

/** An answer with llama-server's own counts; the figures are those of a 27B model on a 16 GB card. */
function counted(promptTokens: number, cached: number, read: number, write: number) {
  const usage = {
    prompt_tokens: promptTokens,
    completion_tokens: 200,
    total_tokens: promptTokens + 200,
    prompt_tokens_details: { cached_tokens: cached },
  };
  const timings = {
    cache_n: cached,
    prompt_n: promptTokens - cached,
    predicted_n: 200,
    prompt_per_second: read,
    predicted_per_second: write,
  };
  return raw(frame({ content: "words" }), frame({}, "stop"), data({ choices: [], usage, timings }), "data: [DONE]\n\n");
}

function slowCard(seen: Seen) {
  const large = seen.raw.length > 2_000;
  return large ? counted(2_209, 0, 381, 9.6) : counted(54, 0, 293, 19);
}

test("hermes bench model prints the table for a small and a large prompt, and what it means", async (t) => {
  await using server = await modelServerWith(llamaServer({ model: "models/qwen3.6-27b.gguf", window: 65_536 }), slowCard);
  const { status: code, out, remarks } = await run(t, "bench", "model", "--base-url", server.url);
  assert.equal(code, 0, remarks);
  const lines = out.split("\n");
  assert.match(lines[0] ?? "", /^qwen3\.6-27b at http.* \(llama-server .*, 65,536 tokens a request, \d+ slots?\)$/);
  assert.deepEqual(lines.slice(2, 7), [
    "| Metric                 | Small prompt (54 tok) | Large prompt (2,209 tok) |",
    "|------------------------|-----------------------|--------------------------|",
    "| PP (prompt processing) | 293 tok/s (184 ms)    | 381 tok/s (5.8 s)        |",
    "| TG (token generation)  | 19 tok/s (10.5 s)     | 9.6 tok/s (20.8 s)       |",
    lines[6],
  ]);
  assert.match(out, /100 tokens takes 5\.3 s after a small prompt, and 10\.4 s after a large one that takes 5\.8 s to read/);
  assert.match(out, /Under 20 tok\/s people wait for words/);
  assert.match(out, /20,000 tokens takes 52\.5 s to read/);
  assert.doesNotMatch(out, /cache;/);
  assert.match(remarks, /Small prompt[^]*Large prompt/);
});

test("prompts are unlike any before, at temperature 0, and of about 50 and 2,200 tokens", async (t) => {
  await using server = await modelServer(slowCard);
  await run(t, "bench", "model", "--base-url", server.url);
  await run(t, "bench", "model", "--base-url", server.url, "--model", "double");
  const heads = server.seen.map(({ body }) => String(body.messages[0]?.content).slice(0, 10));
  assert.equal(new Set(heads).size, 6);
  const [, small, large] = server.seen;
  assert.ok(small && large);
  assert.match(small.raw, /"temperature":0[,}]/);
  assert.equal(small.body.max_tokens, 200);
  assert.ok(small.raw.length < 500);
  // Four to five characters a token.
  const letters = String(large.body.messages[0]?.content).length;
  assert.ok(letters > 8_000 && letters < 13_000, `${letters} characters`);
});

test("without the server's own figures the times are taken here; what came from the cache is told", async () => {
  const bare = (seen: Seen) => {
    const large = seen.raw.length > 2_000;
    const usage = {
      prompt_tokens: large ? 2_000 : 50,
      completion_tokens: 60,
      prompt_tokens_details: { cached_tokens: large ? 1_500 : 0 },
    };
    const words = Array.from({ length: 5 }, () => frame({ content: "word " }));
    const step = raw(...words, frame({}, "stop"), data({ choices: [], usage }), "data: [DONE]\n\n");
    return { ...step, delayMs: 4 };
  };
  await using server = await modelServer(bare);
  await using models = closing(quickModels({ baseUrl: server.url }));
  const report = await measureSpeed(await models.current(), AbortSignal.timeout(10_000));
  assert.ok(report.small.writePerSecond !== null && report.small.writePerSecond > 100 && report.small.writePerSecond < 6_000);
  assert.ok(report.large !== null && report.large.readPerSecond !== null && report.large.readMs !== null);
  assert.match(speedMeaning(report).join("\n"), /1,500 of 2,000 tokens came from the server's cache/);
  assert.match(speedTable(report).join("\n"), /Large prompt \(2,000 tok\)/);
});

test("a server that counts nothing gets question marks, not invented figures", async () => {
  const silent = () => raw(frame({ content: "hi" }), frame({}, "stop"), "data: [DONE]\n\n");
  await using server = await modelServer(silent);
  await using models = closing(quickModels({ baseUrl: server.url }));
  const report = await measureSpeed(await models.current(), AbortSignal.timeout(10_000), { large: false });
  assert.match(speedTable(report).join("\n"), /\| PP \(prompt processing\) \| \? tok\/s \(\?\)/);
  assert.match(speedMeaning(report).join("\n"), /there is no speed to tell/);
});

test("a name that llama-server does not have is refused before anything is measured; a small window is told as the most", async (t) => {
  await using server = await modelServerWith(llamaServer({ model: "qwen.gguf", window: 8_192 }), slowCard);
  const wrong = await run(t, "bench", "model", "--base-url", server.url, "--model", "nosuch");
  assert.equal(wrong.status, 1);
  assert.match(wrong.remarks, /has no model nosuch; it lists qwen\.gguf\n +`hermes model` chooses one\./);
  assert.deepEqual([wrong.out, server.seen.length], ["", 0]);
  const right = await run(t, "bench", "model", "--base-url", server.url, "--model", "qwen.gguf");
  assert.match(right.out, /A conversation of 8,192 tokens, the most that it takes, takes 21\.5 s to read/);
});

test("a closed port and a wrong key are told at once, with the mend, and nothing is asked of the model", async (t) => {
  const gone = await modelServer(slowCard);
  await gone.close();
  const closed = await run(t, "bench", "model", "--base-url", gone.url);
  assert.equal(closed.status, 1);
  assert.match(closed.remarks, /^hermes: no model server answers at .*connection refused\)\n +Start the model server/);
  await using locked = await modelServerWith({ apiKey: "sesame", strict: false }, slowCard);
  const wrong = await run(t, "bench", "model", "--base-url", locked.url, "--api-key", "wrong");
  assert.equal(wrong.status, 1);
  assert.match(wrong.remarks, /^hermes: .*does not accept the key \(401\)\n +Set OPENAI_API_KEY \(model\.api_key\)/);
  assert.equal(locked.seen.length, 0);
  const right = await run(t, "bench", "model", "--base-url", locked.url, "--api-key", "sesame");
  assert.equal(right.status, 0, right.remarks);
});

test("no server, a refusal and a hang end in one line with the mend", async (t) => {
  await using refusing = await modelServer(() => status(400, { error: { message: "no such thing" } }));
  const refused = await run(t, "bench", "model", "--base-url", refusing.url);
  assert.equal(refused.status, 1);
  assert.match(refused.remarks, /hermes: .*refused the request: 400 no such thing/);
  assert.equal(refused.out, "");
  await using silent = await modelServer(() => hang());
  await using models = closing(quickModels({ baseUrl: silent.url }));
  await assert.rejects(measureSpeed(await models.current(), AbortSignal.timeout(100)), /no answer in the time given/);
});

function closing<Value extends { close(): Promise<void> }>(value: Value): Value & AsyncDisposable {
  return { ...value, [Symbol.asyncDispose]: () => value.close() };
}

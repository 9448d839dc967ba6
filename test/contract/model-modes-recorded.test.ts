import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { answerOf, asking, quickModels } from "../doubles/model-server-client.ts";
import * as double from "../doubles/model-server.ts";
import type { Routes } from "../doubles/model-server.ts";
import { ask, failureOf } from "./model-modes-asking.ts";

const recordings = new URL("../doubles/recorded/", import.meta.url);
/** What the recorder noted below a body: its status. */
const note = /\n\[\d{3}[^\]]*\]\s*$/;

function recorded(file: string): unknown {
  return JSON.parse(readFileSync(new URL(file, recordings), "utf8").replace(note, ""));
}

test("recorded answers that came whole are read like streamed ones", async () => {
  const answers = ["12-nonstream-tool.json", "14-named-tool-choice.json", "16-gen-hits-ctx.json", "40-json_schema.json"];
  const read = async (file: string) => answerOf((await ask("chat_completions", [double.status(200, recorded(file))])).events);
  const [calls, ignored, full, schema] = await Promise.all(answers.map(read));
  assert.deepEqual([calls?.finish, calls?.calls.length, calls?.reasoning], ["calls", 4, "Let me check"]);
  for (const { name, arguments: args } of calls?.calls ?? []) {
    assert.deepEqual([name, JSON.parse(args)], ["terminal", { command: "ls -la /tmp", timeout: 30 }]);
  }
  // A call that was asked for by name is no call: the server ignores the wish.
  assert.deepEqual([ignored?.finish, ignored?.calls, ignored?.usage.cachedTokens], ["length", [], 180]);
  assert.ok(ignored?.content.startsWith("strain"));
  // The window was full: prompt and answer together.
  assert.deepEqual([full?.finish, full?.usage.promptTokens, full?.usage.completionTokens], ["length", 8_159, 33]);
  assert.deepEqual(
    [JSON.parse(schema?.content ?? ""), schema?.reasoning, schema?.finish],
    [{ ok: true, n: 1 }, "Let me check", "stop"],
  );
});

test("recorded refusals are told in the server's words", async () => {
  const overlong = failureOf(await ask("chat_completions", [double.status(400, recorded("15-overlong-error.json"))]));
  assert.deepEqual(
    [overlong.code, overlong.sizes],
    ["model.overlong", { promptTokens: 9_009, window: 8_192, outputIsTheTrouble: false }],
  );
  const grammar = failureOf(await ask("chat_completions", [double.status(400, recorded("40-grammar+tools.json"))], asking()));
  assert.deepEqual([grammar.code, grammar.retryable], ["model.refused", false]);
  assert.match(grammar.message, /Cannot use custom grammar constraints with tools/);
});

test("a recorded list of models is read, and its owner known", async (t) => {
  const routes: Routes = ({ path }) => (path === "/v1/models" ? { status: 200, body: recorded("01-v1-models.json") } : null);
  const server = await double.modelServerWith({ routes });
  t.after(() => server.close());
  const models = quickModels({ baseUrl: server.url });
  t.after(() => models.close());
  const model = await models.current();
  const { kind, window } = await model.facts(new AbortController().signal);
  assert.deepEqual([model.name, kind, window], ["models/rand-qwen3-tiny.gguf", "llama-server", 8_192]);
});

test("every recording is read by a test", () => {
  const tests = new URL("../", import.meta.url);
  const sources = readdirSync(tests, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(new URL(name, tests), "utf8"))
    .join("\n");
  const files = readdirSync(recordings).filter((name) => name !== "README.md");
  assert.ok(files.length >= 12);
  assert.deepEqual(
    files.filter((name) => !sources.includes(`"${name}"`) && !sources.includes(`recorded/${name}"`)),
    [],
  );
});

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { openDatabase } from "../../src/store/database.ts";
import { data, frame, modelServerWith, raw, type Seen, type StreamStep } from "../doubles/model-server.ts";
import { lines } from "../doubles/model-server-client.ts";
import { llamaServer } from "../doubles/server-kinds.ts";
import { telegramServer } from "../doubles/telegram.ts";
import { hostHermes } from "./hosted.ts";
import { freshHome } from "./service.ts";

/** llama-server's figures behind an answer: of the prompt, what came from the cache, and two speeds. */
function counted(frames: readonly string[], finish: string, prompt: number, cached: number): StreamStep {
  const usage = { prompt_tokens: prompt, completion_tokens: 25, prompt_tokens_details: { cached_tokens: cached } };
  const speeds = { prompt_per_second: 381.5, predicted_per_second: 9.6 };
  const timings = { cache_n: cached, prompt_n: prompt - cached, predicted_n: 25, ...speeds };
  const end = [frame({}, finish), data({ choices: [], usage, timings }), "data: [DONE]\n\n"];
  return { ...raw(...frames, ...end), delayMs: 40 };
}

/** One call that passes its tool's schema, and one that does not. */
function twoCalls(): StreamStep {
  const call = (index: number, args: string) =>
    frame({ tool_calls: [{ index, id: `c${index}`, type: "function", function: { name: "read_file", arguments: args } }] });
  const words = Array.from({ length: 20 }, () => frame({ content: "Looking. " }));
  return counted([...words, call(0, '{"path":"a.txt"}'), call(1, '{"file":"b.txt"}')], "tool_calls", 1_000, 0);
}

function script({ body: { messages } }: Seen): StreamStep {
  if (messages.some(({ role }) => role === "tool"))
    return counted([frame({ content: "Neither is there." })], "stop", 1_100, 1_000);
  const asked = String(messages.findLast(({ role }) => role === "user")?.content);
  return asked.includes("look") ? twoCalls() : counted([frame({ content: "Hello." })], "stop", 900, 800);
}

test("the record has every call's speeds, first token, cached tokens, validity of tool calls, and wait for a place", async () => {
  await using model = await modelServerWith({ ...llamaServer(), strict: false }, script);
  await using telegram = await telegramServer();
  await using home = await freshHome();
  await writeFile(join(home.path, "config.yaml"), "model:\n  concurrency: 1\n");
  const access = { TELEGRAM_BOT_TOKEN: telegram.token, TELEGRAM_API_ROOT: telegram.url };
  await using hermes = await hostHermes({
    home: home.path,
    env: { OPENAI_BASE_URL: model.url, ...access },
  });
  await hermes.printed(/telegram is connected/);
  telegram.say(11, "look for a and b", { from: { id: 11, name: "Ann" } });
  await model.arrived(1);
  telegram.say(12, "hello", { from: { id: 12, name: "Bob" } });
  await telegram.waitFor(() => telegram.messages(12).some(({ text }) => /Hello/.test(text ?? "")), 20_000);
  await telegram.waitFor(() => telegram.messages(11).some(({ text }) => /Neither/.test(text ?? "")), 20_000);
  await hermes[Symbol.asyncDispose]();

  await using database = closing(await openDatabase({ url: null, directory: join(home.path, "data"), log: lines() }));
  const rows = await database.db.selectFrom("model_calls").selectAll().where("task", "=", "turn").execute();
  const byPrompt = (prompt: number) => rows.find(({ prompt_tokens }) => prompt_tokens === prompt);
  const [look, after, hello] = [byPrompt(1_000), byPrompt(1_100), byPrompt(900)];
  assert.ok(look && after && hello, JSON.stringify(rows));
  assert.equal(rows.length, 3);
  for (const row of rows) {
    assert.deepEqual([row.prompt_per_second, row.tokens_per_second, row.completion_tokens], [381.5, 9.6, 25]);
    assert.ok(row.first_token_ms !== null && row.first_token_ms >= 0 && row.first_token_ms <= row.total_ms, JSON.stringify(row));
    assert.equal(row.failure, null);
  }
  assert.deepEqual(
    [look, after, hello].map((row) => row.cached_tokens),
    [0, 1_000, 800],
  );
  assert.deepEqual([look.calls, look.valid_calls, look.text_calls], [2, 1, 0]);
  assert.deepEqual([after.calls, hello.calls], [0, 0]);
  // The first answer takes about a second, and there is one place.
  assert.ok(look.queued_ms < hello.queued_ms && hello.queued_ms > 200, `${look.queued_ms} ${hello.queued_ms}`);
});

function closing<Value extends { close(): Promise<void> }>(value: Value): Value & AsyncDisposable {
  return { ...value, [Symbol.asyncDispose]: () => value.close() };
}

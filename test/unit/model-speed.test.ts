import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { modelSpeed } from "../../src/agent/model-speed.ts";
import { openDatabase } from "../../src/store/database.ts";
import { recordModelCall } from "../../src/store/journal.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { data, frame, modelServer, raw } from "../doubles/model-server.ts";
import { lines, quickModels } from "../doubles/model-server-client.ts";

test("the agent tells what its last calls showed, or measures afresh; of a script it tells nothing", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "hermes-speed-"));
  const database = await openDatabase({ url: null, directory, log: lines() });
  await migrate(database.db, migrations);
  const timings = { cache_n: 0, prompt_n: 54, predicted_n: 200, prompt_per_second: 293, predicted_per_second: 19 };
  const usage = { prompt_tokens: 54, completion_tokens: 200, prompt_tokens_details: { cached_tokens: 0 } };
  const answer = raw(frame({ content: "words" }), frame({}, "stop"), data({ choices: [], usage, timings }), "data: [DONE]\n\n");
  const server = await modelServer(() => answer);
  const models = quickModels({ baseUrl: server.url });
  const model = await models.current();
  t.after(async () => {
    await Promise.all([models.close(), database.close(), server.close()]);
    await rm(directory, { recursive: true, force: true });
  });
  const said: string[] = [];
  const ask = (fresh: boolean, of = model): Promise<string> =>
    modelSpeed(database.db, of, "p", fresh, (line) => said.push(line), AbortSignal.timeout(10_000));

  assert.match(await ask(false), /No call to double .* has told its speed yet/);
  const call = { turn: null, session: null, task: "turn", step: 0, model: "double", server: model.server } as const;
  const times = { firstTokenMs: 500, totalMs: 5_000, queuedMs: 0, promptPerSecond: 381 };
  const counts = { promptTokens: 2_209, completionTokens: 50, cachedTokens: 0 };
  // The last is another server's, of a model by the same name.
  for (const tokensPerSecond of [9, 10, 11, 90]) {
    const row = {
      ...call,
      ...(tokensPerSecond === 90 ? { server: "http://elsewhere.example:8080/v1" } : {}),
      usage: { ...counts, ...times, tokensPerSecond },
      calls: 0,
      validCalls: 0,
      textCalls: 0,
      failure: null,
    };
    await recordModelCall(database.db, row);
  }
  assert.equal(
    await ask(false),
    `double at ${server.url}, the middle of its last 3 calls, with prompts of 2209 to 2209 tokens: reading (PP) 381 tok/s, writing (TG) 10 tok/s.`,
  );
  assert.equal(server.seen.length, 0, "nothing was asked of the server for that");
  assert.match(await ask(true), /\| TG \(token generation\)  \| 19 tok\/s \(10\.5 s\)/);
  assert.ok(said.some((line) => /Large prompt/.test(line)));
  assert.match(await ask(true, { ...model, demonstration: true }), /There is no model server/);
});

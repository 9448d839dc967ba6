import assert from "node:assert/strict";
import { test } from "node:test";
import { answerOf, drain, lines, provider, quickModels } from "../doubles/model-server-client.ts";
import * as double from "../doubles/model-server.ts";
import * as kinds from "../doubles/server-kinds.ts";

const notices = (events: Awaited<ReturnType<typeof drain>>) =>
  events.flatMap((event) => (event.type === "notice" ? [event.text] : []));

test("a llama-server answers under any name: another model than the configured one is told of once, and goes by its own name", async () => {
  await using server = await double.modelServerWith(kinds.llamaServer({ model: "models/qwen3-8b.gguf" }), () =>
    double.say("here"),
  );
  const log = lines();
  const models = quickModels({ baseUrl: server.url, model: "gpt-oss-20b", log });
  const model = await models.current();
  const first = await drain(model);
  assert.equal(answerOf(first).content, "here");
  const told = /has no model "gpt-oss-20b", so its only one answers: models\/qwen3-8b\.gguf\. Choose that one with \/model/;
  assert.match(notices(first).join(), told);
  assert.equal(model.name, "models/qwen3-8b.gguf");
  assert.deepEqual(notices(await drain(await models.current())), []);
  assert.equal(log.lines.filter((line) => told.test(line)).length, 1);
  await models.close();
});

test("the configured name is asked for again once the server has that model again", async () => {
  await using other = await double.modelServerWith(kinds.llamaServer({ model: "other" }), double.say("by the other"));
  const models = quickModels({ baseUrl: other.url, model: "wanted" });
  const model = await models.current();
  assert.equal(answerOf(await drain(model)).content, "by the other");
  await other.close();
  assert.equal((await drain(model)).at(-1)?.type, "failed");
  await using _again = await double.modelServerWith(
    { ...kinds.llamaServer({ model: "wanted" }), port: other.port },
    double.say("once more by the old name"),
    double.say("by the right one"),
  );
  answerOf(await drain(model));
  assert.equal(answerOf(await drain(model)).content, "by the right one");
  assert.equal(model.name, "wanted");
  await models.close();
});

test("a name of its only model is not kept where the server refuses it", async () => {
  const gone = { error: { message: "The model `other` does not exist." } };
  const kind = kinds.llamaServer({ model: "other" });
  const routes: double.Routes = (asked) => (asked.path.endsWith("/models") ? null : (kind.routes?.(asked) ?? null));
  await using server = await double.modelServerWith(
    { models: ["other"], ownedBy: "llamacpp", routes },
    double.say("1"),
    double.status(404, gone),
    double.say("2"),
  );
  const models = quickModels({ baseUrl: server.url, model: "wanted" });
  const model = await models.current();
  answerOf(await drain(model));
  server.models = ["wanted"];
  answerOf(await drain(model));
  assert.deepEqual(
    server.seen.map(({ body }) => body.model),
    ["other", "other", "wanted"],
  );
  await models.close();
});

test("its file's plain name is its name", async () => {
  await using server = await double.modelServerWith(kinds.llamaServer({ model: "models/qwen3-8b.gguf" }), () =>
    double.say("here"),
  );
  const models = quickModels({ baseUrl: server.url, model: "qwen3-8b" });
  assert.deepEqual(notices(await drain(await models.current())), []);
  await models.close();
});

test("a context length larger than the server's is told in the log, once, and the server's is used", async () => {
  await using server = await double.modelServerWith(kinds.llamaServer({ window: 16_384 }), () => double.say("here"));
  const log = lines();
  const main = provider("main", [server.url], { contextLength: 131_072 });
  const models = quickModels({ settings: { main }, log });
  const model = await models.current();
  await drain(model);
  await drain(model);
  assert.equal((await model.facts(AbortSignal.timeout(5_000))).window, 16_384);
  const told = log.lines.filter((line) => /context_length is 131,072, but the server takes 16,384 tokens/.test(line));
  assert.equal(told.length, 1);
  await models.close();
});

test("a key that is missing is told apart from a wrong one, in an answer and in the list of models", async () => {
  for (const [apiKey, words] of [
    [null, /at http:\S+ wants a key, and none is set\. Set OFFICE_KEY\.$/],
    ["sk-wrong", /at http:\S+ does not accept the key\. Set OFFICE_KEY to a key that this server accepts\.$/],
  ] as const) {
    const routes = () => ({ status: 401, body: { error: { message: "Invalid API Key", code: 401 } } });
    await using server = await double.modelServerWith({ routes });
    const main = provider("main", [server.url], { apiKey, keyPlace: "OFFICE_KEY", model: "m" });
    const models = quickModels({ settings: { main } });
    const last = (await drain(await models.current())).at(-1);
    assert.ok(last?.type === "failed");
    assert.match(`${last.failure.message}. ${last.failure.advice}`, words);
    const [listing] = await models.listings(AbortSignal.timeout(5_000));
    assert.match(listing?.failure ?? "", words);
    await models.close();
  }
});

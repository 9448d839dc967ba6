import assert from "node:assert/strict";
import { test } from "node:test";
import type { Failure } from "../../src/core/failures.ts";
import type { ModelEvent } from "../../src/core/model.ts";
import { openModels } from "../../src/model/models.ts";
import {
  answerOf,
  automatic,
  by,
  drain,
  lines,
  notices,
  provider,
  quickModels,
  quickSettings,
  withSpare,
} from "../doubles/model-server-client.ts";
import * as double from "../doubles/model-server.ts";
import { llamaServer } from "../doubles/server-kinds.ts";

const down = "http://127.0.0.1:9/v1";

function failureOf(events: readonly ModelEvent[]): Failure {
  const last = events.at(-1);
  assert.ok(last?.type === "failed", `ended with ${JSON.stringify(last)}`);
  return last.failure;
}

test("what is set takes effect at the next use", async () => {
  await using one = await double.modelServerWith({ models: ["one"] }, double.say("from one"));
  await using two = await double.modelServerWith({ models: ["two", "other"] }, double.say("from two"), double.say("from other"));
  let settings = quickSettings({ baseUrl: one.url });
  const models = openModels({ settings: async () => settings, demo: false, log: lines() });
  assert.equal(answerOf(await drain(await models.current())).content, "from one");
  settings = quickSettings({ baseUrl: two.url });
  assert.equal(answerOf(await drain(await models.current())).content, "from two");
  settings = quickSettings({ baseUrl: two.url, model: "other" });
  assert.equal(answerOf(await drain(await models.current())).content, "from other");
  assert.deepEqual(
    two.seen.map(({ body }) => body.model),
    ["two", "other"],
  );
  await models.close();
});

test("a person's choice names a provider and a model; when it is not there any more the configured one answers", async () => {
  await using main = await double.modelServerWith({ models: ["big", "small"] }, double.say("small here"));
  await using side = await double.modelServerWith({ models: ["side"] }, double.say("side here"));
  const log = lines();
  const models = quickModels({ baseUrl: main.url, log, settings: { providers: [provider("office", [side.url])] } });
  const chosen = async (choice: { provider: string | null; model: string | null }) =>
    answerOf(await drain(await models.current({ id: "s", choice }))).content;
  assert.equal(await chosen({ provider: null, model: "small" }), "small here");
  assert.equal(await chosen({ provider: "office", model: null }), "side here");
  assert.equal(main.seen[0]?.body.model, "small");
  main.add(double.say("big here"));
  assert.equal(await chosen({ provider: "nowhere", model: "x" }), "big here");
  assert.ok(log.lines.some((line) => /"nowhere".*main, office/.test(line)));
  await models.close();
});

test("side jobs go where they are set to, with a key and a model of their own", async () => {
  await using main = await double.modelServerWith({ models: ["big"] }, double.say("by the main model"));
  await using own = await double.modelServerWith({ models: ["tiny", "tinier"], apiKey: "secret" }, double.say("summary"));
  const compression = { ...automatic, baseUrl: own.url, apiKey: "secret", model: "tinier" };
  const approval = { ...automatic, provider: "nobody" };
  const auxiliary = { ...quickSettings().auxiliary, compression, approval };
  const models = quickModels({ baseUrl: main.url, settings: { auxiliary } });
  assert.equal(answerOf(await drain(await models.auxiliary("compression"))).content, "summary");
  assert.equal(own.seen[0]?.body.model, "tinier");
  assert.equal(answerOf(await drain(await models.auxiliary("title_generation"))).content, "by the main model");
  await assert.rejects(models.auxiliary("approval"), { message: /auxiliary\.approval\.provider.*"nobody".*main/ });
  await models.close();
});

test("a side job whose own server is down is done by the main model", async () => {
  await using main = await double.modelServerWith({ models: ["big"] }, double.say("by the main model"));
  const auxiliary = { ...quickSettings().auxiliary, compression: { ...automatic, baseUrl: down } };
  const models = quickModels({ baseUrl: main.url, settings: { auxiliary } });
  assert.equal(answerOf(await drain(await models.auxiliary("compression"))).content, "by the main model");
  await models.close();
});

test("every configured server is listed with its models, or with why not", async () => {
  await using main = await double.modelServerWith({ models: ["a", "b"] });
  const models = quickModels({ baseUrl: main.url, settings: { providers: [provider("away", [down])] } });
  const [here, away] = await models.listings(new AbortController().signal);
  assert.deepEqual(here, { provider: "main", server: main.url, models: ["a", "b"], failure: null });
  assert.deepEqual([away?.provider, away?.models], ["away", []]);
  assert.match(away?.failure ?? "", /no model server answers at http:\/\/127\.0\.0\.1:9\/v1/);
  await models.close();
});

const refusals: readonly (readonly [string, readonly double.Step[]])[] = [
  ["a refused key", [double.status(401, { error: { message: "bad key" } })]],
  ["an unknown model", [double.status(404, { error: { message: "The model `x` does not exist" } })]],
  ["a server error after all retries", Array.from({ length: 5 }, () => double.status(500, "oops"))],
];

for (const [name, steps] of refusals) {
  test(`after ${name} the fallback answers, says so once a turn, and the next turn tries the main model again`, async () => {
    await using main = await double.modelServerWith({ models: ["big"] }, ...steps);
    await using spare = await double.modelServerWith({ models: ["small"] }, double.say("one"), double.say("two"));
    const settings = withSpare(main.url, spare.url);
    const named = { ...settings, main: provider("main", [main.url], { model: "big", keyPlace: "OPENAI_API_KEY" }) };
    const models = quickModels({ settings: named });
    const turn = await models.current({ id: "s", choice: null });
    const first = await drain(turn);
    assert.equal(answerOf(first).content, "one");
    assert.equal(notices(first).length, 1);
    assert.match(notices(first)[0] ?? "", new RegExp(`small at ${spare.url} answers instead`));
    assert.equal(turn.name, "small");
    const second = await drain(turn);
    assert.equal(answerOf(second).content, "two");
    assert.deepEqual(notices(second), []);
    main.add(double.say("back"));
    assert.equal(answerOf(await drain(await models.current({ id: "s", choice: null }))).content, "back");
    await models.close();
  });
}

test("a request that is itself at fault goes to no fallback", async () => {
  await using main = await double.modelServer(double.status(400, { error: { message: "Field 'temperature': wrong" } }));
  await using spare = await double.modelServer();
  const models = quickModels({ settings: withSpare(main.url, spare.url) });
  assert.equal(failureOf(await drain(await models.current())).code, "model.refused");
  await models.close();
});

test("when the fallback fails too, the first trouble is told with its mend", async () => {
  await using main = await double.modelServer(double.status(401, { error: { message: "bad key" } }));
  const models = quickModels({ settings: withSpare(main.url, down) });
  const failure = failureOf(await drain(await models.current()));
  assert.match(failure.message, /wants a key, and none is set.*failed too.*127\.0\.0\.1:9/);
  assert.match(failure.advice ?? "", /OPENAI_API_KEY \(model\.api_key\)/);
  await models.close();
});

test("a fallback that finds the conversation too long says so, with its sizes: shortened, it can answer", async () => {
  const message = "request (9009 tokens) exceeds the available context size (8192 tokens), try increasing it";
  const overlong = double.status(400, { error: { code: 400, message, type: "exceed_context_size_error" } });
  await using spare = await double.modelServerWith({ models: ["small"] }, overlong, double.say("shorter"));
  const models = quickModels({ settings: withSpare(down, spare.url) });
  const turn = await models.current();
  const { code, sizes } = failureOf(await drain(turn));
  assert.equal(code, "model.overlong");
  assert.deepEqual([sizes?.promptTokens, sizes?.window], [9_009, 8_192]);
  assert.equal(answerOf(await drain(turn)).content, "shorter");
  await models.close();
});

test("a refused key of a named provider names the provider and the key's place", async () => {
  await using office = await double.modelServerWith({ apiKey: "right" });
  const models = quickModels({ baseUrl: down, settings: { providers: [provider("office", [office.url])] } });
  const failure = failureOf(await drain(await models.current({ id: "s", choice: { provider: "office", model: null } })));
  assert.match(`${failure.message} ${failure.advice}`, /of office .*the key of office/);
  await models.close();
});

test("a fallback that names nobody does no harm but is told in the log", async () => {
  await using main = await double.modelServer(double.say("fine"));
  const log = lines();
  const models = quickModels({ baseUrl: main.url, log, settings: { fallbacks: [{ provider: "ghost", model: null }] } });
  assert.equal(answerOf(await drain(await models.current())).content, "fine");
  assert.ok(log.lines.some((line) => line.includes('"ghost"')));
  await models.close();
});

test("a server that is gone is not asked again at once: the fallback answers without delay", async () => {
  await using spare = await double.modelServerWith({ models: ["small"] }, () => double.say("spare"));
  const models = quickModels({ settings: withSpare(down, spare.url), pace: { backoffMs: 3_000 } });
  await drain(await models.current());
  const began = performance.now();
  const events = await drain(await models.current());
  assert.ok(performance.now() - began < 2_500, "it was tried again");
  assert.equal(answerOf(events).content, "spare");
  assert.match(notices(events)[0] ?? "", /no model server answers at http:\/\/127\.0\.0\.1:9\/v1/);
  await models.close();
});

async function twins() {
  const answer = (name: string) => (): double.Step => double.say(name);
  const one = await double.modelServerWith({ models: ["m"] }, answer("one"));
  const two = await double.modelServerWith({ models: ["m"] }, answer("two"));
  return { one, two, both: [one.url, two.url] };
}

test("of several servers a session keeps its own, sessions spread over them, and move when theirs dies and stay there", async () => {
  const { one, two, both } = await twins();
  const models = quickModels({ settings: { main: provider("main", both) } });
  const ask = async (session: string): Promise<string> => {
    const model = await models.current({ id: session, choice: null });
    const events = await drain(model, by("p", session));
    assert.deepEqual(notices(events), []);
    return answerOf(events).content;
  };
  const sessions = Array.from({ length: 20 }, (_, index) => `session-${index}`);
  const homes = new Map<string, string>();
  for (const session of sessions) homes.set(session, await ask(session));
  assert.deepEqual(new Set(homes.values()), new Set(["one", "two"]));
  for (const session of sessions) assert.equal(await ask(session), homes.get(session));
  const { port } = one;
  await one.close();
  for (const session of sessions) assert.equal(await ask(session), "two");
  await using _revived = await double.modelServerWith({ models: ["m"], port }, () => double.say("one"));
  for (const session of sessions) assert.equal(await ask(session), "two", "its cache is there now");
  await models.close();
  await two.close();
});

test("each server has its own places, and who has no session goes where the fewest are", async () => {
  const slow = (): double.Step => ({ ...double.say("ok"), headersMs: 30 });
  await using a = await double.modelServerWith({ models: ["m"] }, slow);
  await using b = await double.modelServerWith({ models: ["m"] }, slow);
  const models = quickModels({ settings: { main: provider("main", [a.url, b.url], { concurrency: 1 }) } });
  const all = await Promise.all(
    Array.from({ length: 6 }, async (_, index) => answerOf(await drain(await models.current(), by(`p${index}`)))),
  );
  assert.ok(all.every(({ content }) => content === "ok"));
  assert.deepEqual([a.seen.length, b.seen.length], [3, 3]);
  await models.close();
});

test("only as many as the server has slots are sent at once; the others are told their place", async () => {
  let open = 0;
  let most = 0;
  await using server = await double.modelServerWith({ ...llamaServer({ slots: 2 }), strict: false }, () => {
    open += 1;
    most = Math.max(most, open);
    setTimeout(() => (open -= 1), 40);
    return { ...double.say("ok"), headersMs: 40 };
  });
  const models = quickModels({ baseUrl: server.url });
  const model = await models.current();
  const all = await Promise.all(Array.from({ length: 6 }, (_, index) => drain(model, by(`p${index}`))));
  assert.equal(most, 2);
  const waited = all.filter((events) => events.some((event) => event.type === "queued"));
  assert.ok(waited.length >= 2, "nobody was told");
  for (const events of waited) {
    assert.ok(answerOf(events).usage.queuedMs > 0);
    assert.deepEqual(
      events.findLast((event) => event.type === "queued"),
      { type: "queued", ahead: 0, waitMs: 0 },
    );
  }
  assert.ok(all.some((events) => answerOf(events).usage.queuedMs === 0));
  await models.close();
});

test("a configured number of places, shared by the workers, has the last word", async () => {
  let open = 0;
  let most = 0;
  await using server = await double.modelServer(() => {
    open += 1;
    most = Math.max(most, open);
    setTimeout(() => (open -= 1), 15);
    return { ...double.say("ok"), headersMs: 15 };
  });
  const models = quickModels({ settings: { main: provider("main", [server.url], { concurrency: 6 }) }, workers: () => 2 });
  const model = await models.current();
  await Promise.all(Array.from({ length: 12 }, (_, index) => drain(model, by(`p${index}`))));
  assert.equal(most, 3);
  await models.close();
});

test("who stops while waiting leaves the line without a request", async () => {
  await using server = await double.modelServer(double.hang());
  const models = quickModels({ settings: { main: provider("main", [server.url], { concurrency: 1 }) } });
  const model = await models.current();
  const stop = new AbortController();
  const first = drain(model, by("a"), stop.signal);
  await server.arrived(1);
  const leave = new AbortController();
  const second: ModelEvent[] = [];
  for await (const event of model.stream(by("b"), leave.signal)) {
    second.push(event);
    if (event.type === "queued") leave.abort();
  }
  assert.equal(second.at(-1)?.type, "aborted");
  stop.abort();
  assert.equal((await first).at(-1)?.type, "aborted");
  assert.equal(server.seen.length, 1);
  await models.close();
});

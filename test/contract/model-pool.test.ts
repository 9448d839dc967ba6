import assert from "node:assert/strict";
import { test } from "node:test";
import type { Failure } from "../../src/core/failures.ts";
import type { ModelAnswer, ModelEvent, ModelRequest, Urgency } from "../../src/core/model.ts";
import { openModels } from "../../src/model/models.ts";
import type { ModelSettings } from "../../src/model/settings.ts";
import {
  answerOf,
  asking,
  automatic,
  drain,
  lines,
  provider,
  quickModels,
  quickSettings,
  shown,
} from "../doubles/model-server-client.ts";
import * as double from "../doubles/model-server.ts";
import { llamaServer } from "../doubles/server-kinds.ts";

const down = "http://127.0.0.1:9/v1";

function failureOf(events: readonly ModelEvent[]): Failure {
  const last = events.at(-1);
  assert.ok(last?.type === "failed", `ended with ${JSON.stringify(last)}`);
  return last.failure;
}

function notices(events: readonly ModelEvent[]): readonly string[] {
  return events.flatMap((event) => (event.type === "notice" ? [event.text] : []));
}

function by(person: string, session: string | null = null, urgency: Urgency = "interactive"): ModelRequest {
  return { ...asking(), caller: { person, session, urgency } };
}

const fallbackSettings = (main: string, spare: string): Partial<ModelSettings> => ({
  main: provider("main", [main], { keyPlace: "OPENAI_API_KEY (model.api_key)" }),
  providers: [provider("spare", [spare])],
  fallbacks: [{ provider: "spare", model: null }],
});

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
  assert.ok(away?.failure);
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
    const settings = fallbackSettings(main.url, spare.url);
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
  const models = quickModels({ settings: fallbackSettings(main.url, spare.url) });
  assert.equal(failureOf(await drain(await models.current())).code, "model.refused");
  await models.close();
});

test("when the fallback fails too, the first trouble is told with its mend", async () => {
  await using main = await double.modelServer(double.status(401, { error: { message: "bad key" } }));
  const models = quickModels({ settings: fallbackSettings(main.url, down) });
  const failure = failureOf(await drain(await models.current()));
  assert.match(failure.message, /does not accept the key.*failed too.*127\.0\.0\.1:9/);
  assert.match(failure.advice ?? "", /OPENAI_API_KEY \(model\.api_key\)/);
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
  const models = quickModels({ settings: fallbackSettings(down, spare.url), pace: { backoffMs: 60 } });
  await drain(await models.current());
  const began = performance.now();
  const events = await drain(await models.current());
  assert.ok(performance.now() - began < 50, "it was tried again");
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

function pinned(server: double.ModelServer): readonly unknown[] {
  return server.seen.map(({ raw }) => (JSON.parse(raw) as { id_slot?: number }).id_slot);
}

/** A llama-server whose named slots keep their prompts, or lose them as soon as another is used. */
async function slotted(keeps: boolean, slots = 4) {
  const held = new Map<number, string>();
  return await double.modelServerWith({ ...llamaServer({ slots }), strict: false }, (seen) => {
    const { id_slot: id } = JSON.parse(seen.raw) as { id_slot?: number };
    const prompt = JSON.stringify(seen.body.messages);
    const cached = id !== undefined && held.get(id) === prompt;
    if (!keeps) held.clear();
    if (id !== undefined) held.set(id, prompt);
    const timings = { cache_n: cached ? 1_999 : 0, prompt_n: cached ? 1 : 2_000, predicted_n: 1 };
    const frames = double.say("ok").frames.filter((frame) => !String(frame).includes('"usage"'));
    return double.raw(...frames.slice(0, -1), double.data({ choices: [], timings }), "data: [DONE]\n\n");
  });
}

for (const [keeps, words] of [
  [true, "helps are named from then on, a session's its own"],
  [false, "lose their caches are never named"],
] as const) {
  test(`slots that by a probe on the idle server ${words}`, async () => {
    await using server = await slotted(keeps);
    const log = lines();
    const models = quickModels({ baseUrl: server.url, log, settings: { slotPinning: "auto" } });
    const model = await models.current();
    await drain(model, by("a", "s1"));
    await server.arrived(4);
    while (!log.lines.some((line) => line.includes("naming slots"))) await new Promise((resolve) => setTimeout(resolve, 5));
    for (const session of ["s1", "s2", "s1", "s2"]) await drain(model, by("a", session));
    await drain(model, by("a", "s1", "auxiliary"));
    await models.close();
    const [before, a0, b1, again, ...after] = pinned(server);
    assert.equal(before, undefined);
    assert.ok(a0 === again && a0 !== b1 && typeof a0 === "number");
    if (!keeps)
      return assert.deepEqual(
        after,
        Array.from({ length: 5 }, () => undefined),
      );
    const [one, two] = after;
    assert.ok(typeof one === "number" && typeof two === "number" && one !== two);
    assert.deepEqual(after.slice(2, 4), [one, two]);
    assert.ok(after[4] !== one && after[4] !== two, "a side job pushed a session out of its slot");
  });
}

test("the probe gives way to a person at once and is tried again later", async () => {
  await using server = await slotted(true);
  let probing = true;
  const slow = double.modelServerWith({ ...llamaServer({ slots: 2 }), strict: false }, (seen) =>
    pinnedIn(seen) !== undefined && probing ? double.hang() : double.say("answer"),
  );
  await using slowServer = await slow;
  const models = quickModels({ baseUrl: slowServer.url, settings: { slotPinning: "auto" } });
  const model = await models.current();
  await drain(model, by("a", "s1"));
  await slowServer.arrived(2);
  assert.equal(answerOf(await drain(model, by("a", "s1"))).content, "answer");
  await slowServer.aborted(1);
  probing = false;
  await slowServer.arrived(4);
  await models.close();
  await server.close();
});

function pinnedIn(seen: double.Seen): number | undefined {
  return (JSON.parse(seen.raw) as { id_slot?: number }).id_slot;
}

test("one slot is not named, nor any where it is switched off; switched on they are at once", async () => {
  for (const [slots, slotPinning, named] of [
    [1, "on", false],
    [4, "off", false],
    [4, "on", true],
  ] as const) {
    await using server = await slotted(true, slots);
    const models = quickModels({ baseUrl: server.url, settings: { slotPinning } });
    await drain(await models.current(), by("a", "s1"));
    await models.close();
    assert.equal(pinned(server)[0] !== undefined, named);
  }
});

const told = (events: readonly ModelEvent[]): ModelAnswer => answerOf(events);

test("a broken answer is gone on with once, by the server where it can, and nothing is said twice", async () => {
  const rest = double.say(" fox jumps over the dog.");
  await using server = await double.modelServerWith(
    llamaServer(),
    double.cutAfter(8, double.say("The quick brown fox jumps", { pieces: 10 })),
    { ...rest, frames: [double.frame({ content: "The quick brown" }), ...rest.frames.slice(1)] },
  );
  const models = quickModels({ baseUrl: server.url });
  const events = await drain(await models.current());
  await models.close();
  const partial = server.seen[1]?.body.messages.at(-1);
  assert.equal(partial?.role, "assistant");
  assert.ok("The quick brown fox jumps".startsWith(String(partial?.content)));
  assert.match(told(events).content, /^The quick brown? ?fox jumps over the dog\.$/);
  assert.equal(shown(events).trim(), told(events).content);
  assert.equal(notices(events).length, 1);
  assert.match(notices(events)[0] ?? "", /going on/);
});

test("a server that cannot go on with a text is told to, and its repetition is left out", async () => {
  await using server = await double.modelServer(
    double.stallAfter(6, double.say("One, two, three, four", { pieces: 7 })),
    double.say("three, four, five.", { pieces: 6 }),
  );
  const models = quickModels({ baseUrl: server.url, stallMs: 60 });
  const events = await drain(await models.current());
  await models.close();
  assert.deepEqual(
    server.seen[1]?.body.messages.slice(-2).map(({ role }) => role),
    ["assistant", "user"],
  );
  assert.equal(told(events).content, "One, two, three, four, five.");
  assert.equal(shown(events), told(events).content);
});

test("once a call has begun, a broken answer is not gone on with", async () => {
  await using server = await double.modelServer(
    double.cutAfter(8, double.call("terminal", { command: "rm x" }, { text: "I do it" })),
  );
  const models = quickModels({ baseUrl: server.url });
  const events = await drain(await models.current());
  await models.close();
  assert.equal(failureOf(events).code, "model.broken");
  const last = events.at(-1);
  assert.equal(last?.type === "failed" && last.partial, "I do it");
});

test("a server that dies in the middle leaves the rest of the answer to the fallback", async () => {
  const main = await double.modelServerWith(
    { models: ["big"] },
    double.stallAfter(6, double.say("It is ten o'clock and", { pieces: 6 })),
  );
  await using spare = await double.modelServerWith({ models: ["small"] }, double.say("and all is well."));
  const models = quickModels({ settings: fallbackSettings(main.url, spare.url), stallMs: 5_000 });
  const events: ModelEvent[] = [];
  for await (const event of (await models.current()).stream(asking(), new AbortController().signal)) {
    events.push(event);
    if (shown(events).includes("clock")) await main.close();
  }
  await models.close();
  assert.match(told(events).content, /^It is ten o'clock ?(and )?and all is well\.$/);
  assert.equal(notices(events).length, 2);
});

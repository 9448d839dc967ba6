import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModelEvent } from "../../src/core/model.ts";
import { answerOf, asking, drain, notices, quickModels, shown, withSpare } from "../doubles/model-server-client.ts";
import * as double from "../doubles/model-server.ts";
import { llamaServer } from "../doubles/server-kinds.ts";

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
  assert.match(answerOf(events).content, /^The quick brown? ?fox jumps over the dog\.$/);
  assert.equal(shown(events).trim(), answerOf(events).content);
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
  assert.equal(answerOf(events).content, "One, two, three, four, five.");
  assert.equal(shown(events), answerOf(events).content);
});

test("once a call has begun, a broken answer is not gone on with", async () => {
  await using server = await double.modelServer(
    double.cutAfter(8, double.call("terminal", { command: "rm x" }, { text: "I do it" })),
  );
  const models = quickModels({ baseUrl: server.url });
  const events = await drain(await models.current());
  await models.close();
  const last = events.at(-1);
  assert.ok(last?.type === "failed");
  assert.deepEqual([last.failure.code, last.partial], ["model.broken", "I do it"]);
});

test("a server that dies in the middle leaves the rest of the answer to the fallback", async () => {
  const main = await double.modelServerWith(
    { models: ["big"] },
    double.stallAfter(6, double.say("It is ten o'clock and", { pieces: 6 })),
  );
  await using spare = await double.modelServerWith({ models: ["small"] }, double.say("and all is well."));
  const models = quickModels({ settings: withSpare(main.url, spare.url), stallMs: 5_000 });
  const events: ModelEvent[] = [];
  for await (const event of (await models.current()).stream(asking(), new AbortController().signal)) {
    events.push(event);
    if (shown(events).includes("clock")) await main.close();
  }
  await models.close();
  assert.match(answerOf(events).content, /^It is ten o'clock ?(and )?and all is well\.$/);
  assert.equal(notices(events).length, 2);
});

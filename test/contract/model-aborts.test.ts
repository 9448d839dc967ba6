import assert from "node:assert/strict";
import { test } from "node:test";
import { by, drain, provider, quickModels } from "../doubles/model-server-client.ts";
import * as double from "../doubles/model-server.ts";
import { llamaServer } from "../doubles/server-kinds.ts";

const places = 4;

test("a thousand requests, stopped or left at any moment: no place and no slot stays taken", async () => {
  let last = false;
  const kind = llamaServer({ slots: places });
  await using server = await double.modelServerWith({ ...kind, strict: false }, () =>
    last ? double.hang() : { ...double.say("one two three four"), headersMs: 4 },
  );
  const models = quickModels({ settings: { main: provider("main", [server.url]), slotPinning: "on" } });
  const model = await models.current();
  await drain(model, by("first"));
  const request = async (index: number): Promise<void> => {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), Math.random() * 60);
    // Some go away without a word, as a view does that has lost its chat.
    const leaving = Math.random() < 0.3 ? Math.floor(Math.random() * 4) : Infinity;
    let events = 0;
    for await (const event of model.stream(by(`p${index % 7}`), stop.signal)) {
      assert.notEqual(event.type, "failed");
      if (events++ >= leaving) break;
    }
    clearTimeout(timer);
  };
  for (let round = 0; round < 10; round++) await Promise.all(Array.from({ length: 100 }, (_, index) => request(index)));
  last = true;
  const stop = new AbortController();
  const marked = (person: string) => ({ ...by(person), maxTokens: 77 });
  const all = Array.from({ length: places }, (_, index) => drain(model, marked(`q${index}`), stop.signal));
  // All of them are at the server at once, each in a slot of its own; requests that were stopped on their way may come between.
  const arrived = () => server.seen.filter(({ body }) => body.max_tokens === 77);
  while (arrived().length < places) await server.arrived(server.seen.length + 1);
  const slots = arrived().map(({ raw }) => /"id_slot":(\d)/.exec(raw)?.[1]);
  assert.deepEqual(new Set(slots), new Set(["0", "1", "2", "3"]));
  stop.abort();
  for (const events of await Promise.all(all)) assert.equal(events.at(-1)?.type, "aborted");
  await models.close();
});

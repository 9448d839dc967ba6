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
  const before = server.seen.length;
  const stop = new AbortController();
  const all = Array.from({ length: places }, (_, index) => drain(model, by(`q${index}`), stop.signal));
  // All of them are at the server at once, each in a slot of its own.
  await server.arrived(before + places);
  const slots = server.seen.slice(before).map(({ raw }) => /"id_slot":(\d)/.exec(raw)?.[1]);
  assert.deepEqual(slots.toSorted(), ["0", "1", "2", "3"]);
  stop.abort();
  for (const events of await Promise.all(all)) assert.equal(events.at(-1)?.type, "aborted");
  await models.close();
});

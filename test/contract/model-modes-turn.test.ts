import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { test } from "node:test";
import { callModel } from "../../src/agent/model-call.ts";
import { openLocalLive } from "../../src/live/local.ts";
import { asking, lines, provider, quickModels } from "../doubles/model-server-client.ts";
import * as double from "../doubles/model-server.ts";
import { apiModes, everything, ok } from "./model-modes-asking.ts";

/** undici tells of every piece of a body here, in the socket's own callback. */
const received = "undici:request:bodyChunkReceived";

test("a token is with the view in the event-loop turn in which its bytes came, in every mode", async (t) => {
  const order: string[] = [];
  const onBytes = (message: unknown): void => {
    const { chunk } = Object(message) as { chunk?: Uint8Array }; // undici's own message
    // `ok` is the whole answer's text.
    if (!Buffer.from(chunk ?? []).includes('"ok"')) return;
    order.push("bytes");
    // Neither a timer nor another read of a socket comes before this.
    setImmediate(() => order.push("turn over"));
  };
  subscribe(received, onBytes);
  t.after(() => unsubscribe(received, onBytes));
  const live = openLocalLive(lines());
  await live.subscribe("telegram", ({ event }) => void (event.type === "text" && order.push(`view: ${event.delta}`)));
  const chat = { platform: "telegram", chat: "1", thread: null };
  for (const apiMode of apiModes) {
    await using server = await double.modelServerWith({ speaks: everything }, ok(apiMode));
    const models = quickModels({ settings: { main: provider("main", [server.url], { apiMode }) } });
    const end = await callModel(await models.current(), asking(), new AbortController().signal, (event) =>
      live.publish({ turn: "t", chat, fence: 1, seq: 1, replyTo: null, event }),
    );
    await models.close();
    assert.equal(end.type, "answer");
    assert.deepEqual(order.splice(0).slice(0, 3), ["bytes", "view: ok", "turn over"], apiMode);
  }
  await live.close();
});

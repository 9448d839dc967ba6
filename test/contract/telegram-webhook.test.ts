import assert from "node:assert/strict";
import { test } from "node:test";
import { telegramRig } from "./telegram-rig.ts";

const secret = "s3cret_of-the-hook";
const webhook = { url: "https://bot.example.org/tg/hook", secret, host: "127.0.0.1", port: 0 };

function update(id: number, text = "hi") {
  const from = { id: 7, is_bot: false, first_name: "Alice" };
  return { update_id: id, message: { message_id: id, date: 1, chat: { id: 7, type: "private" }, from, text } };
}

async function openHook() {
  const rig = await telegramRig({}, { webhook });
  await rig.adapter.start(rig.inlet);
  const port = rig.lines.map(({ fields }) => fields["port"]).find((each) => typeof each === "number");
  const send = async (body: unknown, { path = "/tg/hook", key = secret } = {}) => {
    const headers = { "content-type": "application/json", "x-telegram-bot-api-secret-token": key };
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return (await fetch(`http://127.0.0.1:${String(port)}${path}`, { method: "POST", headers, body: text })).status;
  };
  return { rig, send, [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose]() };
}

test("Telegram's messages come by the webhook, one at a time, and are acknowledged when they are stored", async () => {
  await using hook = await openHook();
  const { rig, send } = hook;
  assert.deepEqual(rig.tg.hook, { secret, most: 1 });
  assert.equal(await send(update(1)), 200);
  assert.equal(rig.inlet.received[0]?.key, "telegram:42:update:1");
  rig.inlet.refuse = 1;
  // Not stored: Telegram keeps it, and sends it again.
  assert.equal(await send(update(2)), 503);
  assert.equal(await send(update(2)), 200);
  assert.equal(rig.inlet.received.length, 2);
  assert.equal(rig.callsOf("getUpdates").length, 0);
});

test("what is not Telegram's is turned away: another path, another secret, garbage, too much", async () => {
  await using hook = await openHook();
  const { rig, send } = hook;
  assert.equal(await send(update(1), { path: "/" }), 404);
  assert.equal(await send(update(1), { key: "wrong" }), 401);
  assert.equal(await send(update(1), { key: `${secret}x` }), 401);
  assert.equal(await send("{"), 400);
  assert.equal(await send({ message: {} }), 400);
  assert.equal(await send("x".repeat(1024 * 1024 + 1)), 413);
  // One that makes no sense is taken, or it would come again for a day.
  assert.equal(await send({ update_id: 5, message: { chat: {} } }), 200);
  assert.deepEqual(rig.inlet.received, []);
});

test("paused, it stays registered, so that Telegram keeps what comes; refused, it says what to mend", async () => {
  await using hook = await openHook();
  await hook.rig.adapter.pause();
  await assert.rejects(hook.send(update(1)));
  assert.deepEqual(hook.rig.callsOf("deleteWebhook"), []);
  hook.rig.tg.fault(
    { method: "setWebhook" },
    { kind: "refuse", code: 400, description: "Bad Request: bad webhook: IP address is reserved" },
  );
  await assert.rejects(hook.rig.adapter.start(hook.rig.inlet), {
    code: "platform.unavailable",
    message: /IP address is reserved/,
  });
});

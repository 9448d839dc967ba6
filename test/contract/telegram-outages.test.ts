import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../src/core/failures.ts";
import { telegramServer } from "../doubles/telegram.ts";
import { chatRef, telegramRig } from "./telegram-rig.ts";

// Polling on bad days: rivals, old webhooks, outages, bad tokens. Every test speaks to a Bot API server over real HTTP.

const alice = { id: 7, name: "Alice" };

test("two pollers with one token: one clear line, no crash, and it goes on", async () => {
  await using rig = await telegramRig();
  const conflict = { kind: "refuse", code: 409, description: "Conflict: terminated by other getUpdates request" } as const;
  rig.tg.fault({ method: "getUpdates", times: 2 }, conflict);
  await rig.adapter.start(rig.inlet);
  rig.tg.say(7, "hello", { from: alice });
  await rig.received(1);
  const errors = rig.lines.filter(({ level }) => level === "error");
  assert.equal(errors.length, 1);
  assert.match(errors[0]?.message ?? "", /another process .*TELEGRAM_BOT_TOKEN/);
});

test("a real second poller: each message reaches one of them at least, none is lost", async () => {
  await using rig = await telegramRig();
  const rival = rig.make();
  await rig.adapter.start(rig.inlet);
  await rival.start(rig.inlet);
  await rig.tg.waitFor(() => rig.lines.some(({ message: line }) => line.includes("another process")));
  for (let count = 0; count < 5; count += 1) rig.tg.say(7, `message ${count}`, { from: alice });
  await rig.tg.waitFor(() => new Set(rig.inlet.received.map(({ key }) => key)).size === 5);
  await rival.close();
});

test("a forgotten webhook is removed", async () => {
  await using rig = await telegramRig();
  rig.tg.setWebhook("https://old.example/hook");
  rig.tg.say(7, "hello", { from: alice });
  await rig.adapter.start(rig.inlet);
  await rig.received(1);
  assert.equal(rig.callsOf("deleteWebhook").length, 1);
});

test("an outage of many kinds is two lines, and what was said meanwhile arrives", async () => {
  await using rig = await telegramRig();
  rig.tg.say(7, "hello", { from: alice });
  rig.tg.fault({ method: "getUpdates" }, { kind: "reset", when: "before" });
  rig.tg.fault({ method: "getUpdates" }, { kind: "garble", status: 502, body: "<html>Bad Gateway</html>" });
  rig.tg.fault({ method: "getUpdates" }, { kind: "refuse", code: 500, description: "Internal Server Error" });
  rig.tg.fault({ method: "getUpdates" }, { kind: "garble", status: 200, body: '{"ok":true,"result":{}}' });
  await rig.adapter.start(rig.inlet);
  await rig.tg.waitFor(() => rig.inlet.received.length === 1, 15_000);
  assert.deepEqual(
    rig.lines.map(({ level }) => level),
    ["warn", "info"],
  );
});

test("a bad token is refused with the mend, and never shown", async () => {
  await using rig = await telegramRig();
  const token = "42:AAwrongwrongwrongwrongwrongwrongwrong";
  const adapter = rig.make({ token });
  await assert.rejects(adapter.start(rig.inlet), (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.code, "config.invalid");
    assert.match(error.advice ?? "", /TELEGRAM_BOT_TOKEN/);
    assert.ok(!`${error.message}${error.stack}${JSON.stringify(error)}`.includes("wrongwrong"));
    return true;
  });
  await adapter.close();
});

test("a token revoked while it runs: told once, tried again, and over when it is good", async () => {
  await using rig = await telegramRig();
  await rig.adapter.start(rig.inlet);
  rig.tg.revoke(true);
  rig.tg.cutPolls();
  await rig.tg.waitFor(() => rig.lines.filter(({ message }) => message.includes("TELEGRAM_BOT_TOKEN")).length === 1);
  rig.tg.say(7, "said meanwhile");
  rig.tg.revoke(false);
  await rig.received(1);
  assert.equal(rig.lines.filter(({ level }) => level === "error").length, 1);
});

test("no server: refused with its address, without the token anywhere", async () => {
  await using rig = await telegramRig();
  const gone = await telegramServer();
  await gone.close();
  const adapter = rig.make({ apiRoot: gone.url });
  await assert.rejects(adapter.start(rig.inlet), (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.code, "platform.unavailable");
    assert.ok(error.message.includes(gone.url) && error.message.includes("ECONNREFUSED"));
    assert.equal(error.cause, undefined);
    return true;
  });
  await adapter.close();
});

test("the command menu is registered once, and again only when it has changed", async () => {
  await using rig = await telegramRig();
  for (const commands of [
    [{ name: "help", aliases: [], description: "a" }],
    [{ name: "help", aliases: [], description: "a" }],
    [{ name: "help", aliases: [], description: "b" }],
  ]) {
    const adapter = rig.make({ commands: async () => commands });
    await adapter.start(rig.inlet);
    const polls = rig.callsOf("getUpdates").length;
    await rig.tg.waitFor(
      () =>
        rig.callsOf("getUpdates").length >= polls &&
        JSON.stringify(rig.tg.menus.get("all_group_chats") ?? "").includes(`"${commands[0]?.description ?? "?"}"`),
    );
    await adapter.close();
  }
  // One menu for private chats, one for groups.
  assert.equal(rig.callsOf("setMyCommands").length, 4);
  assert.deepEqual(rig.tg.menus.get("all_private_chats"), [{ command: "help", description: "b" }]);
});

test("no line of the log holds the token", async () => {
  await using rig = await telegramRig();
  rig.tg.fault({ times: 5 }, { kind: "reset", when: "before" });
  await assert.rejects(rig.adapter.start(rig.inlet));
  await rig.adapter.start(rig.inlet).catch(() => undefined);
  const [chunk] = rig.adapter.render("x");
  assert.ok(chunk);
  await rig.adapter
    .post(chatRef(7), chunk, { replyTo: null })
    .catch((error: unknown) => rig.lines.push({ level: "error", fields: { error }, message: String(error) }));
  const secret = rig.tg.token.split(":")[1] ?? "?";
  for (const { fields, message: line } of rig.lines)
    assert.ok(!`${line}${JSON.stringify(fields)}${String(fields["error"])}`.includes(secret));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { telegramDriver } from "./telegram-driver.ts";
import { walk } from "./walk.ts";

walk("Telegram", telegramDriver, (scene) => {
  test("a group: only what is meant for it, one placeholder that becomes the answer", async () => {
    const { driver, goOn, model } = scene();
    const { telegram } = driver;
    telegram.say(-21, "just chatting");
    telegram.say(-21, `@${telegram.bot.username} say it slowly: group`, { from: { id: 5, name: "Ann" } });
    await telegram.waitFor(() => telegram.messages(-21).some(({ text }) => text.startsWith("one two")), 20_000);
    goOn("group");
    await telegram.waitFor(() => telegram.messages(-21).some(({ text }) => text.length > 390), 20_000);
    assert.equal(telegram.messages(-21).length, 1);
    assert.ok((telegram.messages(-21)[0]?.edits ?? 0) >= 1);
    const asked = model.seen.findLast(({ raw }) => raw.includes("slowly: group"));
    assert.equal(asked?.body.messages.at(-1)?.content, "[Ann] say it slowly: group");
  });

  test("the menus are registered, once each", async () => {
    const { telegram } = scene().driver;
    const menus = telegram.calls.filter(({ method }) => method === "setMyCommands").map(({ params }) => JSON.stringify(params));
    assert.ok(menus.length > 0);
    assert.equal(new Set(menus).size, menus.length);
    const names = new Set(telegram.commands.map((each) => each["command"]));
    assert.ok(["help", "new", "stop"].every((name) => names.has(name)));
  });
});

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { call, modelServerWith, say, type Seen } from "../doubles/model-server.ts";
import { type TelegramServer, telegramServer } from "../doubles/telegram.ts";
import { hostHermes } from "./hosted.ts";
import { freshHome } from "./service.ts";
import { typed } from "./typed.ts";

/** "post TARGET" sends there; anything else is greeted. */
function answer(seen: Seen) {
  const { messages } = seen.body;
  const last = messages.at(-1);
  if (last?.role === "tool") return say(`came: ${String(last.content)}`);
  const target = /post (\S+)/.exec(String(last?.content))?.[1];
  if (target === undefined) return say("hello");
  return call("send_message", { action: target === "list" ? "list" : "send", target, message: "The report is *done*." });
}

async function open(config: string, more: Readonly<Record<string, string>> = {}) {
  const stack = new AsyncDisposableStack();
  const model = stack.use(await modelServerWith({ strict: false }, answer));
  const telegram = stack.use(await telegramServer());
  const home = stack.use(await freshHome());
  await writeFile(join(home.path, "config.yaml"), config);
  const env = { OPENAI_BASE_URL: model.url, TELEGRAM_BOT_TOKEN: telegram.token, TELEGRAM_API_ROOT: telegram.url, ...more };
  const hermes = stack.use(await hostHermes({ home: home.path, env }));
  await hermes.printed(/telegram is connected/);
  const texts = (chat: number) => telegram.messages(chat).map((message) => message.text);
  const until = (chat: number, says: RegExp) => telegram.waitFor(() => texts(chat).some((text) => says.test(text)), 20_000);
  return { telegram, home: home.path, texts, until, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Presses a button of the newest message that has it. */
function press(telegram: TelegramServer, chat: number, label: string, from = chat): void {
  const asking = telegram.messages(chat).findLast((message) => message.buttons.some((button) => button.label === label));
  const button = asking?.buttons.find((each) => each.label === label);
  if (!asking || !button) throw new Error(`no button ${label} in ${chat}`);
  telegram.press(chat, asking.id, button.data, { from });
}

test("a message goes to a chat of the asker's once it is allowed, once; to nobody else's", async () => {
  await using rig = await open("approvals: {approvers: member}\n");
  const { telegram, texts, until } = rig;
  telegram.say(-55, `@${telegram.bot.username} hello`, { from: 7 });
  await until(-55, /hello/);
  telegram.say(7, "post list");
  await until(7, /telegram:7 \(private, this chat\)[^]*telegram:-55 \(shared\)/);
  telegram.say(7, "post telegram:-55");
  await until(7, /May I send to this chat\?/);
  assert.equal(texts(-55).length, 1, "not yet");
  press(telegram, 7, "Once");
  press(telegram, 7, "Once");
  await until(-55, /The report is done\.[^]*Sent for/);
  await until(7, /on its way to telegram:-55/);
  assert.equal(texts(-55).length, 2);
  assert.ok(
    texts(7).some((text) => /May I send[^]*: Once$/.test(text)),
    "the question says who allowed it",
  );
  telegram.say(8, "hello");
  await until(8, /hello/);
  telegram.say(8, "post telegram:-55");
  await until(8, /May I send/);
  press(telegram, 8, "Once");
  await until(8, /can't post to "telegram:-55"/);
  assert.equal(texts(-55).length, 2);
});

test("who may not allow it asks those who may, in their private chats; a stranger's press counts nothing", async () => {
  await using rig = await open("", { GATEWAY_ALLOW_ALL_USERS: "false" });
  const { telegram, texts, until } = rig;
  telegram.say(1, "hello");
  await until(1, /pairing code/);
  const code = /[2-9A-Z]{8}/.exec(texts(1)[0] ?? "")?.[0] ?? "";
  assert.equal((await typed(rig.home, ["pairing", "approve", code])).status, 0);
  telegram.say(1, "hello");
  await until(1, /^hello$/);
  telegram.say(7, "hello");
  await until(1, /would like to talk/);
  press(telegram, 1, "Let in");
  await until(7, /You're in/);
  telegram.say(7, "hello");
  await until(7, /^hello$/);
  telegram.say(-55, `@${telegram.bot.username} hello`, { from: 7 });
  await until(-55, /hello/);
  telegram.say(7, "post telegram:-55");
  await until(1, /May I send to this chat\?/);
  await until(7, /May I send to this chat\?/);
  press(telegram, 7, "Once");
  await until(7, /needs an owner or admin/);
  press(telegram, 1, "Deny");
  await until(7, /came: Not run: .* said no/);
  await until(7, /May I send[^]*: Deny$/);
  assert.equal(texts(-55).length, 1);

  // Four eyes, from now on: the owner can't allow what the owner has asked for, and anybody else from the named role up can.
  await writeFile(join(rig.home, "config.yaml"), "approvals: {four_eyes: true, approvers: member}\n");
  telegram.say(-55, `@${telegram.bot.username} hello`, { from: 1 });
  await telegram.waitFor(() => texts(-55).length === 2);
  telegram.say(1, "post telegram:-55");
  await telegram.waitFor(
    () =>
      telegram
        .messages(7)
        .at(-1)
        ?.buttons.some(({ label }) => label === "Once") === true,
    20_000,
  );
  press(telegram, 1, "Once");
  await until(1, /needs somebody from the team other than the one who asked/);
  assert.equal(texts(-55).length, 2, "not yet");
  press(telegram, 7, "Once");
  await until(-55, /The report is done\./);
  await until(1, /May I send[^]*: Once$/);
  await until(7, /May I send[^]*: Once$/);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { modelServerWith, say } from "../doubles/model-server.ts";
import { slackServer } from "../doubles/slack.ts";
import { telegramServer } from "../doubles/telegram.ts";
import { hostHermes } from "./hosted.ts";
import { freshHome } from "./service.ts";
import { typed } from "./typed.ts";

const patienceMs = 20_000;

test("closed to strangers: those listed, a code, the owner by the command line, the next one by the owner's button", async () => {
  await using model = await modelServerWith({ strict: false }, ({ body }) =>
    say(`echo ${String(body.messages.at(-1)?.content)}`),
  );
  await using telegram = await telegramServer();
  await using slack = await slackServer();
  await using home = await freshHome();
  const tokens = { SLACK_BOT_TOKEN: slack.botToken, SLACK_APP_TOKEN: slack.appToken, SLACK_API_URL: slack.url };
  const env = { OPENAI_BASE_URL: model.url, TELEGRAM_BOT_TOKEN: telegram.token, TELEGRAM_API_ROOT: telegram.url, ...tokens };
  const closed = { GATEWAY_ALLOW_ALL_USERS: "false", SLACK_ALLOWED_USERS: "U7" };
  await using hermes = await hostHermes({ home: home.path, env: { ...env, ...closed } });
  await Promise.all([hermes.printed(/telegram is connected/), hermes.printed(/slack is connected/)]);
  const texts = (chat: number) => telegram.messages(chat).map(({ text }) => text);

  const stranger = slack.say("D2", "let me in", { user: "U8" });
  await slack.waitFor(() => /pairing code/.test(slack.messages("D2", stranger)[0]?.text ?? ""));
  telegram.say(81, "let me in");
  const told = await telegram.waitFor(() => texts(81)[0], patienceMs);
  assert.equal(model.seen.length, 0, "a stranger's text reaches no model");
  const listed = slack.say("D1", "hello", { user: "U7" });
  await slack.waitFor(() => slack.messages("D1", listed).some(({ text }) => text === "echo hello"));

  const code = /[2-9A-Z]{8}/.exec(told)?.[0] ?? "";
  const { stdout } = await typed(home.path, ["pairing", "approve", code]);
  assert.match(stdout, /as owner/);
  await telegram.waitFor(() => texts(81).length === 2, patienceMs);
  telegram.say(81, "hello");
  await telegram.waitFor(() => texts(81).includes("echo hello"), patienceMs);

  telegram.say(82, "me too", { from: { id: 82, name: "Bob *bold*" } });
  const request = await telegram.waitFor(() => telegram.messages(81).find(({ buttons }) => buttons.length > 0), patienceMs);
  assert.match(request.text, /Bob \*bold\*/);
  // A button of the owner's, pressed by the stranger: as a forged client could.
  const from = { id: 82, is_bot: false, first_name: "Bob" };
  const message = { message_id: 2, date: 0, chat: { id: 82, type: "private", first_name: "Bob" } };
  telegram.update({ callback_query: { id: "1", from, message, chat_instance: "1", data: request.buttons[0]?.data } });
  await telegram.waitFor(() => telegram.pending === 0, patienceMs);
  assert.equal(texts(82).length, 1, "nobody lets himself in");
  telegram.press(81, request.id, request.buttons[0]?.data ?? "");
  await telegram.waitFor(() => texts(82).some((text) => text.includes("You're in")), patienceMs);
  telegram.say(82, "hello from Bob");
  await telegram.waitFor(() => texts(82).includes("echo hello from Bob"), patienceMs);
  assert.ok(model.seen.every(({ raw }) => !raw.includes("let me in")));
});

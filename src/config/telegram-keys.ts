import { address, oneOf, text, whole } from "./kinds.ts";
import { row } from "./row.ts";

const web = ["http", "https"];

/** The rows of Telegram. */
export const telegramKeys = {
  "telegram.bot_token": row(text("a token from @BotFather"), null, "Turns Telegram on.", {
    env: "TELEGRAM_BOT_TOKEN",
    secret: true,
  }),
  "telegram.api_root": row(address(web, "https://api.telegram.org"), "https://api.telegram.org", "The Bot API server.", {
    env: "TELEGRAM_API_ROOT",
  }),
  "telegram.rich_messages": row(oneOf(["off", "auto"]), "off", "Telegram's rich messages; some clients show them blank."),
  "telegram.webhook_url": row(
    address(["https"], "https://bot.example.org/telegram"),
    null,
    "Where Telegram reaches the bot from outside, through your HTTPS proxy; without it the bot asks for its messages, which needs nothing.",
    { env: "TELEGRAM_WEBHOOK_URL" },
  ),
  "telegram.webhook_secret": row(
    text("1-256 letters, digits, _ and -"),
    null,
    "What Telegram shows with each message, so that nobody else can send any; needed with a webhook.",
    { env: "TELEGRAM_WEBHOOK_SECRET", secret: true },
  ),
  "telegram.webhook_host": row(text("an address"), "127.0.0.1", "Where the bot listens for your proxy.", {
    env: "TELEGRAM_WEBHOOK_HOST",
  }),
  "telegram.webhook_port": row(whole(0, 65_535, "a port"), 8_443, "The port there; 0 takes a free one.", {
    env: "TELEGRAM_WEBHOOK_PORT",
  }),
};

import type { Adapter } from "../../src/core/adapter.ts";
import { Failure } from "../../src/core/failures.ts";
import type { Config } from "../../src/config/keys.ts";
import type { PlatformParts } from "../platform.ts";
import { createTelegram } from "./adapter.ts";
import type { WebhookOptions } from "./webhook.ts";

/** Makes the Telegram adapter from the configuration. */
export async function create(parts: PlatformParts): Promise<Adapter> {
  const { botToken, apiRoot, richMessages, ...rest } = parts.config.telegram;
  if (botToken === null) throw new Failure("config.invalid", "Telegram has no token", { advice: "Set TELEGRAM_BOT_TOKEN." });
  return createTelegram({
    token: botToken,
    apiRoot,
    richMessages,
    webhook: webhookOf(rest),
    commands: parts.offered,
    moved: (from, to) => parts.moved("telegram", from, to),
    rulers: () => parts.rulers("telegram"),
    settings: parts.settings,
    log: parts.log,
  });
}

/** What Telegram allows in a secret. */
const secretForm = /^[\w-]{1,256}$/;

function webhookOf({
  webhookUrl: url,
  webhookSecret: secret,
  webhookHost: host,
  webhookPort: port,
}: Omit<Config["telegram"], "botToken" | "apiRoot" | "richMessages">): WebhookOptions | null {
  if (url === null) return null;
  if (secret === null || !secretForm.test(secret))
    throw new Failure("config.invalid", "Telegram's webhook needs a secret of 1 to 256 letters, digits, _ and -", {
      advice: "Set TELEGRAM_WEBHOOK_SECRET, for example to what `openssl rand -hex 32` prints.",
    });
  return { url, secret, host, port };
}

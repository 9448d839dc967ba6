import type { Adapter } from "../../src/core/adapter.ts";
import { Failure } from "../../src/core/failures.ts";
import type { PlatformParts } from "../platform.ts";
import { createTelegram } from "./adapter.ts";

/** Makes the Telegram adapter from the configuration. */
export async function create(parts: PlatformParts): Promise<Adapter> {
  const { botToken, apiRoot, richMessages } = parts.config.telegram;
  if (botToken === null) throw new Failure("config.invalid", "Telegram has no token", { advice: "Set TELEGRAM_BOT_TOKEN." });
  return createTelegram({
    token: botToken,
    apiRoot,
    richMessages,
    commands: parts.commands,
    settings: parts.settings,
    log: parts.log,
  });
}

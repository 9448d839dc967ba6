import { createHash } from "node:crypto";
import type { Api } from "grammy";
import { callSignal } from "./client.ts";
import { reason } from "./errors.ts";
import type { TelegramOptions } from "./options.ts";

/** Telegram's limits: 100 commands, names of 1–32 small letters, digits and underscores, descriptions of 1–256 characters. */
const mostCommands = 100;
const nameForm = /^[a-z0-9_]{1,32}$/;

/** Registers the commands' menu when it has changed since the last time. Without it the commands still work. */
export async function registerMenu(api: Api, bot: number, options: TelegramOptions, signal: AbortSignal): Promise<void> {
  const commands = options.commands
    .filter(({ name }) => nameForm.test(name))
    .slice(0, mostCommands)
    .map(({ name, description }) => ({ command: name, description: description.slice(0, 256) || name }));
  const digest = createHash("sha256").update(JSON.stringify(commands)).digest("hex");
  const key = `telegram:${bot}:commands`;
  try {
    if ((await options.settings.get(key)) === digest) return;
    await api.raw.setMyCommands({ commands }, callSignal(signal));
    await options.settings.set(key, digest);
  } catch (error) {
    if (!signal.aborted)
      options.log.warn({ reason: reason(error) }, "Telegram's command menu was not updated; it will be at the next start");
  }
}

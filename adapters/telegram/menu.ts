import { createHash } from "node:crypto";
import type { Api } from "grammy";
import type { BotCommand, BotCommandScope, LanguageCode } from "grammy/types";
import type { OfferedCommand } from "../../src/core/language.ts";
import { pause } from "../../src/core/pause.ts";
import { callSignal } from "./client.ts";
import { reason } from "./errors.ts";
import type { TelegramOptions } from "./options.ts";

/** Telegram's limits: 100 commands, names of 1–32 small letters, digits and underscores, descriptions of 1–256 characters. */
const mostCommands = 100;
const nameForm = /^[a-z0-9_]{1,32}$/;

/** A menu: where it is shown, and to whom. No language: to those whose language has none of its own. */
interface Menu {
  readonly scope: BotCommandScope;
  readonly language: LanguageCode | null;
  readonly commands: readonly BotCommand[];
}

/** People become admins, and cease to be, while we run. */
const lookEveryMs = 60_000;

/** Registers the commands' menus, and those of owners and admins again when these are others. */
export async function keepMenus(api: Api, bot: number, options: TelegramOptions, signal: AbortSignal): Promise<void> {
  const known = await registerMenus(api, bot, options, signal);
  for (let before = known; !signal.aborted;) {
    await pause(options.rulersEveryMs ?? lookEveryMs, signal);
    const now = await rulersOf(options).catch(() => null);
    if (signal.aborted || now === null || now.join() === before?.join()) continue;
    before = await registerRulers(api, bot, options, now, signal).catch(() => null);
  }
}

async function rulersOf(options: TelegramOptions): Promise<readonly string[]> {
  return (await options.rulers()).filter((account) => /^\d{1,16}$/.test(account)).toSorted();
}

/**
 * Registers the commands' menus that have changed since the last time: one for private chats, one for groups, and one with the commands of
 * owners and admins in each one's private chat; all in every language. Without them the commands still work. Returns whose menus there are,
 * or null.
 */
async function registerMenus(
  api: Api,
  bot: number,
  options: TelegramOptions,
  signal: AbortSignal,
): Promise<readonly string[] | null> {
  try {
    for (const menu of menusOf(options.commands, [{ type: "all_private_chats" }, { type: "all_group_chats" }], "members"))
      await register(api, bot, options, menu, signal);
    return await registerRulers(api, bot, options, await rulersOf(options), signal);
  } catch (error) {
    if (!signal.aborted)
      options.log.warn({ reason: reason(error) }, "Telegram's command menu was not updated; it will be at the next start");
    return null;
  }
}

/** Telegram knows a private chat by the id of its person. One that has never been begun has no menu: that is no trouble. */
async function registerRulers(
  api: Api,
  bot: number,
  options: TelegramOptions,
  now: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { settings, log } = options;
  const key = `telegram:${bot}:commands:rulers`;
  const before = ((await settings.get(key)) ?? "").split(" ").filter(Boolean);
  await settings.set(key, [...new Set([...before, ...now])].join(" "));
  const left = new Set([...before, ...now]);
  for (const account of left) {
    const scopes: readonly BotCommandScope[] = [{ type: "chat", chat_id: Number(account) }];
    const menus = menusOf(options.commands, scopes, now.includes(account) ? "all" : "none");
    try {
      for (const menu of menus) await register(api, bot, options, menu, signal);
      if (!now.includes(account)) left.delete(account);
    } catch (error) {
      if (signal.aborted) return now;
      log.debug({ reason: reason(error) }, "the command menu of an owner's or admin's private chat was not set");
    }
  }
  await settings.set(key, [...left].join(" "));
  return now;
}

async function register(
  api: Api,
  bot: number,
  { settings }: TelegramOptions,
  { scope, language, commands }: Menu,
  signal: AbortSignal,
): Promise<void> {
  const where = scope.type === "chat" ? `chat:${scope.chat_id}` : scope.type;
  const key = `telegram:${bot}:commands:${where}:${language ?? ""}`;
  const digest = commands.length === 0 ? "" : createHash("sha256").update(JSON.stringify(commands)).digest("hex");
  if (((await settings.get(key)) ?? "") === digest) return;
  // Whatever becomes of the call, it is made again until its end is known.
  await settings.set(key, "?");
  const place = { scope, ...(language === null ? {} : { language_code: language }) };
  if (commands.length === 0) await api.raw.deleteMyCommands(place, callSignal(signal));
  else await api.raw.setMyCommands({ commands, ...place }, callSignal(signal));
  await settings.set(key, digest);
}

function menusOf(
  commands: readonly OfferedCommand[],
  scopes: readonly BotCommandScope[],
  which: "all" | "members" | "none",
): readonly Menu[] {
  const offered = commands
    .map((each) => ({ ...each, name: each.name.replaceAll("-", "_") }))
    .filter((each) => nameForm.test(each.name) && (which === "all" || (which === "members" && each.ruling !== true)))
    .slice(0, mostCommands);
  const languages = new Set(commands.flatMap(({ translations = {} }) => Object.keys(translations)).filter(isLanguage));
  return scopes.flatMap((scope) => [
    { scope, language: null, commands: offered.map((each) => wired(each, each.description)) },
    ...[...languages].map((language) => ({
      scope,
      language,
      commands: offered.map((each) => wired(each, each.translations?.[language]?.line ?? each.description)),
    })),
  ]);
}

function wired({ name }: OfferedCommand, description: string): BotCommand {
  return { command: name, description: description.slice(0, 256).toWellFormed() || name };
}

/** Telegram takes two-letter codes. */
function isLanguage(code: string): code is LanguageCode {
  return /^[a-z]{2}$/.test(code);
}

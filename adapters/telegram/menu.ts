import { createHash } from "node:crypto";
import type { Api } from "grammy";
import type { BotCommand, BotCommandScope, LanguageCode } from "grammy/types";
import type { OfferedCommand } from "../../src/core/language.ts";
import { keepStanding } from "../standing.ts";
import { callSignal } from "./client.ts";
import { reason, refusal } from "./errors.ts";
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

/** People become admins and cease to be, and skills are installed and removed, while we run. */
const lookEveryMs = 60_000;

/** What the menus are made of. */
interface Wanted {
  readonly commands: readonly OfferedCommand[];
  readonly rulers: readonly string[];
}

/**
 * Registers the commands' menus, and again those that have become others: one for private chats, one for groups, and one with the commands
 * of owners and admins in each one's private chat; all in every language. Without them the commands still work.
 */
export async function keepMenus(api: Api, bot: number, options: TelegramOptions, signal: AbortSignal): Promise<void> {
  const wanted = async () => ({ commands: await options.commands(), rulers: await rulersOf(options) });
  const apply = (now: Wanted) => registerMenus(api, bot, options, now, signal);
  await keepStanding({ wanted, apply, everyMs: options.menuEveryMs ?? lookEveryMs }, signal);
}

async function rulersOf(options: TelegramOptions): Promise<readonly string[]> {
  return (await options.rulers()).filter((account) => /^\d{1,16}$/.test(account)).toSorted();
}

async function registerMenus(
  api: Api,
  bot: number,
  options: TelegramOptions,
  now: Wanted,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    for (const menu of menusOf(now.commands, [{ type: "all_private_chats" }, { type: "all_group_chats" }], "members"))
      await register(api, bot, options, menu, signal);
    return await registerRulers(api, bot, options, now, signal);
  } catch (error) {
    if (!signal.aborted)
      options.log.warn({ reason: reason(error) }, "Telegram's command menu was not updated; it is tried again later");
    return false;
  }
}

/**
 * Telegram knows a private chat by the id of its person. One that has never been begun, or is closed to us, has no menu: that is no trouble.
 * False for any other.
 */
async function registerRulers(
  api: Api,
  bot: number,
  options: TelegramOptions,
  { commands, rulers: now }: Wanted,
  signal: AbortSignal,
): Promise<boolean> {
  const { settings, log } = options;
  const key = `telegram:${bot}:commands:rulers`;
  const before = ((await settings.get(key)) ?? "").split(" ").filter(Boolean);
  await settings.set(key, [...new Set([...before, ...now])].join(" "));
  const left = new Set([...before, ...now]);
  let whole = true;
  for (const account of left) {
    const scopes: readonly BotCommandScope[] = [{ type: "chat", chat_id: Number(account) }];
    const menus = menusOf(commands, scopes, now.includes(account) ? "all" : "none");
    try {
      for (const menu of menus) await register(api, bot, options, menu, signal);
      if (!now.includes(account)) left.delete(account);
    } catch (error) {
      if (signal.aborted) return false;
      const code = refusal(error)?.error_code;
      if (code !== 400 && code !== 403) whole = false;
      log.debug({ reason: reason(error) }, "the command menu of an owner's or admin's private chat was not set");
    }
  }
  await settings.set(key, [...left].join(" "));
  return whole;
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

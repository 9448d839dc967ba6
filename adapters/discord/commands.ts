import { createHash } from "node:crypto";
import { ApplicationCommandType, ApplicationIntegrationType, InteractionContextType, Routes } from "discord-api-types/v10";
import type { CommandWords } from "../../src/core/language.ts";
import { keepStanding } from "../standing.ts";
import type { Client } from "./client.ts";
import { reason } from "./errors.ts";
import { argumentType } from "./interactions.ts";
import type { DiscordOptions } from "./options.ts";

/** Discord's limits: 100 commands, names of 1–32 characters, descriptions of 1–100. */
const mostCommands = 100;
const nameForm = /^[-_a-z0-9]{1,32}$/;
const descriptionChars = 100;

const everywhere = "global";

/** Skills are installed and removed while we run; a server takes 200 new commands a day. */
const lookEveryMs = 60_000;

/**
 * Registers the slash commands when they have changed since the last time, also while we run, and takes back those registered where they are
 * no longer wanted. Without them, words after a mention still work.
 */
export async function keepCommands(
  client: Client,
  application: string,
  options: DiscordOptions,
  signal: AbortSignal,
): Promise<void> {
  const apply = (commands: Commands) => registerCommands(client, application, options, commands);
  await keepStanding({ wanted: options.commands, apply, everyMs: options.menuEveryMs ?? lookEveryMs }, signal);
}

type Commands = Awaited<ReturnType<DiscordOptions["commands"]>>;

async function registerCommands(
  client: Client,
  application: string,
  options: DiscordOptions,
  commands: Commands,
): Promise<boolean> {
  const { settings, log, slashCommands } = options;
  const wanted = slashCommands && (slashCommands.guild ?? everywhere);
  const scopesKey = `discord:${application}:command-scopes`;
  try {
    // Those of old were noted nowhere: of them the one for everybody can be told.
    const known = (await settings.get(scopesKey))?.split(" ") ?? [everywhere];
    const scopes = new Set([...known, ...(wanted === null ? [] : [wanted])].filter(Boolean));
    if (wanted !== null && !known.includes(wanted)) await settings.set(scopesKey, [...scopes].join(" "));
    for (const scope of scopes) await registerIn(client, application, settings, scope, scope === wanted ? commands : null);
    return true;
  } catch (error) {
    log.warn({ reason: reason(error) }, "Discord's slash commands were not updated; it is tried again later");
    return false;
  }
}

async function registerIn(
  client: Client,
  application: string,
  settings: DiscordOptions["settings"],
  scope: string,
  commands: Commands | null,
): Promise<void> {
  const named = (commands ?? []).filter(({ name }) => nameForm.test(name));
  const body = named.slice(0, mostCommands).map(wired);
  const digest = commands !== null ? createHash("sha256").update(JSON.stringify(body)).digest("hex") : "";
  const key = `discord:${application}:commands:${scope}`;
  if (((await settings.get(key)) ?? "") === digest) return;
  const path =
    scope === everywhere ? Routes.applicationCommands(application) : Routes.applicationGuildCommands(application, scope);
  await client.call({ method: "PUT", path, body });
  await settings.set(key, digest);
}

function wired({ name, description, argument, translations = {} }: Commands[number]): Readonly<Record<string, unknown>> {
  const option = argument && {
    type: argumentType,
    name: "text",
    description: shortened(argument.description),
    ...localized(translations, ({ argument: words }) => words),
    required: false,
    autocomplete: argument.offers !== undefined,
  };
  return {
    type: ApplicationCommandType.ChatInput,
    name,
    description: shortened(description),
    ...localized(translations, ({ line }) => line),
    contexts: [InteractionContextType.Guild, InteractionContextType.BotDM],
    integration_types: [ApplicationIntegrationType.GuildInstall],
    ...(option ? { options: [option] } : {}),
  };
}

/** Discord's names of our languages. */
const locales: Readonly<Record<string, readonly string[]>> = { en: ["en-US", "en-GB"], zh: ["zh-CN", "zh-TW"] };

function localized(
  translations: Readonly<Record<string, CommandWords>>,
  pick: (words: CommandWords) => string | undefined,
): { readonly description_localizations?: Readonly<Record<string, string>> } {
  const all = Object.entries(translations).flatMap(([code, words]) => {
    const text = pick(words);
    return text === undefined ? [] : (locales[code] ?? []).map((locale) => [locale, shortened(text)] as const);
  });
  return all.length === 0 ? {} : { description_localizations: Object.fromEntries(all) };
}

function shortened(text: string): string {
  return text.length <= descriptionChars ? text || "…" : `${text.slice(0, descriptionChars - 1).toWellFormed()}…`;
}

import { createHash } from "node:crypto";
import { ApplicationCommandType, ApplicationIntegrationType, InteractionContextType, Routes } from "discord-api-types/v10";
import type { Client } from "./client.ts";
import { reason } from "./errors.ts";
import { argumentType } from "./interactions.ts";
import type { DiscordOptions } from "./options.ts";

/** Discord's limits: 100 commands, names of 1–32 characters, descriptions of 1–100. */
const mostCommands = 100;
const nameForm = /^[-_a-z0-9]{1,32}$/;
const descriptionChars = 100;

/** Registers the slash commands when they have changed since the last time. Without them, words after a mention still work. */
export async function registerCommands(client: Client, application: string, options: DiscordOptions): Promise<void> {
  if (options.slashCommands === null) return;
  const { guild } = options.slashCommands;
  const commands = options.commands
    .filter(({ name }) => nameForm.test(name))
    .slice(0, mostCommands)
    .map(wired);
  const digest = createHash("sha256").update(JSON.stringify(commands)).digest("hex");
  const key = `discord:${application}:commands:${guild ?? "global"}`;
  try {
    if ((await options.settings.get(key)) === digest) return;
    const path = guild === null ? Routes.applicationCommands(application) : Routes.applicationGuildCommands(application, guild);
    await client.call({ method: "PUT", path, body: commands });
    await options.settings.set(key, digest);
  } catch (error) {
    options.log.warn({ reason: reason(error) }, "Discord's slash commands were not updated; they will be at the next start");
  }
}

function wired({ name, description, argument }: DiscordOptions["commands"][number]): Readonly<Record<string, unknown>> {
  const option = argument && {
    type: argumentType,
    name: "text",
    description: shortened(argument.description),
    required: false,
    autocomplete: argument.offers !== undefined,
  };
  return {
    type: ApplicationCommandType.ChatInput,
    name,
    description: shortened(description),
    contexts: [InteractionContextType.Guild, InteractionContextType.BotDM],
    integration_types: [ApplicationIntegrationType.GuildInstall],
    ...(option ? { options: [option] } : {}),
  };
}

function shortened(text: string): string {
  return text.length <= descriptionChars ? text || "…" : `${text.slice(0, descriptionChars - 1).toWellFormed()}…`;
}

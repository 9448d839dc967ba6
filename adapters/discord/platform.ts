import type { Adapter } from "../../src/core/adapter.ts";
import { Failure } from "../../src/core/failures.ts";
import type { PlatformParts } from "../platform.ts";
import { createDiscord } from "./adapter.ts";

/** Makes the Discord adapter from the configuration. */
export async function create(parts: PlatformParts): Promise<Adapter> {
  const { botToken, apiUrl, slashCommands, commandGuild, ...rules } = parts.config.discord;
  if (botToken === null) throw new Failure("config.invalid", "Discord has no token", { advice: "Set DISCORD_BOT_TOKEN." });
  return createDiscord({
    token: botToken,
    apiUrl,
    slashCommands: slashCommands ? { guild: commandGuild } : null,
    rules: {
      guilds: rules.allowedGuilds,
      channels: rules.allowedChannels,
      ignoredChannels: rules.ignoredChannels,
      freeChannels: rules.freeResponseChannels,
      requireMention: rules.requireMention,
      autoThread: rules.autoThread,
      noThreadChannels: rules.noThreadChannels,
      reactions: rules.reactions,
      catchUpMs: rules.catchUpMinutes * 60_000,
    },
    commands: parts.offered,
    renamed: (channel) => parts.renamed("discord", channel),
    suggest: parts.suggest,
    settings: parts.settings,
    log: parts.log,
  });
}

import type { Adapter } from "../../src/core/adapter.ts";
import type { Config } from "../../src/config/keys.ts";
import { Failure } from "../../src/core/failures.ts";
import type { PlatformParts } from "../platform.ts";
import { createSlack } from "./adapter.ts";
import type { SlackDoor } from "./options.ts";

/** Makes the Slack adapter from the configuration. */
export async function create({ config, commands, suggest, renamed, settings, log }: PlatformParts): Promise<Adapter> {
  const { botToken, apiUrl, allowedChannels, catchUpMinutes } = config.slack;
  if (botToken === null) throw new Failure("config.invalid", "Slack has no token", { advice: "Set SLACK_BOT_TOKEN." });
  return createSlack({
    botToken,
    door: doorOf(config),
    apiUrl,
    allowedChannels,
    commands,
    isSkill: async (at, name) => (await suggest(at, "skill", name)).includes(name),
    renamed: (channel) => renamed("slack", channel),
    catchUpMs: catchUpMinutes * 60_000,
    settings,
    log,
  });
}

/** A socket where both are set: it needs no address that Slack can reach. */
function doorOf({ slack: { appToken, signingSecret, httpHost: host, httpPort: port } }: Config): SlackDoor | null {
  if (appToken !== null) return { type: "socket", appToken };
  return signingSecret === null ? null : { type: "http", signingSecret, host, port };
}

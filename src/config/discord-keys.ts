import { address, id, ids, text, toggle, whole } from "./kinds.ts";
import { row } from "./row.ts";

const channel = "123456789012345678";

/** The rows of Discord. */
export const discordKeys = {
  "discord.bot_token": row(text("a bot's token"), null, "Turns Discord on.", { env: "DISCORD_BOT_TOKEN", secret: true }),
  "discord.api_url": row(
    address(["http", "https"], "https://discord.com/api"),
    "https://discord.com/api",
    "Discord's API, or another server of it.",
    {
      env: "DISCORD_API_URL",
    },
  ),
  "discord.allowed_users": row(ids(channel), [], "Accounts that are let in without a pairing code.", {
    env: "DISCORD_ALLOWED_USERS",
  }),
  "discord.allowed_guilds": row(ids(channel), [], "Servers to listen in; empty: all that the bot was invited to.", {
    env: "DISCORD_ALLOWED_GUILDS",
  }),
  "discord.allowed_channels": row(
    ids(channel),
    [],
    "Channels to listen in, with their threads; empty: all. Private chats always count.",
    {
      env: "DISCORD_ALLOWED_CHANNELS",
    },
  ),
  "discord.ignored_channels": row(ids(channel), [], "Channels never to listen in.", { env: "DISCORD_IGNORED_CHANNELS" }),
  "discord.require_mention": row(toggle(), true, "Whether a message in a channel has to mention the bot or reply to it.", {
    env: "DISCORD_REQUIRE_MENTION",
  }),
  "discord.free_response_channels": row(ids(channel), [], "Channels where it answers unmentioned, without beginning threads.", {
    env: "DISCORD_FREE_RESPONSE_CHANNELS",
  }),
  "discord.auto_thread": row(
    toggle(),
    true,
    "Whether a mention in a channel begins a thread, which is a conversation of its own.",
    {
      env: "DISCORD_AUTO_THREAD",
    },
  ),
  "discord.no_thread_channels": row(ids(channel), [], "Channels where it answers in place instead.", {
    env: "DISCORD_NO_THREAD_CHANNELS",
  }),
  "discord.reactions": row(toggle(), true, "Whether a request gets 👀 when it is taken up, and ✅ or ❌ when it is done.", {
    env: "DISCORD_REACTIONS",
  }),
  "discord.slash_commands": row(toggle(), true, "Whether the commands are offered when somebody types `/`.", {
    aliases: ["discord.extra.slash_commands"],
  }),
  "discord.command_guild": row(id(channel), null, "Offers them in this one server only, where they appear at once.", {
    env: "DISCORD_COMMAND_GUILD",
  }),
  "discord.catch_up_minutes": row(
    whole(0, 10_080, "minutes"),
    60,
    "Messages missed while away are answered up to this age; older ones are named, not answered.",
  ),
};

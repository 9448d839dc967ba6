import { fileURLToPath } from "node:url";

/** Where a person talks to a bot; with a code, it is sent with the first press of Start. */
export function telegramLink(username: string, code: string | null = null): string {
  return `https://t.me/${username}${code === null ? "" : `?start=${code}`}`;
}

/** What an invitation lets the bot do: see channels, write in them and in threads, begin threads, attach files, read history, react. */
const permissions = "309237746752";

/** Where a server's owner lets the bot in, with its slash commands. */
export function discordInvitation(application: string): string {
  return `https://discord.com/oauth2/authorize?client_id=${application}&scope=bot+applications.commands&permissions=${permissions}`;
}

/** Where an application's bot has its token and its intents. */
export function discordBotPage(application: string): string {
  return `https://discord.com/developers/applications/${application}/bot`;
}

/** Where Slack makes an app, and the file that says what it needs. */
export const slackAppPage = "https://api.slack.com/apps?new_app=1";
export const slackManifest: string = fileURLToPath(new URL("../../../docs/slack-manifest.json", import.meta.url));

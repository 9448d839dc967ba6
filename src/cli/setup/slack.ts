import { z } from "zod";
import { slackScopes } from "../../config/slack-scopes.ts";
import { slackManifest } from "./links.ts";
import { answerOf, away, hasStrays, straysWords, type Verdict } from "./verdict.ts";

const toldSchema = z.object({
  ok: z.boolean(),
  error: z.string().default("no reason given"),
  team: z.string().default("?"),
  user: z.string().default("?"),
  url: z.string().optional(),
});

/** Asks Slack whose bot token this is, and what it may do. */
export async function verifySlackBot(apiUrl: string, token: string): Promise<Verdict> {
  if (hasStrays(token)) return { type: "wrong", text: straysWords, mend: botMend };
  if (!token.startsWith("xoxb-"))
    return { type: "wrong", text: `${kindOf(token)} The bot's token begins with xoxb-.`, mend: botMend };
  const told = await ask(apiUrl, "auth.test", token);
  if ("type" in told) return told;
  if (!told.ok) return { type: "wrong", text: `Slack refuses the bot's token (${told.error}).`, mend: botMend };
  const lacking = told.scopes === null ? [] : slackScopes.filter((scope) => !told.scopes?.includes(scope));
  const lacks = `The app lacks ${lacking.join(", ")}: bring it up to ${slackManifest} under App Manifest, and install it again.`;
  const links = told.url === undefined ? [] : [`Find it under Apps in ${told.url}`];
  return { type: "good", name: `@${told.user} in ${told.team}`, links, remarks: lacking.length === 0 ? [] : [lacks] };
}

/** Asks Slack whether this app-level token opens a socket. */
export async function verifySlackApp(apiUrl: string, token: string): Promise<Verdict> {
  if (hasStrays(token)) return { type: "wrong", text: straysWords, mend: appMend };
  if (!token.startsWith("xapp-"))
    return { type: "wrong", text: `${kindOf(token)} The app-level token begins with xapp-.`, mend: appMend };
  const told = await ask(apiUrl, "apps.connections.open", token);
  if ("type" in told) return told;
  if (!told.ok) return { type: "wrong", text: `Slack refuses the app-level token (${told.error}).`, mend: appMend };
  return { type: "good", name: "a socket", links: [], remarks: [] };
}

async function ask(apiUrl: string, method: string, token: string) {
  const root = apiUrl.replace(/\/+$/, "");
  const answer = await answerOf(`${root}/${method}`, { authorization: `Bearer ${token}` }, "POST");
  if (typeof answer === "string") return away("Slack", root, answer, "SLACK_API_URL");
  const { data } = toldSchema.safeParse(answer.body);
  if (data === undefined) return away("Slack", root, `it answers ${answer.status}`, "SLACK_API_URL");
  const scopes = answer.headers.get("x-oauth-scopes");
  return { ...data, scopes: scopes?.split(",").map((scope) => scope.trim()) ?? null };
}

function kindOf(token: string): string {
  if (token.startsWith("xapp-")) return "That is the app-level token.";
  if (token.startsWith("xoxb-")) return "That is the bot's token.";
  if (token.startsWith("xoxp-")) return "That is a user's token.";
  return "That is no token of Slack.";
}

const botMend = "At https://api.slack.com/apps, choose your app, Install App, and copy the Bot User OAuth Token.";
const appMend =
  "At https://api.slack.com/apps, choose your app, Basic Information, App-Level Tokens, and generate one with the scope connections:write.";

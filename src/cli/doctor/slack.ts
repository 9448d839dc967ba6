import { z } from "zod";
import { slackScopes } from "../../config/slack-scopes.ts";
import { askedToWait, type CheckInput, type CheckResult, fail, ok, warn } from "./check.ts";

const answerMs = 5_000;

const toldSchema = z.object({
  ok: z.boolean(),
  error: z.string().optional(),
  team: z.string().optional(),
  user: z.string().optional(),
});

interface Told extends z.infer<typeof toldSchema> {
  /** Of the token, as Slack says with each answer; null: it does not say. */
  readonly scopes: readonly string[] | null;
}

/** Both of Slack's tokens, the scopes, and whether there is a way in. */
export async function checkSlack({ loaded: { config } }: Pick<CheckInput, "loaded">): Promise<CheckResult[]> {
  const { botToken, appToken, signingSecret, apiUrl, httpHost, httpPort } = config.slack;
  if (botToken === null) return [ok("slack.token", "Off: no SLACK_BOT_TOKEN.")];
  const [bot, app] = await Promise.all([
    ask(apiUrl, "auth.test", botToken),
    appToken === null ? null : ask(apiUrl, "apps.connections.open", appToken),
  ]);
  if (bot === null) return [fail("slack.token", `${apiUrl} does not answer.`, "Check the network, a proxy, or SLACK_API_URL.")];
  if (bot.error === "ratelimited") return [askedToWait("slack.token", "Slack")];
  if (!bot.ok) {
    const mend = "Copy it from OAuth & Permissions of your app: `hermes config set SLACK_BOT_TOKEN`.";
    return [fail("slack.token", `The bot's token is refused: ${bot.error ?? "no reason given"}.`, mend)];
  }
  const who = `@${bot.user ?? "?"} in ${bot.team ?? "?"}`;
  return [ok("slack.token", `${who}.`), wayIn(), missing(bot)];

  function wayIn(): CheckResult {
    if (app?.ok === true) return ok("slack.way-in", "Slack reaches it over a socket.");
    if (app?.error === "ratelimited") return askedToWait("slack.way-in", "Slack");
    if (appToken !== null) {
      const mend = "Make one with the scope connections:write under Basic Information: `hermes config set SLACK_APP_TOKEN`.";
      return fail("slack.way-in", `The app-level token is refused: ${app?.error ?? "no answer"}.`, mend);
    }
    if (signingSecret !== null) return ok("slack.way-in", `Slack calls it at http://${httpHost}:${httpPort}/slack/events.`);
    return fail("slack.way-in", "Nothing can reach it.", "Set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP).");
  }
}

function missing({ scopes }: Told): CheckResult {
  const lacking = scopes === null ? [] : slackScopes.filter((scope) => !scopes.includes(scope));
  if (lacking.length === 0)
    return ok("slack.scopes", scopes === null ? "Slack does not tell its scopes." : "The app has all scopes.");
  const mend = "Bring the app up to docs/slack-manifest.json under App Manifest, and reinstall it.";
  return warn("slack.scopes", `The app lacks ${lacking.join(", ")}.`, mend);
}

async function ask(apiUrl: string, method: string, token: string): Promise<Told | null> {
  try {
    const response = await fetch(`${apiUrl.replace(/\/+$/, "")}/${method}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(answerMs),
    });
    if (response.status === 429) return { ok: false, error: "ratelimited", scopes: null };
    const told = toldSchema.safeParse(await response.json()).data;
    if (!told) return null;
    const scopes = response.headers.get("x-oauth-scopes");
    return { ...told, scopes: scopes?.split(",").map((scope) => scope.trim()) ?? null };
  } catch {
    return null;
  }
}

import { z } from "zod";
import type { Config } from "../../config/keys.ts";
import { Failure } from "../../core/failures.ts";
import { askedToWait, type CheckInput, type CheckResult, fail, ok, warn } from "./check.ts";

const answerMs = 5_000;

const meSchema = z.object({
  username: z.string(),
  can_join_groups: z.boolean().optional(),
  can_read_all_group_messages: z.boolean().optional(),
});
const hookSchema = z.object({
  url: z.string(),
  pending_update_count: z.number().default(0),
  last_error_date: z.number().optional(),
  last_error_message: z.string().optional(),
});
const replySchema = z.object({
  ok: z.boolean(),
  error_code: z.number().optional(),
  description: z.string().optional(),
  result: z.unknown().optional(),
});

/** Telegram's token, what the bot sees in groups, and whether what it receives comes the way that is configured. */
export async function checkTelegram({ loaded: { config } }: Pick<CheckInput, "loaded">): Promise<CheckResult[]> {
  const { botToken, apiRoot } = config.telegram;
  if (botToken === null) return [ok("telegram.token", "Off: no TELEGRAM_BOT_TOKEN.")];
  const [reply, hook] = await Promise.all([ask(config, "getMe"), ask(config, "getWebhookInfo")]);
  if (reply === null)
    return [fail("telegram.token", `${apiRoot} does not answer.`, "Check the network, a proxy, or TELEGRAM_API_ROOT.")];
  if (reply.error_code === 429) return [askedToWait("telegram.token", "Telegram")];
  const me = meSchema.safeParse(reply.result).data;
  if (!reply.ok || me === undefined) {
    const mend = "Get one from @BotFather: `hermes config set TELEGRAM_BOT_TOKEN`.";
    return [fail("telegram.token", `The token is refused: ${reply.description ?? "no reason given"}.`, mend)];
  }
  return [
    ok("telegram.token", `@${me.username}: https://t.me/${me.username}`),
    ...groups(me),
    ...webhook(config, hookSchema.safeParse(hook?.result).data),
  ];
}

function groups({ can_join_groups: joins, can_read_all_group_messages: all }: z.infer<typeof meSchema>): CheckResult[] {
  if (joins === false) return [ok("telegram.privacy", "It can't be added to groups: /setjoingroups at @BotFather.")];
  if (all === undefined) return [];
  const text = all
    ? "Telegram sends it all that is said in its groups (privacy mode off); it answers when it is meant."
    : "In groups Telegram sends it commands, mentions and answers to it (privacy mode on), which is what it needs.";
  return [ok("telegram.privacy", text)];
}

function webhook(config: Config, hook: z.infer<typeof hookSchema> | undefined): CheckResult[] {
  if (hook === undefined) return [];
  const { webhookUrl: wanted } = config.telegram;
  if (wanted === null)
    return hook.url === "" ? [ok("telegram.webhook", "It polls, and no webhook is in the way.")] : [leftSet(config, hook.url)];
  if (hook.url !== wanted)
    return [warn("telegram.webhook", `Telegram does not send to ${wanted} yet.`, "The service says so to it at its start.")];
  const late = hook.last_error_date !== undefined && Date.now() / 1_000 - hook.last_error_date < recentSeconds;
  if (!late) return [ok("telegram.webhook", `Telegram sends to ${wanted}.`)];
  const text = `Telegram can't send to ${wanted}: ${hook.last_error_message ?? "no reason given"}; ${hook.pending_update_count} wait.`;
  return [fail("telegram.webhook", text, "See that your proxy passes that path on, and its certificate.")];
}

/** Older errors may be mended. */
const recentSeconds = 600;

/** The start removes it too; another program that uses the bot would miss it. */
function leftSet(config: Config, url: string): CheckResult {
  const run = async (): Promise<string> => {
    const reply = await ask(config, "deleteWebhook");
    if (reply?.ok !== true)
      throw new Failure("platform.refused", `Telegram keeps the webhook: ${reply?.description ?? "no answer"}`);
    return "Removed the webhook; what waits there is fetched by polling.";
  };
  const text = `A webhook is set (${URL.parse(url)?.host ?? "somewhere"}), so polling gets nothing.`;
  const mend = "If no other program uses this bot, the service's start removes it.";
  return warn("telegram.webhook", text, mend, { does: "remove the webhook", asks: true, run });
}

async function ask({ telegram: { apiRoot, botToken } }: Config, method: string): Promise<z.infer<typeof replySchema> | null> {
  return await fetch(`${apiRoot.replace(/\/+$/, "")}/bot${botToken}/${method}`, { signal: AbortSignal.timeout(answerMs) }).then(
    async (response) => replySchema.safeParse(await response.json().catch(() => null)).data ?? null,
    () => null,
  );
}

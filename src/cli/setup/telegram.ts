import { z } from "zod";
import { telegramLink } from "./links.ts";
import { answerOf, away, hasStrays, straysWords, type Verdict } from "./verdict.ts";

const meSchema = z.object({
  ok: z.boolean(),
  description: z.string().default("no reason given"),
  result: z.object({ username: z.string(), first_name: z.string().default("") }).optional(),
});

/** A bot's token within what was pasted, such as the whole message of @BotFather. */
export function telegramTokenIn(pasted: string): string {
  return /\d{5,}:[\w-]{30,}/.exec(pasted)?.[0] ?? pasted.trim();
}

/** Asks Telegram whose token this is. */
export async function verifyTelegram(apiRoot: string, token: string): Promise<Verdict> {
  const other = hasStrays(token)
    ? straysWords
    : /^xox|^xapp-/.test(token)
      ? "That is a token of Slack."
      : /^\d+:[\w-]+$/.test(token)
        ? null
        : noToken;
  if (other !== null) return { type: "wrong", text: other, mend };
  const root = apiRoot.replace(/\/+$/, "");
  const answer = await answerOf(`${root}/bot${token}/getMe`, {});
  if (typeof answer === "string") return away("Telegram", root, answer, "TELEGRAM_API_ROOT");
  const { data } = meSchema.safeParse(answer.body);
  if (data === undefined) return away("Telegram", root, `it answers ${answer.status}`, "TELEGRAM_API_ROOT");
  if (!data.ok || data.result === undefined) return { type: "wrong", text: `Telegram refuses it (${data.description}).`, mend };
  const { username } = data.result;
  return { type: "good", name: `@${username}`, links: [`Talk to it at ${telegramLink(username)}`], remarks: [] };
}

const noToken = "That is no bot token: those look like 123456789:AAF….";
const mend =
  "In Telegram, open @BotFather (https://t.me/BotFather), send /mybots, choose the bot, API Token; /newbot makes a new one.";

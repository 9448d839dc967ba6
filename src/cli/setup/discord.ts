import { z } from "zod";
import { discordBotPage, discordInvitation } from "./links.ts";
import { answerOf, away, hasStrays, straysWords, type Verdict } from "./verdict.ts";

/** Flags of an application that may read all messages: as such, and in few servers. */
const contentFlags = (1 << 18) | (1 << 19);

const applicationSchema = z.object({ id: z.string(), name: z.string(), flags: z.number().default(0) });

/** Asks Discord whose token this is, and what it may do. */
export async function verifyDiscord(apiUrl: string, token: string): Promise<Verdict> {
  const other = otherThan(token);
  if (other !== null) return { type: "wrong", text: other, mend };
  const root = apiUrl.replace(/\/+$/, "").replace(/\/v10$/, "");
  const answer = await answerOf(`${root}/v10/applications/@me`, { authorization: `Bot ${token}` });
  if (typeof answer === "string") return away("Discord", root, answer, "DISCORD_API_URL");
  if (answer.status === 401) return { type: "wrong", text: "Discord refuses it (401).", mend };
  const { data } = applicationSchema.safeParse(answer.body);
  if (data === undefined) return away("Discord", root, `it answers ${answer.status}`, "DISCORD_API_URL");
  const intent = `It may not read all messages yet: in threads it has to be mentioned each time. Turn on Message Content Intent at ${discordBotPage(data.id)}`;
  const links = [`Invite it to your server with ${discordInvitation(data.id)}`];
  return { type: "good", name: data.name, links, remarks: (data.flags & contentFlags) === 0 ? [intent] : [] };
}

function otherThan(token: string): string | null {
  if (hasStrays(token)) return straysWords;
  if (/^xox|^xapp-/.test(token)) return "That is a token of Slack.";
  if (/^\d+:/.test(token)) return "That is a token of Telegram.";
  if (/^\d+$/.test(token)) return "That is the application's id, not its bot's token.";
  return /^[0-9a-f]{64}$/.test(token) ? "That is the application's public key, not its bot's token." : null;
}

const mend =
  "At https://discord.com/developers/applications, choose your application (or New Application), Bot, Reset Token, and copy what it shows.";

import { z } from "zod";
import { discordInvitation } from "../setup/links.ts";
import { askedToWait, type CheckInput, type CheckResult, fail, ok, warn } from "./check.ts";

const answerMs = 5_000;
/** Flags of an application that may read all messages: as such, and in few servers. */
const contentFlags = (1 << 18) | (1 << 19);

const applicationSchema = z.object({ id: z.string(), name: z.string().default("?"), flags: z.number().default(0) });

/** Discord's token, and whether all messages may be read. */
export async function checkDiscord({ loaded: { config } }: Pick<CheckInput, "loaded">): Promise<CheckResult[]> {
  const { botToken, apiUrl } = config.discord;
  if (botToken === null) return [ok("discord.token", "Off: no DISCORD_BOT_TOKEN.")];
  const answer = await fetch(`${apiUrl.replace(/\/+$/, "").replace(/\/v10$/, "")}/v10/applications/@me`, {
    headers: { authorization: `Bot ${botToken}` },
    signal: AbortSignal.timeout(answerMs),
  }).then(
    async (response) => ({ status: response.status, body: applicationSchema.safeParse(await response.json().catch(() => null)) }),
    () => null,
  );
  if (answer?.status === 429) return [askedToWait("discord.token", "Discord")];
  if (answer?.status === 401) {
    const mend = "Copy it from the Bot page of your application: `hermes config set DISCORD_BOT_TOKEN`.";
    return [fail("discord.token", "The bot's token is refused.", mend)];
  }
  if (!answer?.body.success) {
    return [fail("discord.token", `${apiUrl} does not answer.`, "Check the network, a proxy, or DISCORD_API_URL.")];
  }
  const { id, name, flags } = answer.body.data;
  const invitation = discordInvitation(id);
  const found = ok("discord.token", `${name}; invite it with ${invitation}`);
  if ((flags & contentFlags) !== 0) return [found, ok("discord.content", "It may read all messages.")];
  const mend = "Turn on Message Content Intent on the Bot page of your application.";
  return [found, warn("discord.content", "It may not read all messages: in threads it has to be mentioned each time.", mend)];
}

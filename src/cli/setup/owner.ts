import { z } from "zod";
import { pause } from "../../core/pause.ts";
import { callControl } from "../../gateway/control-socket.ts";
import { askRecord } from "../record.ts";
import { telegramLink } from "./links.ts";
import { platformSetups } from "./platforms.ts";
import { type Setup, type StepEnd, tell, tellEnd } from "./step.ts";

/** Owner: a code, or a link with it, for whoever is to own the bot. The first to show it in a private chat does. */
export async function setUpOwner(setup: Setup): Promise<readonly StepEnd[]> {
  const { context, flags, talk } = setup;
  const { config } = await setup.load();
  const on = platformSetups.filter(({ tokens }) => tokens[0].now(config) !== null);
  if (on.length === 0) return [noBot(flags.owner === true)];
  const first = await askRecord(context, { command: "pairing.invite", args: ["first"] });
  const owned = first.ok && first.text === "";
  if (owned && flags.owner !== true && !(await again(talk))) return [{ state: "done", about: "owner", text: "there is one" }];
  const invited = owned ? await askRecord(context, { command: "pairing.invite", args: [] }) : first;
  if (!invited.ok) {
    const text = `Write to the bot: it answers with a code. Then: hermes pairing approve CODE owner. (${invited.text})`;
    return [{ state: "open", about: "owner", text }];
  }
  const code = invited.text;
  const bot = await botOf(setup);
  tell(context, "The owner is whoever shows this code to the bot first, in a private chat, within an hour:");
  context.print(`    ${code}`);
  if (bot !== null) tell(context, `  In Telegram, open ${telegramLink(bot, code)} and press Start: that shows it.`);
  if (on.some(({ name }) => name === "discord"))
    tell(context, "  In Discord, open the bot's profile in your server, and send it the code as a message.");
  if (on.some(({ name }) => name === "slack"))
    tell(context, "  In Slack, open the bot under Apps, and send it the code as a message.");
  const how = bot === null ? `send it ${code} in a private chat` : `open ${telegramLink(bot, code)} and press Start`;
  const text = owned ? "another one is invited" : "nobody yet";
  return [{ state: "open", about: "owner", text, ...(owned ? {} : { toOwn: { how, code } }) }];
}

/** A code is shown to a bot: where there is none, whoever wished for one is told. */
function noBot(wished: boolean): StepEnd {
  if (!wished) return { state: "open", about: "owner", text: "whoever opens the local page first, on this machine" };
  const text = "An owner shows a code to a bot, and there is none yet: `hermes setup platforms` connects one.";
  return { state: "failed", about: "owner", text };
}

async function again(talk: Setup["talk"]): Promise<boolean> {
  return talk === null ? false : await talk.yes("The bot has an owner. Invite another one?", false);
}

/** Telegram's bot by its name; null where there is none, or Telegram does not say. */
async function botOf(setup: Setup): Promise<string | null> {
  const { config } = await setup.load();
  const { tokens } = platformSetups.find(({ name }) => name === "telegram") ?? {};
  const token = tokens?.[0].now(config) ?? null;
  if (tokens === undefined || token === null) return null;
  const verdict = await tokens[0].verify(config, token);
  return verdict.type === "good" ? verdict.name.slice(1) : null;
}

/**
 * Waits, where somebody is at the terminal and the service runs, until the code was shown, and says by whom: it may have been somebody
 * else. Ctrl-C ends the waiting only.
 */
export async function seeOwner({ context, talk }: Setup, code: string): Promise<void> {
  const owned = () => callControl(context.home, { command: "pairing.owned", args: [code] }).catch(() => null);
  if (talk === null || (await owned()) === null) return;
  const left = new AbortController();
  const leave = (): void => left.abort();
  process.once("SIGINT", leave);
  context.print("Waiting for that … (Ctrl-C ends the waiting; the code stays good for an hour)");
  try {
    for (;;) {
      const reply = await owned();
      if (reply === null || left.signal.aborted) return;
      // A service that is starting still says no.
      const end = reply.ok ? endOf(ownedSchema.parse(JSON.parse(reply.text))) : null;
      if (end !== null) return tellEnd(context, end);
      await pause(lookMs, left.signal);
    }
  } finally {
    process.off("SIGINT", leave);
  }
}

/** An owner; null while there is none; `over` where there is none and the code is no good any more. */
const ownedSchema = z.union([z.object({ name: z.string(), account: z.string() }), z.literal("over"), z.null()]);

function endOf(owned: z.output<typeof ownedSchema>): StepEnd | null {
  if (owned === null) return null;
  if (owned === "over")
    return { state: "open", about: "owner", text: "The code is too old now, or a group has seen it: hermes setup owner" };
  const { name, account } = owned;
  // Anybody may have come, by any name.
  const shown = name.replaceAll(/[\p{Cc}\p{Cf}]+/gu, " ");
  const text = `${shown} (${account}) owns the bot. It answers. Not you? hermes setup owner --owner, then: hermes people role ${account} guest`;
  return { state: "done", about: "owner", text };
}

const lookMs = 500;

import { setTimeout as sleep } from "node:timers/promises";
import { discordServer } from "../test/doubles/discord.ts";
import { slackServer } from "../test/doubles/slack.ts";
import { type TelegramServer, telegramServer } from "../test/doubles/telegram.ts";

/** The chat platforms that figures are taken of. */
export type MouthName = "Telegram" | "Discord" | "Slack";
export const mouthNames: readonly MouthName[] = ["Telegram", "Discord", "Slack"];

/** A platform's double as a figure needs it. */
export interface Mouth extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>;
  /** A request that makes a message of an answer, in any of the forms that the platform knows. */
  readonly finalCall: RegExp;
  /** Resolves when the service listens there. */
  connected(): Promise<void>;
  /** Somebody writes in the private chat of this number; resolves with the time it was there to be handed out. */
  say(chat: number, text: string): Promise<number>;
  /** How often it had to say that too much was sent. */
  refusals(): number;
  /** Resolves when so many chats have an answer that ends in these words. */
  answered(chats: number, ending: string, patienceMs: number): Promise<void>;
}

const patienceMs = 60_000;

/** Telegram's double on its own: other rows look into it. */
export function telegramMouth(telegram: TelegramServer): Mouth {
  const polls = () => telegram.calls.findLast((call) => call.method === "getUpdates")?.status === 0;
  return {
    env: { TELEGRAM_BOT_TOKEN: telegram.token, TELEGRAM_API_ROOT: telegram.url },
    finalCall: /\/(?:send(?:Rich)?Message|editMessageText)$/,
    connected: async () => void (await telegram.waitFor(polls, patienceMs)),
    async say(chat, text) {
      while (!polls()) await sleep(1);
      const at = performance.now();
      telegram.say(chat, text);
      return at;
    },
    refusals: () => telegram.calls.filter(({ status }) => status === 429).length,
    async answered(chats, ending, waitMs) {
      const done = (chat: number) => telegram.messages(chat).at(-1)?.text.endsWith(ending) === true;
      await telegram.waitFor(() => telegram.chats().filter(done).length >= chats, waitMs);
    },
    [Symbol.asyncDispose]: () => telegram.close(),
  };
}

/** Opens a platform's double. */
export async function openMouth(name: MouthName): Promise<Mouth> {
  switch (name) {
    case "Telegram":
      return telegramMouth(await telegramServer());
    case "Discord": {
      const discord = await discordServer();
      return {
        env: { DISCORD_BOT_TOKEN: discord.token, DISCORD_API_URL: discord.url },
        finalCall: /\/channels\/\d+\/messages(?:\/\d+)?$/,
        connected: async () => void (await discord.waitFor(() => discord.gateway.identifies().length > 0, patienceMs)),
        async say(chat, text) {
          const at = performance.now();
          discord.write(String(500_000_000_000_000_000n + BigInt(chat)), text);
          return at;
        },
        // Reactions share a room before they can know of it.
        refusals: () => discord.flooded,
        async answered(chats, ending, waitMs) {
          const done = () =>
            discord.world.channels().filter(({ id }) => discord.said(id).at(-1)?.content.endsWith(ending) === true);
          await discord.waitFor(() => done().length >= chats, waitMs);
        },
        [Symbol.asyncDispose]: () => discord.close(),
      };
    }
    case "Slack": {
      const slack = await slackServer();
      const roots = new Map<number, string>();
      return {
        env: { SLACK_BOT_TOKEN: slack.botToken, SLACK_APP_TOKEN: slack.appToken, SLACK_API_URL: slack.url },
        finalCall: /\/chat\.(?:postMessage|stopStream|update)$/,
        connected: async () => void (await slack.waitFor(() => slack.events.sockets.length > 0, patienceMs)),
        async say(chat, text) {
          const root = roots.get(chat);
          const at = performance.now();
          const ts = slack.say(`D${chat}`, text, root === undefined ? {} : { thread: root });
          roots.set(chat, root ?? ts);
          return at;
        },
        refusals: () => slack.calls.filter(({ result }) => result === "ratelimited").length,
        async answered(chats, ending, waitMs) {
          const done = ([chat, root]: [number, string]) =>
            slack.messages(`D${chat}`, root).at(-1)?.text.trimEnd().endsWith(ending) === true;
          await slack.waitFor(() => [...roots].filter(done).length >= chats, waitMs);
        },
        [Symbol.asyncDispose]: () => slack.close(),
      };
    }
  }
}

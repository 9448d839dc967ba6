import type { SlackApi } from "./api.ts";
import type { Budget } from "./budget.ts";
import { type Fields, items, text } from "./fields.ts";
import type { Recent } from "./recent.ts";

/** The thread a slash command is about: it comes without one. */
export interface LastThread {
  /** Where somebody last spoke with us in a channel; null: nowhere that we could tell. */
  of(channel: string, user: string): Promise<string | null>;
}

/** Slack waits three seconds for its acknowledgement, in which the command is also stored. */
const patienceMs = 1_500;
const lookedAt = 20;

/** What we have seen ourselves; after a restart, in private chats, what Slack remembers. */
export function createLastThread(api: SlackApi, budget: Budget, recent: Recent): LastThread {
  const look = async (channel: string): Promise<string | null> => {
    if (!budget.take("conversations.history")) return null;
    const { messages } = await api.aside("conversations.history", { channel, limit: lookedAt });
    const roots = items(messages).filter((message) => text(message["bot_id"]) === null);
    const newest = roots.toSorted((one, other) => lastWord(other) - lastWord(one))[0];
    return text(newest?.["ts"]);
  };
  return {
    async of(channel, user) {
      const seen = recent.thread(channel, user);
      if (seen !== null || !channel.startsWith("D")) return seen;
      const late = Promise.withResolvers<null>();
      const timer = setTimeout(() => late.resolve(null), patienceMs);
      const found = await Promise.race([look(channel).catch(() => null), late.promise]);
      clearTimeout(timer);
      return found;
    },
  };
}

function lastWord(root: Fields): number {
  return Number(text(root["latest_reply"]) ?? text(root["ts"]) ?? 0);
}

import { setTimeout as sleep } from "node:timers/promises";
import { RateLimitError } from "@discordjs/rest";
import { Routes } from "discord-api-types/v10";
import type { Mark } from "../../src/core/adapter.ts";
import type { Client } from "./client.ts";
import { codeOf, codes, toFailure } from "./errors.ts";
import type { ChatRef } from "../../src/core/chats.ts";

const signs: Readonly<Record<Mark, string>> = { seen: "👀", answered: "✅", failed: "❌" };

const mostTries = 4;
const longestWaitMs = 2_000;

/** Puts a sign under the message that asked, in place of the one before. */
export async function markMessage(client: Client, { chat, thread }: ChatRef, message: string, mark: Mark): Promise<void> {
  // What began a thread stands in its channel.
  const channel = thread === null || thread === message ? chat : thread;
  const put = async (method: "PUT" | "DELETE", sign: Mark): Promise<void> => {
    const path = Routes.channelMessageOwnReaction(channel, message, encodeURIComponent(signs[sign]));
    await patient(async () => await client.call({ method, path })).catch((error: unknown) => {
      if (codeOf(error) !== codes.unknownEmoji) throw toFailure(error, true);
    });
  };
  await put("PUT", mark);
  if (mark !== "seen") await put("DELETE", "seen");
}

/** Waits out what Discord asks for: reactions of a channel have room for one in a quarter of a second. */
async function patient(call: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return void (await call());
    } catch (error) {
      if (!(error instanceof RateLimitError) || error.retryAfter > longestWaitMs || tries >= mostTries) throw error;
      await sleep(error.retryAfter);
    }
  }
}

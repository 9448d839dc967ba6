import { RateLimitError } from "@discordjs/rest";
import { Routes } from "discord-api-types/v10";
import type { Mark } from "../../src/core/adapter.ts";
import type { ChatRef } from "../../src/core/chats.ts";
import { Failure } from "../../src/core/failures.ts";
import { pause } from "../../src/core/pause.ts";
import type { Client } from "./client.ts";
import { codeOf, codes, toFailure } from "./errors.ts";

/** The signs under messages that ask for something. */
export interface Marks {
  /** Puts a sign in place of the one before. What comes while an earlier one waits for room takes its place. */
  put(chat: ChatRef, message: string, mark: Mark): Promise<void>;
}

const signs: Readonly<Record<Mark, string>> = { seen: "👀", answered: "✅", failed: "❌" };

/** Reactions of a channel have room for one in a quarter of a second, and all else goes before them. */
const patienceMs = 120_000;
const longestWaitMs = 2_000;
/** Until there is room for another reaction, as far as is known of Discord. */
const betweenMs = 270;
const lookMs = 100;

export function createMarks(client: Client): Marks {
  /** What is to stand there, of messages that are being worked on. */
  const wanted = new Map<string, Mark>();
  const call = async (channel: string, message: string, method: "PUT" | "DELETE", sign: Mark): Promise<void> => {
    const path = Routes.channelMessageOwnReaction(channel, message, encodeURIComponent(signs[sign]));
    await client.call({ method, path, urgency: "sign" }).catch((error: unknown) => {
      if (codeOf(error) !== codes.unknownEmoji) throw error;
    });
  };
  const work = async (key: string, channel: string, message: string): Promise<void> => {
    const until = performance.now() + patienceMs;
    let shown: Mark | null = null;
    // The first time it is not known what stands there: another process may have put it.
    let stale = true;
    const step = async (mark: Mark): Promise<boolean> => {
      if (mark !== shown) {
        await call(channel, message, "PUT", mark);
        shown = mark;
        if (mark !== "seen" && stale) await pause(betweenMs, client.closed);
      }
      if (mark !== "seen" && stale) await call(channel, message, "DELETE", "seen");
      stale = mark === "seen";
      return wanted.get(key) === mark;
    };
    for (;;) {
      const done = await step(wanted.get(key) ?? "seen").catch((error: unknown) => ({ error }));
      if (done === true) return;
      if (done === false) continue;
      const wait = waitOf(done.error);
      if (wait === null || client.closed.aborted || performance.now() + wait > until) throw done.error;
      await pause(wait, client.closed);
    }
  };
  return {
    async put({ chat, thread }, message, mark) {
      // What began a thread stands in its channel.
      const channel = thread === null || thread === message ? chat : thread;
      const key = `${channel}:${message}`;
      const busy = wanted.has(key);
      wanted.set(key, mark);
      if (busy) return;
      try {
        await work(key, channel, message);
      } catch (error) {
        throw toFailure(error, true);
      } finally {
        wanted.delete(key);
      }
    },
  };
}

/** How long to wait before the next attempt; null: there is to be none. */
function waitOf(error: unknown): number | null {
  if (error instanceof RateLimitError) return error.retryAfter > longestWaitMs ? null : error.retryAfter;
  return error instanceof Failure && error.retryable ? (error.retryAfterMs ?? 0) + lookMs * Math.random() : null;
}

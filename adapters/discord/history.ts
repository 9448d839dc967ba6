import { RateLimitError } from "@discordjs/rest";
import { Routes } from "discord-api-types/v10";
import type { Log } from "../../src/core/log.ts";
import { pause } from "../../src/core/pause.ts";
import { oldestMissedMs } from "../missed.ts";
import type { Client, Request } from "./client.ts";
import { reason, toFailure } from "./errors.ts";
import { madeAt, messageSchema, type WireMessage } from "./wire.ts";

/** Discord gives no more at once. */
const pageSize = 100;
/** So much is read of a channel; of what came before it is only said that there was something. */
const mostPages = 10;
/** A channel that can't be read so often, over some 15 s, holds up the others no longer. */
const mostTries = 5;
/** A wait that Discord asks for is waited out on the spot when it is no longer; else everything would be read anew. */
const longestWaitMs = 10_000;

/** What a channel has that was not seen. */
export interface Missed {
  /** Oldest first. */
  readonly messages: readonly WireMessage[];
  /** What there is before these: nothing of ours, `earlier` messages, or what could not be read (`unread`). */
  readonly rest: "earlier" | "unread" | null;
}

interface Parts {
  readonly client: Client;
  readonly log: Log;
}

interface Unread {
  /** What had been seen. */
  readonly since: bigint;
  /** Attempts in a row that could not read a channel. */
  failed: number;
}

/** The newest that a channel has since then, page by page. Rejects when it may be read later. */
export async function fetchMissed(parts: Parts, channel: string, guild: string | null, unread: Unread): Promise<Missed> {
  const { client, log } = parts;
  const messages: WireMessage[] = [];
  let before: string | null = null;
  try {
    for (let page = 0; page < mostPages; page += 1) {
      // Asked for what comes after an id, Discord gives the oldest.
      const query: Record<string, string> = { limit: String(pageSize), ...(before === null ? {} : { before }) };
      const found = await pageOf(client, { method: "GET", path: Routes.channelMessages(channel), query });
      const read = found.flatMap((each: unknown) => {
        const parsed = messageSchema.safeParse(each);
        // A guild's messages don't name it here.
        return parsed.success ? [guild === null ? parsed.data : { ...parsed.data, guild_id: guild }] : [];
      });
      const ordered = read.toSorted((one, other) => (BigInt(one.id) < BigInt(other.id) ? -1 : 1));
      const missed = ordered.filter(({ id }) => BigInt(id) > unread.since);
      messages.unshift(...missed);
      const oldest = ordered[0];
      const over = missed.length < ordered.length || (oldest !== undefined && Date.now() - madeAt(oldest.id) > oldestMissedMs);
      if (over || oldest === undefined || found.length < pageSize) return ended(unread, { messages, rest: null });
      before = oldest.id;
    }
    return ended(unread, { messages, rest: "earlier" });
  } catch (error) {
    unread.failed += 1;
    const { retryable } = toFailure(error, true);
    if (retryable && unread.failed < mostTries) throw error;
    log.debug({ channel, reason: reason(error) }, "what was missed in a channel of Discord's could not be read");
    // What we may not read is nothing to speak of.
    return ended(unread, { messages, rest: retryable ? "unread" : null });
  }
}

/** The channel's reading is over, one way or the other: the next one has all its attempts before it. */
function ended(unread: Unread, missed: Missed): Missed {
  unread.failed = 0;
  return missed;
}

async function pageOf(client: Client, request: Request): Promise<readonly unknown[]> {
  const found = await client.call(request).catch(async (error: unknown) => {
    if (!(error instanceof RateLimitError) || error.retryAfter > longestWaitMs) throw error;
    await pause(error.retryAfter, client.closed);
    return await client.call(request);
  });
  return Array.isArray(found) ? found : [];
}

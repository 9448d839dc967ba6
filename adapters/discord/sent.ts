import { createHash } from "node:crypto";
import { Routes } from "discord-api-types/v10";
import { z } from "zod";
import type { Client } from "./client.ts";
import { madeAt } from "./wire.ts";

/** Discord keeps a nonce "for a few minutes": within these it sends nothing twice by itself. */
export const nonceMs = 120_000;
/** Discord takes 25 characters. */
const nonceChars = 25;

/**
 * What marks a message as the same at each attempt. Where it goes and what it says count too: an outbox that begins anew must not take an
 * old message for a new one.
 */
export function nonceOf(parts: readonly (string | null)[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url").slice(0, nonceChars);
}

const historySchema = z.array(
  z.object({ id: z.string(), content: z.string().default(""), author: z.object({ id: z.string() }) }),
);

const mostRead = 50;
/** Discord's clock and ours may differ so much. */
const clockSlackMs = 60_000;

/** A message of ours in a channel that says just this and is not older; `unknown` where the newest do not reach back so far. */
export async function findSent(
  client: Client,
  channel: string,
  wanted: { readonly author: string; readonly content: string; readonly since: number },
): Promise<{ readonly id: string } | "unsent" | "unknown"> {
  const since = wanted.since - clockSlackMs;
  const found = await client.call({ method: "GET", path: Routes.channelMessages(channel), query: { limit: String(mostRead) } });
  const history = historySchema.parse(found);
  const match = history.find(
    ({ id, content, author }) => author.id === wanted.author && content.trim() === wanted.content.trim() && madeAt(id) >= since,
  );
  if (match) return { id: match.id };
  return history.length >= mostRead && history.every(({ id }) => madeAt(id) > since) ? "unknown" : "unsent";
}

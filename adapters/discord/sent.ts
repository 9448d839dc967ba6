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

/** A message of ours in a channel that says just this and is not older; null when there is none among the newest. */
export async function findSent(
  client: Client,
  channel: string,
  wanted: { readonly author: string; readonly content: string; readonly since: number },
): Promise<string | null> {
  const found = await client.call({ method: "GET", path: Routes.channelMessages(channel), query: { limit: "50" } });
  const history = historySchema.parse(found);
  const match = history.find(
    ({ id, content, author }) =>
      author.id === wanted.author && content.trim() === wanted.content.trim() && madeAt(id) >= wanted.since,
  );
  return match?.id ?? null;
}

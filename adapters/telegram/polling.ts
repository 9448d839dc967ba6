import type { Update } from "grammy/types";
import type { Log } from "../../src/core/log.ts";
import { callSignal, type Client, pollSeconds } from "./client.ts";
import { refusal } from "./errors.ts";
import { wantedUpdates } from "./inbound.ts";
import { createOutages } from "./outages.ts";
import { pause } from "../../src/core/pause.ts";
import { backoff } from "../backoff.ts";

export interface PollingParts {
  readonly client: Client;
  /** Resolves when the update is stored or needs no storing; rejects when it must be asked for again. */
  take(update: Update): Promise<void>;
  readonly log: Log;
}

export interface Polling {
  /** Asks no more; resolves when what is at hand is stored. */
  stop(): Promise<void>;
}

const storeFirstMs = 250;
const storeLongestMs = 10_000;
const confirmMs = 2_000;

/**
 * Asks for updates, in order, forever. Asking for those after number n confirms n to Telegram: so the number moves on only when an
 * update is stored, and whatever dies in between is told again.
 */
export function startPolling(parts: PollingParts): Polling {
  const stopped = new AbortController();
  const offset = createOffset();
  const running = poll(parts, offset, stopped.signal);
  return {
    async stop() {
      stopped.abort();
      await running;
      if (offset.isConfirmed()) return;
      // Spares the next start what is already stored; it would drop it anyway.
      const params = { ...offset.params(), limit: 1, timeout: 0 };
      await parts.client.polling.raw.getUpdates(params, callSignal(AbortSignal.timeout(confirmMs))).catch(() => undefined);
    },
  };
}

interface Offset {
  params(): { offset?: number };
  stored(update: number): void;
  confirmed(): void;
  isConfirmed(): boolean;
}

function createOffset(): Offset {
  let next: number | null = null;
  let confirmed = true;
  return {
    params: () => (next === null ? {} : { offset: next }),
    stored(update) {
      next = update + 1;
      confirmed = false;
    },
    confirmed() {
      confirmed = true;
    },
    isConfirmed: () => confirmed,
  };
}

async function poll(parts: PollingParts, offset: Offset, signal: AbortSignal): Promise<void> {
  const outages = createOutages(parts.client.origin, parts.log);
  const storing = backoff(storeFirstMs, storeLongestMs);
  while (!signal.aborted) {
    const updates = await ask(parts, offset, signal).catch((error: unknown) => ({ error }));
    if (signal.aborted) return;
    if ("error" in updates) {
      if (isWebhook(updates.error)) await dropWebhook(parts, signal);
      await pause(outages.failed(updates.error), signal);
      continue;
    }
    outages.answered();
    if (await storeAll(parts, updates, offset, signal)) storing.reset();
    else await pause(storing.next(), signal);
  }
}

async function ask(parts: PollingParts, offset: Offset, signal: AbortSignal): Promise<Update[]> {
  const params = { ...offset.params(), limit: 100, timeout: pollSeconds, allowed_updates: wantedUpdates };
  const updates: unknown = await parts.client.polling.raw.getUpdates(params, callSignal(signal));
  offset.confirmed();
  if (!Array.isArray(updates)) throw new TypeError("the updates are no list");
  // Only their number is relied on here; what they hold is checked one by one.
  const numbered = updates.filter((each: unknown) => isNumbered(each)) as Update[];
  if (numbered.length === 0 && updates.length > 0) throw new TypeError("the updates have no numbers");
  return numbered;
}

/** True when all are stored. The first that is not ends the batch: order matters, and the rest is told again. */
async function storeAll(parts: PollingParts, updates: readonly Update[], offset: Offset, signal: AbortSignal): Promise<boolean> {
  for (const update of updates) {
    if (signal.aborted) return true;
    try {
      await parts.take(update);
    } catch {
      return false;
    }
    offset.stored(update.update_id);
  }
  return true;
}

function isNumbered(update: unknown): boolean {
  return typeof update === "object" && update !== null && "update_id" in update && Number.isSafeInteger(update.update_id);
}

function isWebhook(error: unknown): boolean {
  const told = refusal(error);
  return told?.error_code === 409 && /webhook/i.test(told.description);
}

/** A token that was used with a webhook before: Telegram gives either, never both. */
async function dropWebhook(parts: PollingParts, signal: AbortSignal): Promise<void> {
  parts.log.warn({}, "the bot had a webhook, which keeps messages from us: removing it");
  await parts.client.api.raw.deleteWebhook({}, callSignal(signal)).catch(() => undefined);
}

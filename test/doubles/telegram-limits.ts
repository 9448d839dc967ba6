import { Refusal } from "./telegram-wire.ts";

export interface ChatLimits {
  /** The least time between two edits or drafts of a private chat (a group); sooner is 429, and so is all in that chat for `retryAfter`. */
  readonly privateMs?: number;
  readonly groupMs?: number;
  /** Seconds; default 3. */
  readonly retryAfter?: number;
}

/** Counts what a chat is sent, and refuses what comes too soon. */
export function createLimit(limits: ChatLimits): { check(chat: number): void; take(chat: number): void } {
  const last = new Map<number, number>();
  const closedUntil = new Map<number, number>();
  const check = (chat: number): void => {
    const left = (closedUntil.get(chat) ?? -Infinity) - performance.now();
    if (left > 0) throw flood(Math.ceil(left / 1_000));
  };
  return {
    check,
    take(chat) {
      check(chat);
      const least = (chat > 0 ? limits.privateMs : limits.groupMs) ?? 0;
      const now = performance.now();
      const since = now - (last.get(chat) ?? -Infinity);
      last.set(chat, now);
      if (since >= least) return;
      const seconds = limits.retryAfter ?? 3;
      closedUntil.set(chat, now + seconds * 1_000);
      throw flood(seconds);
    },
  };
}

/** What Telegram says to whoever is too fast. */
export function flood(seconds: number): Refusal {
  return new Refusal(429, `Too Many Requests: retry after ${seconds}`, { retry_after: seconds });
}

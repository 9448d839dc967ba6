import type { Log } from "../../src/core/log.ts";
import { reason, refusal } from "./errors.ts";
import { backoff } from "../backoff.ts";

/** Why polling fails, told once, and how long to wait. */
export interface Outages {
  /** How long to wait before the next poll. */
  failed(error: unknown): number;
  answered(): void;
}

type Trouble = "rival" | "token" | "limit" | "network";

const firstMs = 500;
const longestMs = 30_000;
/** Two pollers interrupt each other in turns: the line about it is not repeated within this time. */
const rivalQuietMs = 300_000;

/** One line in the log for each outage, and one when it is over. */
export function createOutages(origin: string, log: Log): Outages {
  const delays = backoff(firstMs, longestMs);
  let trouble: Trouble | null = null;
  let rivalToldAt = -Infinity;
  const tell = (kind: Trouble, error: unknown): void => {
    switch (kind) {
      case "rival":
        if (performance.now() - rivalToldAt < rivalQuietMs) return;
        rivalToldAt = performance.now();
        return log.error(
          {},
          "another process receives with this TELEGRAM_BOT_TOKEN: stop it, only one can at a time; waiting for it",
        );
      case "token":
        return log.error(
          {},
          "Telegram no longer accepts TELEGRAM_BOT_TOKEN: set the one that @BotFather shows; trying again from time to time",
        );
      case "limit":
        return log.warn({ reason: reason(error) }, "Telegram asks to receive more slowly; waiting");
      case "network":
        return log.warn({ reason: reason(error), server: origin }, "Telegram can't be reached; trying again until it can");
    }
  };
  return {
    failed(error) {
      const kind = troubleOf(error);
      if (kind !== trouble) tell(kind, error);
      trouble = kind;
      const asked = (refusal(error)?.parameters.retry_after ?? 0) * 1_000;
      return Math.max(asked, delays.next());
    },
    answered() {
      if (trouble !== null && trouble !== "rival") log.info({}, "Telegram answers again");
      trouble = null;
      delays.reset();
    },
  };
}

function troubleOf(error: unknown): Trouble {
  const code = refusal(error)?.error_code;
  if (code === 409) return "rival";
  if (code === 401 || code === 404) return "token";
  return code === 429 ? "limit" : "network";
}

import { languageOf, languages } from "../../src/commands/languages/index.ts";
import type { Log } from "../../src/core/log.ts";
import { pause } from "../../src/core/pause.ts";
import { backoff } from "../backoff.ts";
import { answerTo } from "./answering.ts";
import { content } from "./content.ts";
import { reason } from "./errors.ts";
import { type Fields, fields, text } from "./fields.ts";
import type { Names } from "./names.ts";

/** Slack waits three seconds for the acknowledgement of a command or a button; the way there and back is in it. */
const ackMs = 2_000;
const firstMs = 250;
const longestMs = 1_000;

export interface TakingParts {
  readonly names: Names;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** A command or a button that is being taken. */
export interface Taking {
  /** Resolves when it is stored, or Slack waits no longer. */
  readonly acknowledged: Promise<unknown>;
  /** Resolves when it is stored, or its sender has been told that it is not. */
  readonly over: Promise<unknown>;
}

/** Whether this is a command or a button: Slack shows its sender an error when it is acknowledged late, and does not tell it again. */
export function isImpatient(body: Fields): boolean {
  return text(body["command"]) !== null || body["type"] === "block_actions";
}

/** Takes a command or a button. One that can't be stored by the time it is acknowledged never counts, and its sender is told. */
export function takeSoon(parts: TakingParts, body: Fields, store: () => Promise<void>): Taking {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), ackMs);
  const waited = new Promise((resolve) => late.signal.addEventListener("abort", resolve));
  const storing = stored(store, AbortSignal.any([late.signal, parts.signal])).finally(() => clearTimeout(timer));
  const over = storing.then((done) => (done ? undefined : refuse(parts, body)));
  return { acknowledged: Promise.race([storing, waited]), over };
}

/** False: it is not stored, and will not be. */
async function stored(store: () => Promise<void>, late: AbortSignal): Promise<boolean> {
  const delays = backoff(firstMs, longestMs);
  for (;;) {
    try {
      await store();
      return true;
    } catch {
      if (!late.aborted) await pause(delays.next(), late);
      if (late.aborted) return false;
    }
  }
}

/** Tells whoever used it; only they see that. Never rejects. */
async function refuse({ names, log }: TakingParts, body: Fields): Promise<void> {
  log.warn({}, "a button or a command on Slack could not be stored");
  const url = text(body["response_url"]);
  if (url === null) return;
  const user = text(body["user_id"]) ?? text(fields(body["user"])["id"]) ?? "";
  const { later } = (languageOf(names.languageOf(user)) ?? languages[0]).troubles;
  await answerTo(url, content({ markdown: later })).catch((error: unknown) =>
    log.debug({ reason: reason(error) }, "that a button or a command could not be stored was not told"),
  );
}

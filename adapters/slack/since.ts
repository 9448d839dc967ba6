import type { ChatRef } from "../../src/core/chats.ts";
import { Failure } from "../../src/core/failures.ts";
import type { SlackApi } from "./api.ts";
import type { Budget } from "./budget.ts";
import { reason, refusal, slower, toFailure } from "./errors.ts";
import { type Fields, items } from "./fields.ts";

/** The clocks of two machines may differ by this. */
const clocksMs = 60_000;
const lookedAt = 200;

/**
 * What a chat holds since an instant, to find in it what an attempt of unknown outcome has sent. None where there is no such place or we
 * may not look: then there is nothing to find, or nobody to ask. Rejects with `platform.unknown_outcome` while it can't be told.
 */
export async function messagesSince(
  { api, budget }: { readonly api: SlackApi; readonly budget: Budget },
  chat: ChatRef,
  since: number,
): Promise<readonly Fields[]> {
  const method = chat.thread === null ? "conversations.history" : "conversations.replies";
  const where = chat.thread === null ? {} : { ts: chat.thread };
  const oldest = String(Math.max(0, since - clocksMs) / 1_000);
  try {
    if (!budget.take(method)) throw slower(budget.waitMs(method));
    const about = { channel: chat.chat, ...where, oldest, limit: lookedAt, include_all_metadata: true };
    return items((await api.call(method, about))["messages"]);
  } catch (error) {
    const word = refusal(error);
    if (word !== null && !/limit|auth|token|error/.test(word)) return [];
    throw untold(error);
  }
}

/** Whether it was sent can't be told now. */
export function untold(error: unknown): Failure {
  const { retryAfterMs } = toFailure(error, true);
  const wait = retryAfterMs === null ? {} : { retryAfterMs };
  return new Failure("platform.unknown_outcome", `Slack does not say whether it has the message (${reason(error)})`, {
    retryable: true,
    ...wait,
  });
}

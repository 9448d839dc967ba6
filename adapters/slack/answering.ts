import { Failure } from "../../src/core/failures.ts";
import type { Fields } from "./fields.ts";

const answerMs = 8_000;
const defaultWaitMs = 5_000;

/** Answers a slash command at the address that came with it: only its sender sees that. False when the address is used up (5 times, 30 minutes). */
export async function answerTo(url: string, body: Fields): Promise<boolean> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ response_type: "ephemeral", replace_original: false, ...body }),
    signal: AbortSignal.timeout(answerMs),
    redirect: "error",
  }).catch(() => null);
  if (response === null)
    throw new Failure("platform.unknown_outcome", "Slack did not say whether it took the answer", { retryable: true });
  await response.body?.cancel();
  if (response.ok) return true;
  if (response.status === 429) {
    const seconds = Number(response.headers.get("retry-after"));
    const retryAfterMs = seconds > 0 ? seconds * 1_000 : defaultWaitMs;
    throw new Failure("platform.rate_limited", "Slack asks to wait with the answer", { retryable: true, retryAfterMs });
  }
  if (response.status < 500) return false;
  throw new Failure("platform.unknown_outcome", `Slack failed while it took the answer (${response.status})`, {
    retryable: true,
  });
}

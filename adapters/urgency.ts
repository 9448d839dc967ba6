import { Failure } from "../src/core/failures.ts";
import { pause } from "../src/core/pause.ts";
import type { Place, Windows } from "./windows.ts";

/**
 * What a request is for. `answer`: what must be said. `preview`: what a running turn shows. `sign`: that a request was seen, or is done.
 * `courtesy`: that something happens.
 */
export type Urgency = "answer" | "preview" | "sign" | "courtesy";

/** Each request may wait so long: with the send itself, tried in two ways, that is below a delivery's lease (20 s). */
const patienceMs = 3_000;

/** A file's upload takes long, and holds its places in all limits meanwhile: with so many at once, these leave room for answers. */
export const uploads: Place = { name: "uploads", most: 8, ms: 1 };

/**
 * Makes a request when there is a place for it. An answer waits for one a little; anything else is left out at once, so that it
 * is in nobody's way. Rejects with a `Failure` where it was not made.
 */
export async function whenRoom<Result>(
  windows: Windows,
  places: readonly Place[],
  urgency: Urgency,
  signal: AbortSignal,
  request: () => Promise<Result>,
): Promise<Result> {
  const until = performance.now() + patienceMs;
  for (let wait = windows.take(places); wait > 0; wait = windows.take(places)) {
    const later = { retryable: true, retryAfterMs: wait };
    if (urgency !== "answer") throw new Failure("platform.unavailable", "the room is kept for answers", later);
    if (signal.aborted || performance.now() + wait > until)
      throw new Failure("platform.rate_limited", `too much was sent lately; going on in ${Math.ceil(wait / 1_000)} s`, later);
    await pause(wait, signal);
  }
  try {
    return await request();
  } finally {
    windows.ended(places);
  }
}

import type { ModelEvent, ModelRequest } from "../core/model.ts";
import { approachTo, nextApproach, parcelOf } from "./approach.ts";
import { type AttemptEnd, type AttemptSetting, exchange } from "./exchange.ts";

export type { AttemptEnd, AttemptSetting } from "./exchange.ts";

/**
 * Sends the request; yields what can be shown and returns how it ended. Never throws. It is sent again at once, in another way, when only
 * the way was at fault: another endpoint, less of the server's help with calls, no thinking.
 */
export async function* attempt(
  setting: AttemptSetting,
  request: ModelRequest,
  signal: AbortSignal,
): AsyncGenerator<ModelEvent, AttemptEnd> {
  let approach = approachTo(setting);
  /** An answer that was to be bettered; it stands when that fails. */
  let poor: AttemptEnd | null = null;
  for (;;) {
    const end: AttemptEnd = yield* exchange(setting, parcelOf(setting, request, approach), signal);
    const next = await nextApproach(setting, request, approach, end, signal);
    // The look for another way takes its time.
    if (end.type === "trouble" && signal.aborted) return { type: "aborted", partial: end.partial };
    if (next === null) return end.type === "trouble" && poor !== null ? poor : end;
    if (end.type === "done") poor = end;
    if (next.notice !== null) yield next.notice;
    approach = next;
  }
}

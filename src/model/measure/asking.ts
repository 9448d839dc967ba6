import { Failure } from "../../core/failures.ts";
import type { Model, ModelAnswer, ModelRequest, ModelUsage } from "../../core/model.ts";

/** One answer, all of it. `notice` hears what a person would be told meanwhile. Throws the stream's failure, or `model.stalled` when cut short. */
export async function ask(
  model: Model,
  request: ModelRequest,
  signal: AbortSignal,
  notice: (text: string) => void = () => undefined,
): Promise<ModelAnswer> {
  for await (const event of model.stream(request, signal)) {
    if (event.type === "notice") notice(event.text);
    if (event.type === "done") return event.answer;
    if (event.type === "failed") throw event.failure;
    if (event.type === "aborted") throw cutShort();
  }
  throw new Failure("model.broken", "the model's stream ended without saying how");
}

/** What is thrown when the time given for a measurement is over. */
function cutShort(): Failure {
  return new Failure("model.stalled", "there was no answer in the time given", { retryable: true });
}

/** Prompt tokens that did not come from the server's cache; null where it does not count them. */
export function uncachedTokens({ promptTokens, cachedTokens }: ModelUsage): number | null {
  return promptTokens === null ? null : Math.max(0, promptTokens - (cachedTokens ?? 0));
}

/** Tokens read a second: the server's own figure, else by the time until the first token. */
export function readingSpeed(usage: ModelUsage): number | null {
  const tokens = uncachedTokens(usage);
  if (usage.promptPerSecond !== null) return usage.promptPerSecond;
  return tokens === null || usage.firstTokenMs === null || usage.firstTokenMs <= 0 ? null : (tokens * 1_000) / usage.firstTokenMs;
}

/** Tokens written a second: the server's own figure, else by the time from the first token to the end. */
export function writingSpeed(usage: ModelUsage): number | null {
  const { completionTokens, firstTokenMs, totalMs, tokensPerSecond } = usage;
  if (tokensPerSecond !== null) return tokensPerSecond;
  if (completionTokens === null || completionTokens < 2 || firstTokenMs === null || totalMs <= firstTokenMs) return null;
  return ((completionTokens - 1) * 1_000) / (totalMs - firstTokenMs);
}

/** The middle one; null of none. */
export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((one, other) => one - other);
  const high = sorted[Math.floor(sorted.length / 2)];
  const low = sorted[Math.ceil(sorted.length / 2) - 1];
  return high === undefined || low === undefined ? null : (low + high) / 2;
}

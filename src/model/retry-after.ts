/**
 * How long a server that refuses wants to be left alone, in milliseconds; null when it does not say. Headers count before words:
 * `retry-after-ms`, `Retry-After` (seconds or a date); then fields and words of the error itself, as gateways in front of servers have them.
 */
export function retryAfter(headers: Headers | undefined, error: unknown): number | null {
  const told = inHeaders(headers) ?? inBody(error);
  return told === null ? null : Math.max(0, told);
}

function inHeaders(headers: Headers | undefined): number | null {
  const ms = numberIn(headers?.get("retry-after-ms"));
  if (ms !== null) return ms;
  const written = headers?.get("retry-after")?.trim();
  if (!written) return null;
  const seconds = numberIn(/^([\d.]+) ?s?$/.exec(written)?.[1]);
  if (seconds !== null) return seconds * 1_000;
  const wait = Date.parse(written) - Date.now();
  return Number.isFinite(wait) ? wait : null;
}

/** `"retry_after": 20`, `"retry_after_ms": 900`, `"retryDelay": "34s"` (Google), "Please try again in 1m2.5s" (OpenAI), "retry after 20 seconds". */
function inBody(error: unknown): number | null {
  const text = (typeof error === "string" ? error : (JSON.stringify(error) ?? "")).slice(0, longestError);
  const field = /"retry_?(?:after|delay)(_ms|_seconds)?"\s*:\s*"?([\d.]+)/i.exec(text);
  const value = numberIn(field?.[2]);
  if (value !== null) return field?.[1]?.toLowerCase() === "_ms" ? value : value * 1_000;
  const [, minutes, seconds, unit] = spoken.exec(text) ?? [];
  const rest = numberIn(seconds);
  if (numberIn(minutes) === null && rest === null) return null;
  return (numberIn(minutes) ?? 0) * 60_000 + (rest ?? 0) * (unit?.toLowerCase().startsWith("m") === true ? 1 : 1_000);
}

const spoken =
  /\b(?:try again|retry) (?:in|after) (?:(\d+) ?m(?:in\w*)?(?![a-z]) ?)?(?:([\d.]+) ?(ms|milliseconds?|s|sec|seconds?)\b)?/i;

const longestError = 10_000;

function numberIn(text: string | null | undefined): number | null {
  const value = Number.parseFloat(text ?? "");
  return Number.isFinite(value) ? value : null;
}

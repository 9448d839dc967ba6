import { GrammyError, HttpError } from "grammy";
import { Failure } from "../../src/core/failures.ts";
import { connectTimeoutCode } from "./client.ts";

/** Telegram's own word on what went wrong, or null when it gave none. */
export function refusal(error: unknown): GrammyError | null {
  return error instanceof GrammyError ? error : null;
}

/** The answer was no JSON: something else than a Bot API server (a proxy, a web page) spoke. */
export function isForeign(error: unknown): boolean {
  return error instanceof HttpError && field(error.error, "type") === "invalid-json";
}

/**
 * A Bot API call's error as a `Failure`. `repeatable`: doing it twice is the same as once, so an unknown outcome does not matter.
 * The error itself is not kept as the cause: the HTTP client's messages contain the address, and the address the token.
 */
export function toFailure(error: unknown, repeatable: boolean): Failure {
  if (error instanceof Failure) return error;
  const told = refusal(error);
  if (told) return toldFailure(told, repeatable);
  const why = reason(error);
  if (repeatable || neverSent(error)) {
    return new Failure("platform.unavailable", `Telegram can't be reached (${why})`, { retryable: true });
  }
  return new Failure("platform.unknown_outcome", `Telegram did not say whether it took the message (${why})`, {
    retryable: true,
  });
}

/** What a failed request says of itself, without addresses. */
export function reason(error: unknown): string {
  if (error instanceof GrammyError) return `${error.error_code}: ${error.description}`;
  if (!(error instanceof HttpError)) return error instanceof Error ? error.name : "unknown error";
  if (isForeign(error)) return "its answer was not JSON";
  const code = field(error.error, "code");
  if (code !== "") return code;
  return /timed out/.test(field(error.error, "message")) ? "no answer in time" : "the request was cut off";
}

/** The words for a token that Telegram does not know. */
export function badToken(): Failure {
  return new Failure("config.invalid", "Telegram does not accept the bot's token", {
    advice: "Set TELEGRAM_BOT_TOKEN to the token that @BotFather shows for the bot.",
  });
}

const defaultRetryMs = 5_000;

function toldFailure({ error_code: code, description, parameters }: GrammyError, repeatable: boolean): Failure {
  if (code === 429) {
    const retryAfterMs = parameters.retry_after === undefined ? defaultRetryMs : parameters.retry_after * 1_000;
    return new Failure("platform.rate_limited", `Telegram asks to wait ${retryAfterMs / 1_000} s in this chat`, {
      retryable: true,
      retryAfterMs,
    });
  }
  // A token revoked while we run: the answers keep until there is a good one.
  if (code === 401 || code === 404)
    return new Failure("platform.unavailable", badToken().message, { advice: badToken().advice ?? "" });
  if (code === 403) return new Failure("platform.refused", `Telegram does not let the bot write in this chat (${description})`);
  if (code >= 500 && !repeatable) {
    return new Failure("platform.unknown_outcome", `Telegram failed while it took the message (${code})`, { retryable: true });
  }
  if (code >= 500 || code === 409)
    return new Failure("platform.unavailable", `Telegram is in trouble (${code})`, { retryable: true });
  return new Failure("platform.refused", `Telegram does not take this message (${description})`);
}

const beforeSending = new Set([
  connectTimeoutCode,
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETUNREACH",
  "ENETDOWN",
  "EADDRNOTAVAIL",
  "EMFILE",
  "EPROTO",
]);

/** True when the connection or its TLS could not be made: nothing was written. */
function neverSent(error: unknown): boolean {
  if (!(error instanceof HttpError)) return false;
  const code = field(error.error, "code");
  if (beforeSending.has(code) || /CERT|SELF_SIGNED|VERIFY|_TLS_/.test(code)) return true;
  return /reason: (?:connect|getaddrinfo) /.test(field(error.error, "message"));
}

function field(error: unknown, name: "code" | "type" | "message"): string {
  if (typeof error !== "object" || error === null || !(name in error)) return "";
  // Checked on the line above; what it holds is checked on the next.
  const value = (error as Record<string, unknown>)[name];
  return typeof value === "string" ? value : "";
}

import { webApi } from "@slack/bolt";
import { Failure } from "../../src/core/failures.ts";

/** Slack's own word on what went wrong (`channel_not_found`), or null when it gave none: a page of a proxy is no word of Slack's. */
export function refusal(error: unknown): string | null {
  if (!(error instanceof webApi.WebAPIPlatformError)) return null;
  const { error: word } = error.data;
  return /^[a-z][a-z0-9_]{2,60}$/.test(word) ? word : null;
}

/** A Web API call's error as a `Failure`. `repeatable`: doing it twice is the same as once, so an unknown outcome does not matter. */
export function toFailure(error: unknown, repeatable: boolean): Failure {
  if (error instanceof Failure) return error;
  const wait = asksToWait(error);
  if (wait !== null) return slower(wait);
  const word = refusal(error);
  if (word !== null && !troubles.has(word)) return refused(word);
  const why = reason(error);
  if (repeatable || neverSent(error))
    return new Failure("platform.unavailable", `Slack can't be reached (${why})`, { retryable: true });
  return new Failure("platform.unknown_outcome", `Slack did not say whether it took the message (${why})`, { retryable: true });
}

/** What a failed request says of itself, without addresses. */
export function reason(error: unknown): string {
  if (error instanceof webApi.WebAPIHTTPError) return `status ${error.statusCode}`;
  if (error instanceof webApi.WebAPIPlatformError) return refusal(error) ?? "its answer was not JSON";
  if (error instanceof webApi.WebAPIRequestError) {
    const code = codeOf(error.original);
    if (code !== "") return code;
    return error.original.name === "TimeoutError" ? "no answer in time" : "the request was cut off";
  }
  return error instanceof Error ? error.name : "unknown error";
}

/** The failure of whoever is too fast. */
export function slower(retryAfterMs: number): Failure {
  return new Failure("platform.rate_limited", `Slack asks to wait ${Math.ceil(retryAfterMs / 1_000)} s`, {
    retryable: true,
    retryAfterMs,
  });
}

/** The words for a bot token that Slack does not take. */
export function badToken(word: string): Failure {
  return new Failure("config.invalid", `Slack does not accept the bot's token (${word})`, {
    advice:
      "Set SLACK_BOT_TOKEN to the token (xoxb-…) under OAuth & Permissions of your app; reinstall the app there first if it was removed.",
  });
}

/** The words for an app-level token that opens no socket. */
export function badAppToken(word: string): Failure {
  return new Failure("config.invalid", `Slack does not accept the app-level token (${word})`, {
    advice:
      "Set SLACK_APP_TOKEN to a token (xapp-…) with the scope connections:write, under Basic Information of your app, and turn Socket Mode on.",
  });
}

/** Words for a token that is none, or no longer. */
export const tokenWords: ReadonlySet<string> = new Set([
  "invalid_auth",
  "not_authed",
  "account_inactive",
  "token_revoked",
  "token_expired",
  "not_allowed_token_type",
  "no_permission",
]);

/** Slack's own trouble: what it was asked may have been done. */
const troubles = new Set([
  "internal_error",
  "fatal_error",
  "service_unavailable",
  "request_timeout",
  "external_channel_migrating",
]);
const defaultWaitMs = 5_000;

function refused(word: string): Failure {
  if (word === "ratelimited" || word === "rate_limited") return slower(defaultWaitMs);
  // A token revoked while we run: the answers keep until there is a good one.
  if (tokenWords.has(word)) {
    const { message, advice } = badToken(word);
    return new Failure("platform.unavailable", message, { retryable: true, advice: advice ?? "" });
  }
  if (word === "missing_scope") {
    return new Failure("platform.refused", "Slack does not let the bot do this: its app lacks a scope", {
      advice: "Give the app the scopes of docs/slack-manifest.json and reinstall it.",
    });
  }
  return new Failure("platform.refused", `Slack does not take this message (${word})`);
}

function asksToWait(error: unknown): number | null {
  if (error instanceof webApi.WebAPIRateLimitedError) return error.retryAfter * 1_000;
  // A 429 without a usable header: the SDK throws a bare error.
  return error instanceof Error && error.message.startsWith("Retry header did not contain") ? defaultWaitMs : null;
}

const beforeSending = new Set(
  "ECONNREFUSED ENOTFOUND EAI_AGAIN EHOSTUNREACH EHOSTDOWN ENETUNREACH ENETDOWN EADDRNOTAVAIL EMFILE EPROTO UND_ERR_CONNECT_TIMEOUT".split(
    " ",
  ),
);

/** True when the connection or its TLS could not be made: nothing was written. */
function neverSent(error: unknown): boolean {
  if (!(error instanceof webApi.WebAPIRequestError)) return error instanceof webApi.WebAPIHTTPError && error.statusCode < 500;
  const code = codeOf(error.original);
  return beforeSending.has(code) || /CERT|SELF_SIGNED|VERIFY|_TLS_/.test(code);
}

/** The system's code of a failed fetch, which hides it in the cause. */
function codeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : "";
}

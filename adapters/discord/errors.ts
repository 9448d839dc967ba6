import { DiscordAPIError, HTTPError, RateLimitError } from "@discordjs/rest";
import { Failure } from "../../src/core/failures.ts";

/** Discord's codes for what can go wrong, as far as something is done about them. */
export const codes = {
  unknownChannel: 10_003,
  unknownMessage: 10_008,
  unknownWebhook: 10_015,
  unknownInteraction: 10_062,
  unknownEmoji: 10_014,
  interactionTaken: 40_060,
  editedTooOften: 30_046,
  threadArchived: 50_083,
  threadThere: 160_004,
} as const;

/** Discord's own code of a refusal, or null when it gave none. */
export function codeOf(error: unknown): number | null {
  return error instanceof DiscordAPIError ? Number(error.code) : null;
}

/** The HTTP status of an answer, or null where there was none. */
export function statusOf(error: unknown): number | null {
  return error instanceof DiscordAPIError || error instanceof HTTPError ? error.status : null;
}

/** The words for a token that Discord does not know. */
export function badToken(): Failure {
  return new Failure("config.invalid", "Discord does not accept the bot's token", {
    advice: "Set DISCORD_BOT_TOKEN to the token of the Bot page at discord.com/developers/applications.",
  });
}

/**
 * An API call's error as a `Failure`. `repeatable`: doing it twice is the same as once, so an unknown outcome does not matter. The error
 * itself is not kept as the cause: it holds the request, and some addresses hold an interaction's token.
 */
export function toFailure(error: unknown, repeatable: boolean): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof RateLimitError) {
    const retryAfterMs = Math.max(Math.ceil(error.retryAfter), shortestRetryMs);
    return new Failure("platform.rate_limited", `Discord asks to wait ${retryAfterMs / 1_000} s`, {
      retryable: true,
      retryAfterMs,
    });
  }
  if (error instanceof DiscordAPIError) return told(error);
  const why = reason(error);
  if (repeatable || neverSent(error)) {
    return new Failure("platform.unavailable", `Discord can't be reached (${why})`, { retryable: true });
  }
  return new Failure("platform.unknown_outcome", `Discord did not say whether it took the message (${why})`, { retryable: true });
}

/** What a failed request says of itself, without addresses. */
export function reason(error: unknown): string {
  if (error instanceof RateLimitError) return "rate limited";
  if (error instanceof DiscordAPIError)
    return `${error.status}: ${error.rawError instanceof Object ? plainMessage(error) : "refused"}`;
  if (error instanceof HTTPError) return `HTTP ${error.status}`;
  if (error instanceof DOMException || (error instanceof Error && /abort|timeout/i.test(error.name))) return "no answer in time";
  return systemCode(error) || (error instanceof Error ? error.name : "unknown error");
}

/** An answer that is not what the API answers. */
export function foreign(): Failure {
  return new Failure("platform.unknown_outcome", "Discord did not say whether it took the message (its answer made no sense)", {
    retryable: true,
  });
}

const shortestRetryMs = 50;

function told(error: DiscordAPIError): Failure {
  const { status } = error;
  // A token revoked while we run: the answers keep until there is a good one.
  if (status === 401) return new Failure("platform.unavailable", badToken().message, { advice: badToken().advice ?? "" });
  const why = plainMessage(error);
  if (status === 403) return new Failure("platform.refused", `Discord does not let the bot do this here (${why})`);
  return new Failure("platform.refused", `Discord does not take this message (${why})`);
}

function plainMessage(error: DiscordAPIError): string {
  return error.message.replaceAll(/\s+/g, " ").slice(0, 300);
}

const beforeSending = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETUNREACH",
  "ENETDOWN",
  "EADDRNOTAVAIL",
  "EMFILE",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** True when the connection or its TLS could not be made: nothing was written. */
function neverSent(error: unknown): boolean {
  const code = systemCode(error);
  return beforeSending.has(code) || /CERT|SELF_SIGNED|_TLS_/.test(code);
}

function systemCode(error: unknown): string {
  const of = (value: unknown): string =>
    typeof value === "object" && value !== null && "code" in value && typeof value.code === "string" ? value.code : "";
  return of(error) || (error instanceof Error ? of(error.cause) : "");
}

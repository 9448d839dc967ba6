/** What a platform said of a token. */
export type Verdict =
  | {
      readonly type: "good";
      /** The bot, as people see it. */
      readonly name: string;
      /** What to open, with what for. */
      readonly links: readonly string[];
      readonly remarks: readonly string[];
    }
  /** The platform refuses it, or it can be seen to be something else. */
  | { readonly type: "wrong"; readonly text: string; readonly mend: string }
  /** Nobody could be asked. */
  | { readonly type: "away"; readonly text: string; readonly mend: string };

/** Whether there is anything in a token that none has: a request with it can't be made, and its failure would show it. */
export function hasStrays(token: string): boolean {
  return !/^[\w.:-]+$/.test(token);
}

/** What is said then. */
export const straysWords = "That has characters that no token has: copy it again, in one piece.";

/** A request's answer as JSON; null when none came. */
export async function answerOf(url: string, headers: Readonly<Record<string, string>>, method = "GET"): Promise<Answer | string> {
  try {
    const response = await fetch(url, { method, headers, signal: AbortSignal.timeout(answerMs) });
    return { status: response.status, headers: response.headers, body: await response.json().catch(() => null) };
  } catch (thrown) {
    return reasonOf(thrown);
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** The platform can't be asked. */
export function away(platform: string, url: string, reason: string, root: string): Verdict {
  const mend = `Check the network, a proxy or firewall, and ${root}; then try again.`;
  return { type: "away", text: `${platform} can't be reached at ${new URL(url).origin} (${reason}).`, mend };
}

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  if (thrown.name === "TimeoutError") return `nothing came within ${answerMs / 1_000} s`;
  const cause = thrown.cause instanceof Error ? thrown.cause : thrown;
  if ("code" in cause && typeof cause.code === "string") return cause.code;
  // Its words may hold the token.
  return thrown instanceof TypeError ? "the request could not be made" : cause.message;
}

const answerMs = 10_000;

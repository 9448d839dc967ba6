/**
 * What can go wrong, as typed values. A tool throws and the model reads the message; a stream ends in one terminal event;
 * everything else throws a `Failure`. Only `adapters/view.ts` turns one into words for a person.
 */
export type FailureCode =
  | "config.invalid"
  | "home.held"
  | "state.unavailable"
  | "state.newer"
  | "queue.unavailable"
  | "model.unreachable"
  | "model.refused"
  | "model.loading"
  | "model.stalled"
  | "model.broken"
  | "model.overlong"
  | "model.empty"
  | "turn.limit"
  | "turn.stale"
  | "turn.draining"
  | "sandbox.unavailable"
  | "platform.refused"
  | "platform.rate_limited"
  | "platform.unknown_outcome"
  | "platform.unavailable"
  | "web.refused"
  | "web.failed"
  | "schedule.refused"
  | "internal";

/** What a server tells of a prompt that did not fit; null: it does not tell. */
export interface PromptSizes {
  /** Tokens of the prompt, tools and all. */
  readonly promptTokens: number | null;
  readonly window: number | null;
  /** The prompt fits, but not with an answer as long as was asked for: a smaller `maxTokens` mends it, shortening the prompt need not. */
  readonly outputIsTheTrouble: boolean;
}

/** Extra facts a failure carries for whoever handles it. */
export interface FailureDetail {
  /** What the reader can do about it: one sentence, imperative, ready to print. */
  readonly advice?: string;
  /** Whether trying the very same thing again can help. */
  readonly retryable?: boolean;
  /** How long to wait before trying again, in milliseconds. */
  readonly retryAfterMs?: number;
  /** Of a `model.overlong`. */
  readonly sizes?: PromptSizes;
  readonly cause?: unknown;
}

/** An expected failure with a stable code, one clear sentence, and the mend. */
export class Failure extends Error {
  readonly code: FailureCode;
  readonly advice: string | null;
  readonly retryable: boolean;
  readonly retryAfterMs: number | null;
  /** Of a `model.overlong`, else null. */
  readonly sizes: PromptSizes | null;

  constructor(code: FailureCode, message: string, detail: FailureDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = "Failure";
    this.code = code;
    this.advice = detail.advice ?? null;
    this.retryable = detail.retryable ?? false;
    this.retryAfterMs = detail.retryAfterMs ?? null;
    this.sizes = detail.sizes ?? null;
  }
}

/** Any thrown value as a `Failure`; unknown ones become `internal` and keep their cause. */
export function asFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new Failure("internal", message, { cause: thrown });
}

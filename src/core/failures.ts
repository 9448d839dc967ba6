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

/** What exactly went wrong, where a person may read of it in another language than the message's. Plain JSON. */
export type FailureAbout =
  | { readonly say: "attempts" | "steps"; readonly count: number }
  | { readonly say: "circling" | "repeating" | "empty" | "overthought" | "cut" | "malformed" | "unfit" }
  | { readonly say: "struck_out"; readonly model: string }
  | { readonly say: "newest_long"; readonly tokens: number }
  | { readonly say: "answer_room" }
  /** Of a model server, by its address. */
  | { readonly say: "unreachable" | "loading" | "key_refused" | "key_missing" | "no_api" | "lists_none"; readonly server: string }
  | { readonly say: "no_model"; readonly server: string; readonly model: string; readonly has: readonly string[] }
  | { readonly say: "silent"; readonly server: string; readonly seconds: number }
  | { readonly say: "answered"; readonly server: string; readonly status: number };

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
  readonly about?: FailureAbout;
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
  readonly about: FailureAbout | null;

  constructor(code: FailureCode, message: string, detail: FailureDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = "Failure";
    this.code = code;
    this.advice = detail.advice ?? null;
    this.retryable = detail.retryable ?? false;
    this.retryAfterMs = detail.retryAfterMs ?? null;
    this.sizes = detail.sizes ?? null;
    this.about = detail.about ?? null;
  }
}

/** Any thrown value as a `Failure`; unknown ones become `internal` and keep their cause. */
export function asFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new Failure("internal", message, { cause: thrown });
}

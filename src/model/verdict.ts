import { APIConnectionError, APIError } from "openai";
import { Failure, type FailureCode } from "../core/failures.ts";
import { isObject } from "./arguments.ts";
import { overlong } from "./overlong.ts";
import { shownAddress } from "./address.ts";
import { retryAfter } from "./retry-after.ts";

/** What to do about a request that went wrong. Every one carries the failure to end with when that is of no use. */
export type Verdict =
  /** Try again: at once, after so long, or (null) after a growing pause. */
  | {
      readonly kind: "again";
      readonly afterMs: number | null;
      readonly failure: Failure;
      /** The server could not make sense of what its model wrote: another sample, or less of its help, is likely to pass. */
      readonly unparsed?: true;
    }
  | { readonly kind: "loading"; readonly failure: Failure }
  /** There is no such endpoint: the address may lack its `/v1`. */
  | { readonly kind: "misaddressed"; readonly failure: Failure }
  | { readonly kind: "unknown_model"; readonly failure: Failure }
  /** The key is not accepted. */
  | { readonly kind: "key_refused"; readonly failure: Failure }
  | { readonly kind: "final"; readonly failure: Failure };

/** Where and what was asked, and whether any byte of the answer had come. */
export interface Asked {
  readonly address: string;
  readonly model: string | null;
  readonly bytes: boolean;
}

/** Judges whatever an SDK threw. */
export function judge(thrown: unknown, asked: Asked): Verdict {
  if (thrown instanceof Failure) return final(thrown);
  if (thrown instanceof APIConnectionError) return judgeConnection(thrown, asked);
  const status = statusOf(thrown);
  if (status !== null)
    return judgeStatus(status.code, textOf(status.error), asked, retryAfter(status.error.headers, status.error.error));
  // What is left are a socket closed in mid-body ("terminated") and JSON cut in the middle.
  const failure = broken(asked, "broke off its answer", thrown);
  return asked.bytes ? final(failure) : { kind: "again", afterMs: 0, failure };
}

/** Judges an answer that came with status 200 but is no stream. */
export function judgeBody(contentType: string, body: unknown, asked: Asked): Verdict {
  if (contentType.includes("html")) {
    const failure = new Failure("model.refused", `${at(asked)} answers with a web page, not as a model server`, {
      advice: addressAdvice,
      about: { say: "no_api", server: at(asked) },
    });
    return { kind: "misaddressed", failure };
  }
  const error = isObject(body) ? body["error"] : undefined;
  if (error === undefined) return final(broken(asked, "sent something that is no answer"));
  const text = errorText(error);
  // LM Studio answers unknown paths with 200.
  if (/unexpected endpoint/i.test(text)) return { kind: "misaddressed", failure: refused(asked, text, addressAdvice) };
  return judgeStatus(statusIn(error) ?? 400, text, asked, retryAfter(undefined, error));
}

interface Status {
  readonly code: number;
  readonly error: APIError;
}

function statusOf(thrown: unknown): Status | null {
  if (!(thrown instanceof APIError)) return null;
  const { status } = thrown;
  return typeof status === "number" ? { code: status, error: thrown } : null;
}

/** The failure of a stream that ended without saying that it was complete. */
export function endedEarly(asked: Asked): Failure {
  return broken(asked, "ended its answer without finishing it");
}

/** The failure of a server that has gone silent. */
export function stalledFailure(asked: Asked, ms: number): Failure {
  const seconds = ms < 10_000 ? (ms / 1000).toFixed(1) : Math.round(ms / 1000);
  const message = `the model server at ${at(asked)} has sent nothing for ${seconds} s`;
  const about = { say: "silent", server: at(asked), seconds: Math.max(1, Math.round(ms / 1000)) } as const;
  return new Failure("model.stalled", message, { advice: "Look at the server's log; then send /retry.", retryable: true, about });
}

const addressAdvice = "Set OPENAI_BASE_URL (model.base_url) to the server's address with /v1, like http://127.0.0.1:8080/v1.";

function judgeConnection(error: Error, asked: Asked): Verdict {
  const code = codeOf(error);
  const why = connectionWords[code] ?? code;
  const advice = "Start the model server, or set OPENAI_BASE_URL (model.base_url) to where it runs.";
  const message = `no model server answers at ${at(asked)} (${why})`;
  const failure = new Failure("model.unreachable", message, {
    advice,
    retryable: true,
    about: { say: "unreachable", server: at(asked) },
    cause: error,
  });
  if (code === "ENOTFOUND" || code.startsWith("CERT_") || code.startsWith("ERR_TLS")) return final(failure);
  // A reused socket that the server had closed already: llama-server does this after every stream. Mended by the very next try.
  const dead = code === "UND_ERR_SOCKET" || code === "ECONNRESET" || code === "EPIPE";
  return { kind: "again", afterMs: dead ? 0 : null, failure };
}

const connectionWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EPIPE: "connection closed",
  UND_ERR_SOCKET: "connection closed",
  UND_ERR_CONNECT_TIMEOUT: "no connection in 10 s",
  ENOTFOUND: "unknown host name",
  EAI_AGAIN: "the host name cannot be looked up now",
  EHOSTUNREACH: "host unreachable",
  ENETUNREACH: "network unreachable",
};

/** The system's code, which undici buries one or two causes deep. */
function codeOf(error: unknown): string {
  for (let it: unknown = error; it instanceof Error; it = it.cause) {
    if ("code" in it && typeof it.code === "string") return it.code;
    if (it instanceof AggregateError && it.errors.length > 0) return codeOf(it.errors[0]);
  }
  return "connection failed";
}

function judgeStatus(status: number, text: string, asked: Asked, afterMs: number | null): Verdict {
  const tooLong = overlong(text);
  if (tooLong !== null) return final(tooLong);
  if (status === 401 || status === 403) return { kind: "key_refused", failure: keyRefused(asked, status) };
  if (unparsed.test(text)) return misread(text, asked);
  if ((status === 404 && /model/i.test(text)) || (status === 400 && noSuchModel.test(text)))
    return { kind: "unknown_model", failure: refused(asked, text) };
  if (status === 404 || status === 405)
    return { kind: "misaddressed", failure: refused(asked, `${status} ${text}`, addressAdvice) };
  const flag = missingFlags.find(({ pattern }) => pattern.test(text));
  if (flag !== undefined) return final(refused(asked, text, flag.advice));
  if (status === 503 && /loading model/i.test(text)) return { kind: "loading", failure: stillLoading(asked) };
  return mayPass(status, text) ? busy(status, text, asked, afterMs) : final(refused(asked, `${status} ${text}`));
}

/** What llama.cpp says when its parser fails on what the model wrote; the second is older builds'. */
const unparsed = /does not match the expected [\w-]+ format|failed to parse input at pos/i;

const noSuchModel = /\bmodel\b[^.]{0,120}\b(?:does not exist|not found|not loaded)\b|model_not_found/i;

/** Flags without which a server has no tools, and which it names itself. */
const missingFlags: readonly { readonly pattern: RegExp; readonly advice: string }[] = [
  {
    pattern: /enable-auto-tool-choice|tool-call-parser/,
    advice: "Start vLLM with --enable-auto-tool-choice and the --tool-call-parser of your model.",
  },
  { pattern: /requires --jinja/, advice: "Start llama-server with --jinja." },
];

/** Not so those server errors that the same request will meet again: a disabled endpoint, a history or a picture it cannot read. */
function mayPass(status: number, text: string): boolean {
  if (status < 500) return status === 408 || status === 425 || status === 429;
  return status !== 501 && status !== 505 && !/failed to parse tool call|image input is not supported/i.test(text);
}

function stillLoading(asked: Asked): Failure {
  const advice = "Wait until it has loaded, then send /retry.";
  return new Failure("model.loading", `the model at ${at(asked)} is still loading`, {
    advice,
    retryable: true,
    about: { say: "loading", server: at(asked) },
  });
}

function busy(status: number, text: string, asked: Asked, afterMs: number | null): Verdict {
  const message = `the model server at ${at(asked)} answered ${status}${text === "" ? "" : `: ${text}`}`;
  const advice =
    status === 429 || status === 503 ? "It is busy: send /retry in a while." : "Look at the server's log; then send /retry.";
  const failure = new Failure("model.broken", message, {
    advice,
    retryable: true,
    about: { say: "answered", server: at(asked), status },
    ...(afterMs === null ? {} : { retryAfterMs: afterMs }),
  });
  return { kind: "again", afterMs, failure };
}

/** Judges an error that came in mid-stream. */
export function judgeInStream(error: unknown, asked: Asked): Verdict {
  const text = errorText(error);
  const tooLong = overlong(text);
  if (tooLong !== null) return final(tooLong);
  if (unparsed.test(text)) return misread(text, asked);
  const type = isObject(error) ? error["type"] : undefined;
  const overloaded = typeof type === "string" && /overload|rate_?limit/i.test(type);
  return { kind: "again", afterMs: overloaded ? null : 0, failure: broken(asked, `broke off with an error: ${text}`) };
}

function misread(text: string, asked: Asked): Verdict {
  const advice = "Send /retry; if it happens again, update llama.cpp, or take another model.";
  const message = `the model server at ${at(asked)} could not read what its model wrote: ${text}`;
  return {
    kind: "again",
    afterMs: 0,
    unparsed: true,
    failure: new Failure("model.broken", message, { advice, retryable: true }),
  };
}

function keyRefused(asked: Asked, status: number): Failure {
  const advice = "Set OPENAI_API_KEY (model.api_key) to a key that this server accepts.";
  return new Failure("model.refused", `the model server at ${at(asked)} does not accept the key (${status})`, {
    advice,
    about: { say: "key_refused", server: at(asked) },
  });
}

function refused(asked: Asked, text: string, advice?: string): Failure {
  return failureWith("model.refused", `the model server at ${at(asked)} refused the request: ${text}`, advice);
}

function broken(asked: Asked, what: string, cause?: unknown): Failure {
  const detail = { advice: "Send /retry; if it happens again, look at the server's log.", retryable: true, cause };
  return new Failure("model.broken", `the model server at ${at(asked)} ${what}`, detail);
}

function failureWith(code: FailureCode, message: string, advice?: string): Failure {
  return new Failure(code, message, advice === undefined ? {} : { advice });
}

function final(failure: Failure): Verdict {
  return { kind: "final", failure };
}

function at(asked: Asked): string {
  return shownAddress(asked.address);
}

/** The server's own words, short and without markup. */
function textOf({ error, message }: APIError): string {
  // From Anthropic's SDK the whole body is here, from OpenAI's what is in its field `error`.
  const said = isObject(error) && isObject(error["error"]) ? error["error"] : error;
  return errorText(said ?? message.replace(/^\d{3} /, ""));
}

function errorText(error: unknown): string {
  const said = isObject(error) ? (error["message"] ?? error["detail"] ?? error["error"] ?? JSON.stringify(error)) : error;
  const text = typeof said === "string" ? said : JSON.stringify(said ?? "");
  if (/^\s*<(?:!doctype|html|head|body)/i.test(text)) return "a web page";
  return text.length > longestQuote ? `${text.slice(0, longestQuote)}…` : text.trim();
}

const longestQuote = 400;

function statusIn(error: unknown): number | null {
  const code = isObject(error) ? error["code"] : undefined;
  return typeof code === "number" ? code : null;
}

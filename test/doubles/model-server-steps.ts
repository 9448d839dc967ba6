import { readFileSync } from "node:fs";

/** A chat message as it came over the wire. */
interface SeenMessage {
  readonly role: string;
  readonly content?: string | null;
  readonly reasoning_content?: string;
  readonly tool_call_id?: string;
  readonly tool_calls?: readonly {
    readonly id: string;
    readonly function: { readonly name: string; readonly arguments: string };
  }[];
}

/** One chat request as the server saw it. `aborted` turns true when the client closes before the end. */
export interface Seen {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body's text, byte for byte: for prefix comparisons. */
  readonly raw: string;
  readonly body: {
    readonly model: string;
    readonly messages: readonly SeenMessage[];
    readonly tools?: readonly { readonly function: { readonly name: string } }[];
    readonly tool_choice?: string;
    readonly max_tokens?: number;
    readonly stream?: boolean;
  };
  readonly at: number;
  aborted: boolean;
}

/** How a stream ends: politely, by a reset of the socket, or never. */
type StreamEnd = "end" | "cut" | "never";

/** An answer of server-sent events; `frames` are written as they are, so any malformed sequence can be expressed. */
export interface StreamStep {
  readonly kind: "stream";
  readonly frames: readonly (string | Uint8Array)[];
  readonly delayMs: number;
  /** Before the headers. */
  readonly headersMs: number;
  readonly bytewise: boolean;
  /** In the middle it waits for this. */
  readonly gate: Promise<void> | null;
  readonly end: StreamEnd;
  readonly when: When | null;
}

/** A plain HTTP answer. */
export interface HttpStep {
  readonly kind: "http";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly when: When | null;
}

/** The request is read and nothing is ever answered (`hang`), or the socket is reset before the headers (`reset`). */
export interface SilentStep {
  readonly kind: "hang" | "reset";
  readonly when: When | null;
}

export type When = (seen: Seen) => boolean;
export type Step = StreamStep | HttpStep | SilentStep;

export interface Pace {
  /** Number of pieces the text is cut into; default one for each three characters or so. */
  readonly pieces?: number;
  readonly delayMs?: number;
  readonly headersMs?: number;
  /** In the middle of the answer it waits for this. */
  readonly gate?: Promise<void>;
}

const chunkHead = { id: "chatcmpl-double", object: "chat.completion.chunk", created: 1_795_229_581, model: "double" };

/** One SSE frame of a chunk with this delta. */
export function frame(delta: unknown, finish: string | null = null): string {
  return data({ ...chunkHead, choices: [{ index: 0, delta, finish_reason: finish }] });
}

/** One SSE frame of any JSON. */
export function data(json: unknown): string {
  return `data: ${JSON.stringify(json)}\n\n`;
}

const done = "data: [DONE]\n\n";

/** The last chunk, with usage and no choices. */
function usageFrame(completion: number): string {
  const usage = {
    prompt_tokens: 9,
    completion_tokens: completion,
    total_tokens: 9 + completion,
    prompt_tokens_details: { cached_tokens: 4 },
  };
  return data({ ...chunkHead, choices: [], usage });
}

/** Streams a text as the answer. */
export function say(text: string, pace: Pace = {}): StreamStep {
  const pieces = cut(text, pace.pieces ?? Math.max(1, Math.ceil(text.length / 3)));
  const frames = pieces.map((content) => frame({ content }));
  return stream([frame({ role: "assistant", content: null }), ...frames, ...ending("stop", pieces.length)], pace);
}

/** Streams reasoning in the given field, then a text. */
export function think(reasoning: string, text: string, field = "reasoning_content"): StreamStep {
  const thoughts = cut(reasoning, 3).map((piece) => frame({ [field]: piece }));
  const words = cut(text, 3).map((content) => frame({ content }));
  return stream([frame({ role: "assistant", content: null }), ...thoughts, ...words, ...ending("stop", 6)]);
}

/** A tool call whose arguments are split over frames; a string (or strings) is sent as it is, however broken. */
export function call(name: string, args: unknown, pace: Pace & { id?: string; text?: string } = {}): StreamStep {
  return calls([{ name, args, ...(pace.id === undefined ? {} : { id: pace.id }) }], pace);
}

/** Several tool calls in one answer, optionally after a remark. */
export function calls(
  wanted: readonly { name: string; args: unknown; id?: string }[],
  pace: Pace & { text?: string } = {},
): StreamStep {
  const remark = pace.text === undefined ? [] : cut(pace.text, 4).map((content) => frame({ content }));
  const frames = wanted.flatMap(({ name, args, id }, index) => {
    const pieces = Array.isArray(args) ? args.map(String) : cut(typeof args === "string" ? args : JSON.stringify(args), 3);
    const first = { index, id: id ?? `call_${index + 1}`, type: "function", function: { name, arguments: "" } };
    const rest = pieces.map((piece) => frame({ tool_calls: [{ index, function: { arguments: piece } }] }));
    return [frame({ tool_calls: [first] }), ...rest];
  });
  return stream([frame({ role: "assistant", content: null }), ...remark, ...frames, ...ending("tool_calls", 20)], pace);
}

/** Any HTTP answer; an object becomes JSON. */
export function status(code: number, body: unknown = "", headers: Readonly<Record<string, string>> = {}): HttpStep {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const type = typeof body === "string" ? "text/plain" : "application/json";
  return { kind: "http", status: code, headers: { "content-type": type, ...headers }, body: text, when: null };
}

/** A web page where a stream was expected. */
export function html(code = 200): HttpStep {
  return status(code, "<!doctype html><html><body><h1>It works!</h1></body></html>", { "content-type": "text/html" });
}

/** llama-server's answer while it reads its weights. */
export function loading(): HttpStep {
  return status(503, { error: { message: "Loading model", type: "unavailable_error", code: 503 } });
}

/** Accepts the request and never answers. */
export function hang(): SilentStep {
  return { kind: "hang", when: null };
}

/** Resets the connection before any byte. */
export function reset(): SilentStep {
  return { kind: "reset", when: null };
}

/** Frames written as they are. */
export function raw(...frames: readonly (string | Uint8Array)[]): StreamStep {
  return stream(frames);
}

/** A recorded answer, see `recorded/`. Piecewise as one frame per event. */
export function replay(file: string): StreamStep {
  const text = readFileSync(new URL(`./recorded/${file}`, import.meta.url), "utf8");
  return stream(text.split(/(?<=\n\n)/));
}

/** The first `count` frames of a stream, then a reset of the socket. */
export function cutAfter(count: number, step: StreamStep): StreamStep {
  return { ...step, frames: step.frames.slice(0, count), end: "cut" };
}

/** The first `count` frames of a stream, then nothing more on an open connection. */
export function stallAfter(count: number, step: StreamStep): StreamStep {
  return { ...step, frames: step.frames.slice(0, count), end: "never" };
}

/** The stream without its finish reason, usage and `[DONE]`, closed politely. */
export function endSilently(step: StreamStep): StreamStep {
  const frames = step.frames.filter((it) => !String(it).includes('"finish_reason":"') && !String(it).includes('"usage"'));
  return { ...noDone(step), frames: frames.filter((it) => it !== done) };
}

/** The stream with its finish reason but without `[DONE]`. */
export function noDone(step: StreamStep): StreamStep {
  return { ...step, frames: step.frames.filter((it) => it !== done) };
}

/** The first `count` frames, then an error inside the stream, as llama-server and vLLM send it. */
export function errorInStream(count: number, step: StreamStep, error: unknown): StreamStep {
  return { ...step, frames: [...step.frames.slice(0, count), data({ error })] };
}

/** Every byte in a write of its own. */
export function oneByteAtATime(step: StreamStep): StreamStep {
  return { ...step, bytewise: true };
}

/** The stream with Windows line ends. */
export function crlf(step: StreamStep): StreamStep {
  return { ...step, frames: step.frames.map((it) => String(it).replaceAll("\n", "\r\n")) };
}

/** The stream with another finish reason, e.g. `length`. */
export function finishing(reason: string, step: StreamStep): StreamStep {
  const swap = (it: string | Uint8Array): string => String(it).replace(/"finish_reason":"\w+"/, `"finish_reason":"${reason}"`);
  return { ...step, frames: step.frames.map(swap) };
}

/** A step for requests that match; steps without a condition answer in order. */
export function on<Any extends Step>(when: When, step: Any): Any {
  return { ...step, when };
}

function stream(frames: readonly (string | Uint8Array)[], pace: Pace = {}): StreamStep {
  const { delayMs = 0, headersMs = 0, gate = null } = pace;
  return { kind: "stream", frames, delayMs, headersMs, bytewise: false, gate, end: "end", when: null };
}

function ending(finish: string, completion: number): string[] {
  return [frame({}, finish), usageFrame(completion), done];
}

/** Cuts between characters, so that a piece is valid text. */
function cut(text: string, count: number): string[] {
  const characters = [...text];
  const size = Math.max(1, Math.ceil(characters.length / count));
  const pieces: string[] = [];
  for (let at = 0; at < characters.length; at += size) pieces.push(characters.slice(at, at + size).join(""));
  return pieces;
}

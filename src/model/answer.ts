import type { ModelAnswer, ModelEvent, ModelUsage, ToolCall, ToolSpec } from "../core/model.ts";
import { isObject } from "./arguments.ts";
import { collectCalls, type WireCallDelta } from "./calls.ts";
import { holdsCall } from "./marks.ts";
import { restore, restoreDelta, restoreJson } from "./neutralise.ts";
import { splitText, type Piece } from "./splitter.ts";
import { calledInThought } from "./written-calls.ts";

/** A chunk of a stream as servers really send it: any part may be missing. */
export interface WireChunk {
  readonly choices?: readonly WireChoice[] | null;
  readonly usage?: WireUsage | null;
  /** llama-server's own counts. */
  readonly timings?: {
    readonly cache_n?: number;
    readonly prompt_n?: number;
    readonly predicted_n?: number;
    readonly prompt_per_second?: number;
    readonly predicted_per_second?: number;
  } | null;
  readonly prompt_progress?: { readonly total?: number; readonly processed?: number } | null;
  /** What went wrong in mid-stream. */
  readonly error?: unknown;
}

interface WireChoice {
  readonly finish_reason?: string | null;
  readonly delta?: WireDelta | null;
}

interface WireDelta {
  readonly content?: string | null;
  readonly reasoning_content?: string | null;
  readonly reasoning?: string | null;
  readonly tool_calls?: readonly WireCallDelta[] | null;
  /** What llama-cpp-python and LocalAI still send, beside the above or alone. */
  readonly function_call?: WireCallDelta["function"];
}

interface WireUsage {
  readonly prompt_tokens?: number | null;
  readonly completion_tokens?: number | null;
  readonly prompt_tokens_details?: { readonly cached_tokens?: number | null } | null;
}

/** Builds one answer from its chunks. */
export interface AnswerBuilder {
  /** What the chunk lets us show. */
  take(chunk: WireChunk): ModelEvent[];
  /** The server has said how it ended. */
  readonly finished: boolean;
  /** A token of any kind has come. */
  readonly begun: boolean;
  /** A tool call has begun, in a field of its own or in the text. */
  readonly calling: boolean;
  /** Text so far. */
  partial(): string;
  /** The rest to show, and the answer. Only when `finished`. */
  end(): { readonly events: ModelEvent[]; readonly answer: ModelAnswer };
}

/**
 * A builder for an answer to a request sent at `sentAt` (performance clock). Calls in text count for the `offered` tools only; one that
 * is `continuing` keeps the white space at its beginning.
 */
export function buildAnswer(offered: readonly ToolSpec[], sentAt: number, continuing = false): AnswerBuilder {
  const calls = collectCalls();
  const splitter = splitText(offered, continuing);
  const state: State = {
    text: [],
    reasoning: [],
    finish: null,
    firstAt: null,
    lastAt: 0,
    usage: null,
    textCalls: 0,
    malformed: [],
    timings: null,
    continuing,
    calling: false,
  };
  const sort = (pieces: readonly Piece[]): ModelEvent[] =>
    pieces.flatMap((piece) => {
      if (piece.type === "call") {
        state.calling = true;
        calls.addWhole(piece.call.name, piece.call.arguments);
        state.textCalls += 1;
      }
      return show(state, piece);
    });
  return {
    take: (chunk) => {
      note(state, chunk);
      const choice = chunk.choices?.[0];
      const events = reading(chunk);
      if (!choice) return events;
      if (choice.finish_reason && !givenUp.has(choice.finish_reason)) state.finish = choice.finish_reason;
      const { content, reasoning_content, reasoning } = choice.delta ?? {};
      const wanted = callsOf(choice.delta);
      const thought = reasoning_content ?? reasoning;
      if (content || thought || wanted.length > 0) {
        state.lastAt = performance.now();
        state.firstAt ??= state.lastAt;
      }
      if (thought) events.push(...show(state, { type: "reasoning", text: thought }));
      if (content) for (const event of sort(splitter.push(content))) events.push(event);
      if (wanted.length > 0) state.calling = true;
      for (const delta of wanted) calls.add(delta);
      return events;
    },
    get finished() {
      return state.finish !== null;
    },
    get begun() {
      return state.firstAt !== null;
    },
    get calling() {
      return state.calling;
    },
    partial: () => restore(state.text.join("")).trimEnd(),
    end: () => {
      const cut = state.finish === "length";
      const events = sort(splitter.finish(!cut));
      const wanted = calls.finish().map(restoredCall);
      const finish = cut ? "length" : wanted.length > 0 ? "calls" : "stop";
      const content = restore(state.text.join("")).trimEnd();
      const reasoning = restore(state.reasoning.join(""));
      const nothing = content === "" && wanted.length === 0 && state.malformed.length === 0;
      const answer = {
        content,
        reasoning,
        calls: wanted,
        finish,
        textCalls: state.textCalls,
        malformed: nothing && holdsCall(reasoning) ? [calledInThought] : state.malformed,
        usage: usageOf(state, sentAt),
      } as const;
      return { events, answer };
    },
  };
}

/** Finish reasons by which vLLM, SGLang and proxies say that the answer is not complete after all. */
const givenUp: ReadonlySet<string> = new Set(["abort", "error"]);

interface State {
  text: string[];
  reasoning: string[];
  finish: string | null;
  firstAt: number | null;
  lastAt: number;
  usage: WireUsage | null;
  textCalls: number;
  malformed: string[];
  timings: WireChunk["timings"];
  continuing: boolean;
  calling: boolean;
}

/** Keeps a piece and says how it is shown. White space before the first word is not. */
function show(state: State, piece: Piece): ModelEvent[] {
  switch (piece.type) {
    case "text": {
      const delta = state.text.length === 0 && !state.continuing ? piece.text.trimStart() : piece.text;
      return said("text", state.text, delta);
    }
    case "reasoning":
      return said("reasoning", state.reasoning, piece.text);
    case "rethink":
      state.reasoning.push(state.text.join(""));
      state.text = [];
      return [];
    case "malformed":
      state.malformed.push(piece.fault);
      return [];
    case "call":
      return [];
  }
}

function said(type: "text" | "reasoning", kept: string[], piece: string): ModelEvent[] {
  const delta = restoreDelta(kept.at(-1) ?? "", piece);
  if (piece !== "") kept.push(piece);
  return delta === "" ? [] : [{ type, delta }];
}

/** The model may have copied what it read of a page or a file, with our marks in it. */
function restoredCall({ id, name, arguments: args }: ToolCall): ToolCall {
  return { id, name: restore(name), arguments: restoreJson(args) };
}

function callsOf(delta: WireDelta | null | undefined): readonly WireCallDelta[] {
  if (delta?.tool_calls?.length) return delta.tool_calls;
  return delta?.function_call ? [{ index: 0, function: delta.function_call }] : [];
}

function note(state: State, chunk: WireChunk): void {
  if (chunk.usage) state.usage = chunk.usage;
  if (chunk.timings) state.timings = chunk.timings;
}

function reading(chunk: WireChunk): ModelEvent[] {
  const { processed, total } = chunk.prompt_progress ?? {};
  return typeof processed === "number" && typeof total === "number" ? [{ type: "reading", done: processed, total }] : [];
}

function usageOf(state: State, sentAt: number): ModelUsage {
  const { usage, timings } = state;
  const completionTokens = usage?.completion_tokens ?? timings?.predicted_n ?? null;
  return {
    promptTokens: usage?.prompt_tokens ?? promptByTimings(timings),
    completionTokens,
    cachedTokens: usage?.prompt_tokens_details?.cached_tokens ?? timings?.cache_n ?? null,
    firstTokenMs: state.firstAt === null ? null : Math.round(state.firstAt - sentAt),
    totalMs: Math.round(performance.now() - sentAt),
    queuedMs: 0,
    promptPerSecond: timings?.prompt_per_second ?? null,
    tokensPerSecond: timings?.predicted_per_second ?? speedOf(state, completionTokens),
  };
}

/** Tokens per second as measured here: between the first and the last, of which one is not in between. */
function speedOf({ firstAt, lastAt }: State, tokens: number | null): number | null {
  const seconds = firstAt === null ? 0 : (lastAt - firstAt) / 1_000;
  return tokens === null || tokens < 2 || seconds <= 0 ? null : (tokens - 1) / seconds;
}

/** llama-server's `prompt_n` leaves out what came from its cache. */
function promptByTimings(timings: WireChunk["timings"]): number | null {
  return timings?.prompt_n === undefined ? null : timings.prompt_n + (timings.cache_n ?? 0);
}

/** A whole answer, not streamed, as one chunk; null when it is none. */
export function wholeAsChunk(body: unknown): WireChunk | null {
  if (!isObject(body) || !Array.isArray(body["choices"])) return null;
  const choices = body["choices"]
    .filter(isObject)
    .map(({ message, finish_reason }) => ({ delta: message, finish_reason: finish_reason ?? "stop" }));
  // Boundary: JSON from the server, read as carefully as a chunk's.
  return { ...body, choices } as unknown as WireChunk;
}

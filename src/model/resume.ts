import type { ModelMessage, ModelRequest, ServerKind } from "../core/model.ts";
import type { AttemptEnd } from "./attempt.ts";
import type { ApiMode } from "./settings.ts";

/** How a broken answer is gone on with: by the server itself from the last message's text, or because the model is told to. */
export type Continuation = "native" | "told";

/** A broken answer's text, and how the rest is asked for. */
export interface Resumption {
  /** What has been shown and stays. */
  readonly text: string;
  readonly way: Continuation;
}

/** Whether a broken attempt can be gone on with: something was shown, no call had begun, and the fault was the stream's. */
export function resumable(request: ModelRequest, end: AttemptEnd & { type: "trouble" }): boolean {
  const { code } = end.verdict.failure;
  const streams = code === "model.stalled" || code === "model.broken" || code === "model.unreachable";
  return end.spoke && !end.calling && streams && request.schema === undefined && request.toolChoice !== "required";
}

/** Which way a server takes. */
export function continuationOf(kind: ServerKind, mode: ApiMode | "auto"): Continuation {
  if (mode === "responses" || mode === "anthropic_messages") return "told";
  return kind === "llama-server" || kind === "vllm" || kind === "sglang" ? "native" : "told";
}

/** Fields that make a server go on with the last message. llama-server does so without them too, but then says it all once more. */
export function continuationFields({ text, way }: Resumption): Readonly<Record<string, unknown>> {
  if (text === "" || way === "told") return {};
  return { continue_final_message: true, add_generation_prompt: false };
}

/** The request for the rest of the answer. Nothing was said yet: the same again. */
export function continued(request: ModelRequest, { text, way }: Resumption): ModelRequest {
  if (text === "") return request;
  const content = way === "native" ? text : text.slice(0, text.length - openWord(text).length).trimEnd();
  if (content === "") return request;
  const said: ModelMessage = { role: "assistant", content, reasoning: "", calls: [] };
  const asked: readonly ModelMessage[] = way === "native" ? [said] : [said, { role: "user", content: goOn }];
  return { ...request, messages: [...request.messages, ...asked] };
}

const goOn =
  "[Your answer was cut off by a technical fault. Go on with it exactly where it stops: your next words are appended to it as they are. Repeat none of it and say nothing about this.]";

/** The last word, which may be only half there; a model that is told to go on is not shown it, so that it writes the whole. */
function openWord(text: string): string {
  return openLetters.exec(text)?.[0] ?? "";
}

/** Scripts that put no space between words are never in the middle of one. */
const openLetters = /[^\s\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]{0,40}$/u;

/** Fits the rest of an answer to its beginning: what the model says a second time is left out. */
export interface Joint {
  /** What of it to show now; text that may be a repetition is held back until that is clear. */
  push(delta: string): string;
  /** The rest that was held back. */
  end(): string;
  /** The beginning and all that was let through. */
  readonly joined: string;
}

/** So many characters alike are no accident. */
const surelyAlike = 16;
/** Where a repetition may begin, counted from the end. */
const lookBack = 2_000;

/** A joint after this beginning. */
export function newJoint({ text, way }: Resumption): Joint {
  const state = { pending: "", open: text !== "", joined: text };
  const tail = way === "told" ? openWord(text) : "";
  const through = (said: string): string => {
    state.joined += said;
    return said;
  };
  const settle = (): string => {
    state.open = false;
    return through(fitted(text, tail, state.pending));
  };
  return {
    push: (delta) => {
      if (!state.open) return through(delta);
      state.pending += delta;
      return mayRepeat(text, state.pending) ? "" : settle();
    },
    end: () => (state.open ? settle() : ""),
    get joined() {
      return state.joined;
    },
  };
}

/** Whether what has come so far may still turn out to be a repetition. */
function mayRepeat(text: string, pending: string): boolean {
  const said = pending.trimStart();
  return said === "" || text.startsWith(said) || text.slice(-lookBack).includes(said);
}

function fitted(text: string, tail: string, pending: string): string {
  const said = pending.trimStart();
  if (said.startsWith(text)) return said.slice(text.length);
  const alike = overlap(text.slice(-lookBack), said);
  if (alike >= surelyAlike || (alike > 0 && alike >= tail.length && tail !== "")) return said.slice(alike);
  // The word that was shown, and another in its place.
  return tail !== "" && said === pending && said !== "" ? ` ${said}` : pending;
}

/** The longest beginning of `said` with which `text` ends. */
function overlap(text: string, said: string): number {
  for (let length = Math.min(text.length, said.length); length > 0; length--) {
    if (text.endsWith(said.slice(0, length))) return length;
  }
  return 0;
}

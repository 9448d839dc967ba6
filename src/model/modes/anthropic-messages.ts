import type { ModelRequest } from "../../core/model.ts";
import type { WireChunk } from "../answer.ts";
import { isObject } from "../arguments.ts";
import { anthropicBody } from "./anthropic-body.ts";
import type { Mode, ModeReader } from "./mode.ts";

type Json = Readonly<Record<string, unknown>>;

/** POST /v1/messages: Anthropic's form. llama-server, vLLM, SGLang, Ollama and LM Studio speak it too. */
export const anthropicMessages: Mode = { path: "/messages", body: anthropicBody, reader: newReader };

interface State {
  /** The call's index by its block's. */
  readonly calls: Map<unknown, number>;
  /** The answer is a forced tool's input: its text is the answer's. */
  readonly forced: boolean;
  /** What came beside it; it is the answer where a server does not let itself be forced. */
  aside: string | null;
  prompt: Json;
}

function newReader({ schema }: ModelRequest): ModeReader {
  const state: State = { calls: new Map(), forced: schema !== undefined, aside: "", prompt: {} };
  return { event: (json) => readEvent(state, json), whole: (json) => readWhole(state, json) };
}

function readEvent(state: State, json: Json): WireChunk | null {
  switch (json["type"]) {
    case "message_start":
      if (isObject(json["message"]) && isObject(json["message"]["usage"])) state.prompt = json["message"]["usage"];
      return { usage: usageOf(state.prompt) };
    case "content_block_start":
      return isObject(json["content_block"]) ? beginBlock(state, json["index"], json["content_block"]) : null;
    case "content_block_delta":
      return isObject(json["delta"]) ? addToBlock(state, json["index"], json["delta"]) : null;
    case "message_delta":
      return lastChunk(state, json);
    case "error":
      return { error: json["error"] };
    default:
      return null;
  }
}

function beginBlock(state: State, index: unknown, block: Json): WireChunk | null {
  switch (block["type"]) {
    case "text":
      return saidText(state, text(block["text"]));
    case "thinking":
      return said({ reasoning_content: text(block["thinking"]) });
    case "tool_use":
      return beginCall(state, index, block);
    default:
      return null;
  }
}

/** The input is `{}` here and comes in pieces, except from servers that give it whole. */
function beginCall(state: State, index: unknown, block: Json): WireChunk {
  const { input } = block;
  const args = isObject(input) && Object.keys(input).length > 0 ? JSON.stringify(input) : "";
  if (state.forced) return forcedInput(state, args);
  const at = state.calls.size;
  state.calls.set(index, at);
  return said({ tool_calls: [{ index: at, id: text(block["id"]), function: { name: text(block["name"]), arguments: args } }] });
}

function addToBlock(state: State, index: unknown, delta: Json): WireChunk | null {
  switch (delta["type"]) {
    case "text_delta":
      return saidText(state, text(delta["text"]));
    case "thinking_delta":
      return said({ reasoning_content: text(delta["thinking"]) });
    case "input_json_delta": {
      const args = text(delta["partial_json"]);
      if (state.forced) return forcedInput(state, args);
      const at = state.calls.get(index);
      return at === undefined ? null : said({ tool_calls: [{ index: at, function: { arguments: args } }] });
    }
    default:
      return null;
  }
}

function forcedInput(state: State, args: string): WireChunk {
  state.aside = null;
  return said({ content: args });
}

function saidText(state: State, content: string): WireChunk | null {
  if (!state.forced) return said({ content });
  if (state.aside !== null) state.aside += content;
  return null;
}

function lastChunk(state: State, json: Json): WireChunk | null {
  const delta = isObject(json["delta"]) ? json["delta"] : {};
  const usage = isObject(json["usage"]) ? { usage: usageOf({ ...state.prompt, ...json["usage"] }) } : {};
  const reason = delta["stop_reason"];
  if (typeof reason !== "string") return usage;
  return { choices: [{ delta: { content: state.forced ? state.aside : null }, finish_reason: finishOf(reason) }], ...usage };
}

function finishOf(reason: string): string {
  return reason === "max_tokens" || reason === "model_context_window_exceeded" ? "length" : "stop";
}

/** `input_tokens` leaves out what was read from the cache and what was written to it. */
function usageOf(usage: Json): NonNullable<WireChunk["usage"]> {
  const fresh = count(usage["input_tokens"]);
  const read = count(usage["cache_read_input_tokens"]);
  const written = count(usage["cache_creation_input_tokens"]);
  return {
    prompt_tokens: fresh === null ? null : fresh + (read ?? 0) + (written ?? 0),
    completion_tokens: count(usage["output_tokens"]),
    prompt_tokens_details: { cached_tokens: read },
  };
}

/** A message that came whole, read as the events that it would have been. */
function readWhole(state: State, json: unknown): WireChunk | null {
  if (!isObject(json) || json["type"] !== "message" || !Array.isArray(json["content"])) return null;
  const chunks = json["content"].filter(isObject).map((block, index) => beginBlock(state, index, block));
  const deltas = chunks.flatMap((chunk) => chunk?.choices?.[0]?.delta ?? []);
  return {
    choices: [
      {
        delta: {
          content: deltas.map(({ content }) => content ?? "").join("") || state.aside,
          reasoning_content: deltas.map(({ reasoning_content: thought }) => thought ?? "").join(""),
          tool_calls: deltas.flatMap(({ tool_calls: calls }) => calls ?? []),
        },
        finish_reason: finishOf(text(json["stop_reason"])),
      },
    ],
    ...(isObject(json["usage"]) ? { usage: usageOf(json["usage"]) } : {}),
  };
}

function said(delta: NonNullable<NonNullable<WireChunk["choices"]>[number]["delta"]>): WireChunk {
  return { choices: [{ delta }] };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function count(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

import type { Failure } from "./failures.ts";

/** A call the model asked for. `arguments` is the JSON text of an object exactly as the server sent it (prefix caches depend on it). */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

/** One message of a prompt, platform- and server-neutral. */
export type ModelMessage =
  | { readonly role: "system"; readonly content: string }
  | { readonly role: "user"; readonly content: string }
  | {
      readonly role: "assistant";
      readonly content: string;
      readonly reasoning: string;
      readonly calls: readonly ToolCall[];
    }
  | { readonly role: "tool"; readonly call: string; readonly name: string; readonly content: string };

/** A tool as the model sees it. `parameters` is JSON Schema of an object. */
export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface ModelRequest {
  readonly messages: readonly ModelMessage[];
  /** Sorted by name and byte-stable over a session. */
  readonly tools: readonly ToolSpec[];
  /** `none` still sends the tools (the prefix stays), but asks for text. */
  readonly toolChoice: "auto" | "none";
}

/** Counts and times of one call, as the server gave them or as measured here; null where unknown. */
export interface ModelUsage {
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  readonly cachedTokens: number | null;
  /** Milliseconds from sending the request to the first token. */
  readonly firstTokenMs: number | null;
  readonly totalMs: number;
}

/** What a finished answer holds. `length`: cut by the server's limit, so its calls must not be run. */
export interface ModelAnswer {
  readonly content: string;
  readonly reasoning: string;
  readonly calls: readonly ToolCall[];
  readonly finish: "stop" | "calls" | "length";
  readonly usage: ModelUsage;
}

/** A model's stream: any number of deltas, then exactly one of `done`, `failed`, `aborted`. It never throws. */
export type ModelEvent =
  | { readonly type: "text"; readonly delta: string }
  | { readonly type: "reasoning"; readonly delta: string }
  | { readonly type: "reading"; readonly done: number; readonly total: number }
  | { readonly type: "notice"; readonly text: string }
  | { readonly type: "done"; readonly answer: ModelAnswer }
  | { readonly type: "failed"; readonly failure: Failure; readonly partial: string }
  | { readonly type: "aborted"; readonly partial: string };

/** A model behind a server. */
export interface Model {
  /** The id sent to the server. */
  readonly name: string;
  /** The server's address as a person would recognise it, e.g. `http://127.0.0.1:8080/v1`. */
  readonly server: string;
  /** True for the built-in script that answers when no server is found. */
  readonly demonstration: boolean;
  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent>;
}

/** Gives the model to use now; looks for a server again when the last one is gone. */
export interface Models {
  current(): Promise<Model>;
  close(): Promise<void>;
}

import type { Failure } from "./failures.ts";
import type { NoticeAbout } from "./notices.ts";

/** A call the model asked for. `arguments` is the JSON text of an object exactly as the server sent it (prefix caches depend on it). */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

/** A picture as it goes to a model. */
export interface ModelImage {
  readonly mediaType: "image/png" | "image/jpeg" | "image/gif" | "image/webp";
  /** In base64. */
  readonly data: string;
}

/** One message of a prompt, platform- and server-neutral. */
export type ModelMessage =
  | { readonly role: "system"; readonly content: string }
  | { readonly role: "user"; readonly content: string; readonly images?: readonly ModelImage[] }
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

/** How much a model may think before it answers. */
export const efforts = ["none", "minimal", "low", "medium", "high", "xhigh"] as const;
export type Effort = (typeof efforts)[number];

/** Who waits for a call. The gate lets earlier ones in this list go first. */
export const urgencies = ["interactive", "subagent", "scheduled", "auxiliary"] as const;
export type Urgency = (typeof urgencies)[number];

/** For whom a request is made: the gate is fair between persons, and a session stays with the server that holds its cache. */
export interface Caller {
  readonly person: string;
  readonly session: string | null;
  readonly urgency: Urgency;
}

export interface ModelRequest {
  readonly messages: readonly ModelMessage[];
  /** Sorted by name and byte-stable over a session. */
  readonly tools: readonly ToolSpec[];
  /** `none` still sends the tools (the prefix stays), but asks for text; `required` asks for a call, where the server can. */
  readonly toolChoice: "auto" | "none" | "required";
  /** When given, the answer is JSON of this schema and no tool is offered: the last resort for a model that can't call tools. */
  readonly schema?: Readonly<Record<string, unknown>>;
  /** Absent: nobody in particular, interactive. */
  readonly caller?: Caller;
  /** Absent: as configured. */
  readonly effort?: Effort;
  /** Absent: the server's. */
  readonly temperature?: number;
  /** Absent: as configured. */
  readonly maxTokens?: number;
}

/** Counts and times of one call, as the server gave them or as measured here; null where unknown. */
export interface ModelUsage {
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  readonly cachedTokens: number | null;
  /** Milliseconds from sending the request to the first token. */
  readonly firstTokenMs: number | null;
  readonly totalMs: number;
  /** Milliseconds spent waiting for a place at the server. */
  readonly queuedMs: number;
  /** Tokens per second of reading what was not cached, and of writing. */
  readonly promptPerSecond: number | null;
  readonly tokensPerSecond: number | null;
}

/** What a finished answer holds. `length`: cut by the server's limit, so its calls must not be run. */
export interface ModelAnswer {
  readonly content: string;
  readonly reasoning: string;
  readonly calls: readonly ToolCall[];
  readonly finish: "stop" | "calls" | "length";
  /** How many of the calls came as text that the server had not recognised. */
  readonly textCalls: number;
  /**
   * Tool calls written in the text that could not be taken for one of an offered tool, a sentence each that says to the model what was
   * wrong. They are neither in `content` nor in `calls`.
   */
  readonly malformed: readonly string[];
  readonly usage: ModelUsage;
}

/** A line for the person about what a model's server is at. */
export type ModelNotice = ModelEvent & { readonly type: "notice" };

/** A model's stream: any number of deltas, then exactly one of `done`, `failed`, `aborted`. It never throws. */
export type ModelEvent =
  | { readonly type: "text"; readonly delta: string }
  | { readonly type: "reasoning"; readonly delta: string }
  | { readonly type: "reading"; readonly done: number; readonly total: number }
  /** Waiting for a place at the server: how many go first, and the expected wait in milliseconds (null: unknown). */
  | { readonly type: "queued"; readonly ahead: number; readonly waitMs: number | null }
  | { readonly type: "notice"; readonly text: string; readonly about?: NoticeAbout }
  | { readonly type: "done"; readonly answer: ModelAnswer }
  | { readonly type: "failed"; readonly failure: Failure; readonly partial: string }
  | { readonly type: "aborted"; readonly partial: string };

export type ServerKind = "llama-server" | "vllm" | "ollama" | "lmstudio" | "sglang" | "other";

/** What is known of a model where it runs; null: the server does not tell. */
export interface ModelFacts {
  readonly kind: ServerKind;
  readonly version: string | null;
  /** Tokens one request may take, prompt and answer together: the smaller of what is configured and what the server gives. */
  readonly window: number | null;
  /** Requests it works on at once. */
  readonly slots: number | null;
  readonly vision: boolean | null;
  readonly tools: boolean | null;
  /** Whether thinking can be turned off, and whether its template reads an effort. */
  readonly thinking: boolean | null;
  readonly effort: boolean | null;
  /** What a person should know, a sentence each: a configured window larger than the server's, a window that cuts silently. */
  readonly remarks: readonly string[];
}

/** A model behind a server. */
export interface Model {
  /** The id sent to the server. */
  readonly name: string;
  /** The server's address as a person would recognise it, e.g. `http://127.0.0.1:8080/v1`. */
  readonly server: string;
  /** True for the built-in script that answers when no server is found. */
  readonly demonstration: boolean;
  /** What the server tells of it; asked once, and again after the server was away. Never rejects: what can't be learnt is null. */
  facts(signal: AbortSignal): Promise<ModelFacts>;
  /** The exact tokens of the request's prompt where the server can count them without generating, else null. Never rejects. */
  count(request: ModelRequest, signal: AbortSignal): Promise<number | null>;
  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent>;
}

/** A model picked by a person; null: the configured one. */
export interface ModelChoice {
  readonly provider: string | null;
  readonly model: string | null;
  /** How much is to be thought; absent: as configured. */
  readonly effort?: Effort;
}

/** Side jobs that may have a model of their own. */
export const auxiliaryTasks = [
  "compression",
  "title_generation",
  "vision",
  "session_search",
  "approval",
  "background_review",
] as const;
export type AuxiliaryTask = (typeof auxiliaryTasks)[number];

/** One configured server with what it lists, for `/model`. `failure`: why it could not be asked. */
export interface ProviderListing {
  readonly provider: string;
  readonly server: string;
  readonly models: readonly string[];
  readonly failure: string | null;
}

/** The models of one process, read from the configuration as it is now. */
export interface Models {
  /** The model for a session (null: none in particular): its person's choice, else the configured one; looks for a server again when the last is gone. */
  current(session?: { readonly id: string; readonly choice: ModelChoice | null }): Promise<Model>;
  /** The model of a side job; the main one where none is configured. */
  auxiliary(task: AuxiliaryTask): Promise<Model>;
  /** Every configured server with its models. */
  listings(signal: AbortSignal): Promise<readonly ProviderListing[]>;
  close(): Promise<void>;
}

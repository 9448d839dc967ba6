import type { WireChunk } from "../../src/model/answer.ts";

/** A stream that went wrong somewhere, and what must come of it. */
export interface CorpusCase {
  readonly id: string;
  /** Where such a stream was reported, or which server sends it. */
  readonly source: string;
  readonly chunks: readonly WireChunk[];
  /** The calls that are run, with their arguments as the tool gets them. */
  readonly runs: readonly (readonly [tool: string, args: Readonly<Record<string, unknown>>])[];
  /** What a person sees. */
  readonly shown: string;
  /** What counts as thinking; absent: not looked at. */
  readonly thought?: string;
  /** The model is told that something was not run. */
  readonly told?: true;
}

export interface CorpusGroup {
  readonly name: string;
  readonly cases: readonly CorpusCase[];
}

type Delta = NonNullable<NonNullable<NonNullable<WireChunk["choices"]>[number]["delta"]>>;
type CallDelta = NonNullable<NonNullable<Delta["tool_calls"]>[number]>;

/** An answer of nothing but text; the finish null: the stream broke off. */
export function says(text: string, finish: string | null = "stop"): WireChunk[] {
  return [sends({ content: "" }), sends({ content: text }), ...ends(finish)];
}

/** An answer of calls in pieces. */
export function calls(pieces: readonly CallDelta[], finish: string | null = "tool_calls"): WireChunk[] {
  return [sends({ content: null }), ...pieces.map((piece) => sends({ tool_calls: [piece] })), ...ends(finish)];
}

/** One chunk. */
export function sends(delta: Delta): WireChunk {
  return { choices: [{ delta, finish_reason: null }] };
}

/** The last chunk. */
export function ends(finish: string | null): WireChunk[] {
  return finish === null ? [] : [{ choices: [{ delta: {}, finish_reason: finish }] }];
}

/** A piece of a call in OpenAI's form. */
export function piece(index: number | null, id: string | null, name: string | null, args: unknown): CallDelta {
  return { ...(index === null ? {} : { index }), id, function: { name, arguments: args } };
}

/** The call that most cases make. */
export const ls = ["terminal", { command: "ls -la" }] as const;
export const notes = ["read_file", { path: "notes.txt" }] as const;

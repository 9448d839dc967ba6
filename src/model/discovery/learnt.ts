import type { ModelFacts } from "../../core/model.ts";
import type { Asking, Reply } from "./asking.ts";
import type { Json } from "./reading.ts";

/** What a server's own endpoints tell of a model. */
export interface Learnt extends Omit<ModelFacts, "kind"> {
  /** False while the model is not loaded: some of this is unknown until it is. */
  readonly settled: boolean;
}

/** Answers to the questions that every server is asked. */
export interface Answers {
  readonly listing: Reply;
  readonly props: Reply;
  readonly ollama: Reply;
  readonly studio: Reply;
  readonly olderStudio: Reply;
  readonly version: Reply;
}

/** How one kind of server is read. */
export type Reader = (answers: Answers, entry: Json | null, model: string | null, ask: Asking) => Promise<Learnt>;

/** Nothing known. */
export const nothing: Learnt = {
  version: null,
  window: null,
  slots: null,
  vision: null,
  tools: null,
  thinking: null,
  effort: null,
  remarks: [],
  settled: true,
};

/** A tool to see what a server does with one. */
export const markerTool = {
  type: "function",
  function: { name: "marker", description: "A tool.", parameters: { type: "object", properties: {} } },
};

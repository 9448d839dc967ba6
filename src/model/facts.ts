import type { ModelFacts, ServerKind } from "../core/model.ts";
import type { Connection } from "./connection.ts";
import { askAt, type Asking, type Reply } from "./discovery/asking.ts";
import { entryOf, isLoading, kindOf } from "./discovery/kind.ts";
import { nothing, type Answers, type Reader } from "./discovery/learnt.ts";
import { readLlama } from "./discovery/llama.ts";
import { readOllama } from "./discovery/ollama.ts";
import { readOther } from "./discovery/other.ts";
import { settledWindow } from "./discovery/remarks.ts";
import { readSglang } from "./discovery/sglang.ts";
import { readStudio } from "./discovery/studio.ts";
import { readVllm } from "./discovery/vllm.ts";

/** What a server told of a model. */
export interface Discovered {
  readonly facts: ModelFacts;
  /** `partly`: it will tell more, for it is loading, refuses the key, or has not loaded the model yet. `away`: it did not answer. */
  readonly reach: "full" | "partly" | "away";
}

/**
 * Tells servers apart and learns what they say of a model; null: the only one, or the first loaded. `configured` is the context length
 * that a person wrote down. A server that was of a kind `before` is asked only what that kind answers. Takes four seconds at most, eight
 * where it has become another; never rejects.
 */
export async function discover(
  connection: Connection,
  address: string,
  model: string | null,
  configured: number | null,
  signal: AbortSignal,
  before: ServerKind | null = null,
): Promise<Discovered> {
  const answers = await askAll(askAt(connection, address, signal), before);
  const kind = kindOf(answers);
  const another = before !== null && kind !== before && answers.listing.status !== null;
  if (another) return await discover(connection, address, model, configured, signal);
  const entry = entryOf(answers, model);
  const { settled, ...learnt } = await readers[kind](answers, entry, model, askAt(connection, address, signal));
  const { window, remarks } = settledWindow(learnt.window, configured);
  const facts = { kind, ...learnt, window, remarks: [...remarks, ...learnt.remarks] };
  if (Object.values(answers).every((reply: Reply) => reply.status === null)) return { facts, reach: "away" };
  return { facts, reach: settled && answers.listing.body !== null && !isLoading(answers) ? "full" : "partly" };
}

/** Facts of a model of which nothing is known. */
export function unknownFacts(configured: number | null): ModelFacts {
  const { settled: _settled, ...facts } = nothing;
  return { kind: "other", ...facts, window: configured };
}

const readers: Readonly<Record<ServerKind, Reader>> = {
  "llama-server": readLlama,
  vllm: readVllm,
  ollama: readOllama,
  lmstudio: readStudio,
  sglang: readSglang,
  other: readOther,
};

/** The questions that tell servers apart, all at once. */
async function askAll(ask: Asking, before: ServerKind | null): Promise<Answers> {
  const of = (kinds: readonly ServerKind[], question: () => Promise<Reply>): Promise<Reply> =>
    before === null || before === "other" || kinds.includes(before) ? question() : Promise.resolve(unasked);
  const [listing, props, ollama, studio, olderStudio, version] = await Promise.all([
    ask.api("/models"),
    of(["llama-server"], () => ask.get("/props")),
    of(["ollama"], () => ask.get("/api/version")),
    of(["lmstudio"], () => ask.get("/api/v1/models")),
    of(["lmstudio"], () => ask.get("/api/v0/models")),
    of(["vllm", "sglang"], () => ask.get("/version")),
  ]);
  return { listing, props, ollama, studio, olderStudio, version };
}

const unasked: Reply = { status: null, body: null, error: null };

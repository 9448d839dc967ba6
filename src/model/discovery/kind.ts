import type { ServerKind } from "../../core/model.ts";
import type { Answers } from "./learnt.ts";
import { at, objectsOf, textOf, windowOf, type Json } from "./reading.ts";

/** Which program answers, by what only that one says. */
export function kindOf(answers: Answers): ServerKind {
  const entries = objectsOf(at(answers.listing.body, "data"));
  const owner = (name: string): boolean => entries.some((entry) => entry["owned_by"] === name);
  if (owner("llamacpp") || at(answers.props.body, "default_generation_settings") !== undefined) return "llama-server";
  if (isStudio(answers)) return "lmstudio";
  if (owner("sglang")) return "sglang";
  const versioned = textOf(at(answers.version.body, "version")) !== null;
  if (owner("vllm") || (versioned && entries.some((entry) => windowOf(entry["max_model_len"]) !== null))) return "vllm";
  // KoboldCpp speaks Ollama's API too, but has not its ways.
  if (textOf(at(answers.ollama.body, "version")) !== null && !owner("koboldcpp")) return "ollama";
  return isLoading(answers) ? "llama-server" : "other";
}

function isStudio({ studio, olderStudio }: Answers): boolean {
  const newer = objectsOf(at(studio.body, "models")).some((entry) => "key" in entry && "loaded_instances" in entry);
  return newer || objectsOf(at(olderStudio.body, "data")).some((entry) => "state" in entry && "max_context_length" in entry);
}

/** While llama-server reads its weights, it says so on every path. */
export function isLoading({ listing, props }: Answers): boolean {
  return [listing, props].some((reply) => reply.status === 503 && /loading model/i.test(reply.error ?? ""));
}

/** What a server's list says of the model; the only entry when there is no other. */
export function entryOf(answers: Answers, model: string | null): Json | null {
  const entries = objectsOf(at(answers.listing.body, "data"));
  const named = (entry: Json): boolean => {
    const aliases = entry["aliases"];
    return entry["id"] === model || (Array.isArray(aliases) && aliases.includes(model));
  };
  return entries.find(named) ?? (entries.length === 1 ? (entries[0] ?? null) : null);
}

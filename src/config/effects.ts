import { findKey, keyOf } from "./keys.ts";
import type { Effect } from "./row.ts";

/** When a change of a key counts; the fields of named servers, and hosted services' keys, count as models do. */
export function effectOf(path: string): Effect {
  const key = findKey(path);
  return key === null ? "message" : (keyOf(key).effect ?? "restart");
}

/** The same as a sentence. */
export function whenItCounts(path: string): string {
  return sentences[effectOf(path)];
}

const sentences: Readonly<Record<Effect, string>> = {
  restart: "It counts after a restart.",
  message: "It counts from the next message on.",
  compression: "It counts the next time a conversation is shortened.",
  conversation: "It counts at its next use, and brings or takes the tool in the next conversation (/new).",
  use: "It counts at its next use.",
};

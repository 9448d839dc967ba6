import { findKey, keyOf } from "./keys.ts";
import type { Effect } from "./row.ts";

/** When a change of a key counts, as a sentence; the fields of named servers count as models do. */
export function whenItCounts(path: string): string {
  const key = findKey(path);
  return sentences[key === null ? "message" : (keyOf(key).effect ?? "restart")];
}

const sentences: Readonly<Record<Effect, string>> = {
  restart: "It counts after a restart.",
  message: "It counts from the next message on.",
  compression: "It counts the next time a conversation is shortened.",
  conversation: "It counts at its next use, and brings or takes the tool in the next conversation (/new).",
  use: "It counts at its next use.",
};

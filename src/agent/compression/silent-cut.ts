import type { Model } from "../../core/model.ts";

/** A cut prompt fills most of its window, and its window lies well below what was sent. */
const cutShare = 0.6;
/** Below this the estimate is mostly template. */
const leastRead = 1_000;

/**
 * The window that an Ollama must have when it has read clearly less than was sent: it leaves out the oldest messages without a word. Its
 * windows are powers of two as a rule. Null where nothing was cut, and for other servers: these refuse.
 */
export async function silentCut(
  model: Model,
  read: number | null,
  expected: number,
  signal: AbortSignal,
): Promise<number | null> {
  if (read === null || read < leastRead || read >= expected * cutShare) return null;
  const { kind } = await model.facts(signal);
  return kind === "ollama" ? 2 ** Math.ceil(Math.log2(read)) : null;
}

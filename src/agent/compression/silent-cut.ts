import type { Model } from "../../core/model.ts";

/** A prompt's length as it was estimated and as its server says to have read it. */
export interface Reading {
  readonly estimate: number;
  readonly read: number;
}

/** A prompt that the server has read whole is never this much shorter than estimated. */
const cutShare = 0.6;
/** From one prompt to the next: what it must have grown by to be judged, and what of that the server must have read. */
const leastGrowth = 300;
const growthShare = 0.3;
/** Below this the estimate is mostly template. */
const leastRead = 1_000;

/**
 * Whether an Ollama has left the oldest messages out, which it does without a word: it has read clearly less than was sent, or hardly more
 * than of an earlier, clearly shorter prompt. Gives the window that it must have: a power of two as a rule. Null where nothing was cut, and
 * for other servers: these refuse.
 */
export async function silentCut(model: Model, now: Reading, before: Reading | null, signal: AbortSignal): Promise<number | null> {
  if (now.read < leastRead || !(now.read < now.estimate * cutShare || stoodStill(now, before))) return null;
  const { kind } = await model.facts(signal);
  return kind === "ollama" ? 2 ** Math.ceil(Math.log2(now.read)) : null;
}

function stoodStill(now: Reading, before: Reading | null): boolean {
  if (before === null) return false;
  const grown = now.estimate - before.estimate;
  return grown >= leastGrowth && now.read - before.read < grown * growthShare;
}

/** What later prompts are held against: the last one, but for growth that is too small to be judged by itself. */
export function baseline(now: Reading, before: Reading | null): Reading {
  const small = before !== null && now.estimate >= before.estimate && now.estimate - before.estimate < leastGrowth;
  return small ? before : now;
}

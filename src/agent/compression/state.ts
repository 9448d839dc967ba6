import type { Compaction } from "../../store/compactions.ts";

/** What a turn knows of its history's length. */
export interface HistoryState {
  /** How it is shown since it was last shortened; null where it never was. */
  compaction: Compaction | null;
  /** Of the prompt as it was last put together: its estimated length, and the model's window (0: not asked for). */
  estimate: number;
  window: number;
  /** How long the next answer may be; null: as configured. */
  maxTokens: number | null;
  /** A bound that a server's refusal has taught. */
  answerCap: number | null;
  /** How often a prompt of this turn turned out to be too long: once it is shortened by a summary, once more by what can do without. */
  recoveries: number;
  /** How often its answer was made shorter instead. */
  lowered: number;
}

/** A turn begins knowing nothing. */
export function newHistory(): HistoryState {
  return { compaction: null, estimate: 0, window: 0, maxTokens: null, answerCap: null, recoveries: 0, lowered: 0 };
}

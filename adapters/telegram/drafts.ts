import { createHash } from "node:crypto";
import { remember } from "../../src/core/maps.ts";

/** Which draft shows which turn. */
export interface Drafts {
  /** The draft of a turn: the same in every process. */
  idOf(turn: string): number;
  /** The turn of a draft shown by this process lately, or null. */
  turnOf(draft: number): string | null;
}

/** A stop button is pressed while its turn runs: older ones need not be kept. */
const remembered = 1_000;

export function createDrafts(): Drafts {
  const turns = new Map<number, string>();
  return {
    idOf(turn) {
      const id = draftId(turn);
      remember(turns, id, turn, remembered);
      return id;
    },
    turnOf: (draft) => turns.get(draft) ?? null,
  };
}

/** A positive 31-bit number, as the Bot API wants it. */
function draftId(turn: string): number {
  return createHash("sha256").update(turn).digest().readUInt32BE(0) >>> 1 || 1;
}

import type { ModelMessage } from "../../core/model.ts";
import { messageTokens } from "./tokens.ts";

/** A message where it stands in the journal. */
export interface Placed {
  readonly id: number;
  readonly message: ModelMessage;
}

/** What is asked of the three parts. Amounts are in estimated tokens. */
export interface Wish {
  /** Messages of the head, and the room they may take. */
  readonly first: number;
  readonly headRoom: number;
  /** Messages of the tail that may take `lastRoom`; all of the tail may take `tailRoom`. */
  readonly last: number;
  readonly tailRoom: number;
  readonly lastRoom: number;
  /** Whether the tail ends after `last` messages, however short they are. */
  readonly lastOnly: boolean;
}

/** The parts: the head is `entries[0, head)`, the tail is `entries[tail, …)`, what lies between may be summarised. */
export interface Parts {
  readonly head: number;
  readonly tail: number;
}

/**
 * Cuts a conversation into head, middle and tail, never between a call and its results. The tail has at least the last message with
 * what belongs to it.
 */
export function partsOf(entries: readonly Placed[], wish: Wish): Parts {
  const tail = tailStart(entries, wish);
  return { head: headEnd(entries.slice(0, tail), wish), tail };
}

/** Whether the conversation may be cut before this place. */
function isBoundary(entries: readonly Placed[], at: number): boolean {
  return entries[at]?.message.role !== "tool";
}

/** The longest head that is allowed; best one that ends with an answer. */
function headEnd(entries: readonly Placed[], { first, headRoom }: Wish): number {
  let room = headRoom;
  let best = 0;
  let whole = 0;
  for (let at = 0; at < Math.min(first, entries.length); at += 1) {
    const entry = entries[at];
    room -= entry === undefined ? 0 : messageTokens(entry.message);
    if (room < 0) break;
    if (!isBoundary(entries, at + 1)) continue;
    if (entry?.message.role === "assistant" && entry.message.calls.length > 0) continue;
    // The record that follows the head stands as a person's message: templates that want roles to alternate refuse two in a row.
    if (entry?.message.role === "user") continue;
    best = at + 1;
    if (entries[at + 1]?.message.role === "user") whole = at + 1;
  }
  return whole > 0 ? whole : best;
}

function tailStart(entries: readonly Placed[], { last, tailRoom, lastRoom, lastOnly }: Wish): number {
  let taken = 0;
  let start = entries.length;
  for (let at = entries.length - 1; at >= 0; at -= 1) {
    const entry = entries[at];
    taken += entry === undefined ? 0 : messageTokens(entry.message);
    const count = entries.length - at;
    const fits = count <= last ? taken <= Math.max(tailRoom, lastRoom) : !lastOnly && taken <= tailRoom;
    if (!fits && start < entries.length) break;
    if (isBoundary(entries, at)) start = at;
  }
  return start;
}

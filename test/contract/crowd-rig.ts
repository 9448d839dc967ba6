import type { View } from "../../adapters/view.ts";
import type { Adapter } from "../../src/core/adapter.ts";
import type { ChatRef } from "../../src/core/chats.ts";
import type { TurnEvent } from "../../src/core/events.ts";
import { asFailure } from "../../src/core/failures.ts";
import type { VirtualClock } from "../doubles/virtual-clock.ts";
import { toldView } from "./told-view.ts";

/** A chat in which a turn runs, and the message that asked. */
export interface Place {
  readonly chat: ChatRef;
  readonly replyTo: string | null;
}

/** A request as the platform saw it. */
export interface Seen {
  /** By the virtual clock. */
  readonly at: number;
  /** What it counts against: the chat, a bucket, a method. */
  readonly limits: readonly { readonly name: string; readonly most: number; readonly ms: number }[];
  readonly status: "taken" | "limited";
}

/** A turn in the crowd. */
export interface Told {
  readonly place: Place;
  readonly answer: string;
  /** When its answer was due, and when it was there. */
  dueAt: number;
  sentAt: number;
}

/** As many deliveries at once as a gateway makes. */
const concurrency = 64;
const wordEveryMs = 250;

/** Turns of many chats, shown and answered over one adapter as a gateway does it, by a clock of the test's own. */
export async function crowd(adapter: Adapter, clock: VirtualClock, places: readonly Place[]) {
  const { view, publish } = await toldView(adapter);
  const seqs = new Map<string, number>();
  const tell = (turn: string, { chat, replyTo }: Place, event: TurnEvent): void => {
    const seq = (seqs.get(turn) ?? 0) + 1;
    seqs.set(turn, seq);
    publish({ turn, chat, fence: 1, seq, replyTo, event });
  };
  const deliver = deliveries(adapter, view, clock);
  return {
    view,
    /** All begin at once; each says a word in a while until its time is over, then its answer is due. */
    async round(name: string, secondsOf: (index: number) => number): Promise<readonly Told[]> {
      const turns = places.map((place, index) => ({
        place,
        turn: `${name}:${index}`,
        endsAt: clock.now() + secondsOf(index) * 1_000,
      }));
      const told: Told[] = turns.map(({ place, turn }) => ({ place, answer: `The answer of ${turn}.`, dueAt: 0, sentAt: 0 }));
      for (const { place, turn } of turns) tell(turn, place, { type: "started" });
      for (let open = turns.length, word = 0; open > 0; word += 1) {
        await clock.pass(wordEveryMs);
        for (const [index, { place, turn, endsAt }] of turns.entries()) {
          const entry = told[index];
          if (!entry || entry.dueAt > 0) continue;
          if (clock.now() < endsAt) {
            tell(turn, place, { type: "text", delta: `word${word} ` });
            continue;
          }
          tell(turn, place, { type: "finished", end: "answered" });
          entry.dueAt = clock.now();
          deliver(turn, entry);
          open -= 1;
        }
      }
      return told;
    },
    async until(all: readonly Told[], mostMs: number): Promise<void> {
      const end = clock.now() + mostMs;
      while (all.some(({ sentAt }) => sentAt === 0) && clock.now() < end) await clock.pass(wordEveryMs);
    },
  };
}

/** What `workers/deliveries.ts` does with an answer of one message, without the record. */
function deliveries(adapter: Adapter, view: View, clock: VirtualClock): (turn: string, entry: Told) => void {
  const waiting: (() => Promise<void>)[] = [];
  const previews = new Map<string, string>();
  let running = 0;
  const next = (): void => {
    const work = running < concurrency ? waiting.shift() : undefined;
    if (!work) return;
    running += 1;
    void work().finally(() => {
      running -= 1;
      next();
    });
    next();
  };
  const attempt = async (turn: string, entry: Told): Promise<void> => {
    const { chat, replyTo } = entry.place;
    const [chunk] = adapter.render(entry.answer);
    const shown = (await view.settle(turn)) ?? previews.get(turn) ?? null;
    if (shown !== null) previews.set(turn, shown);
    try {
      if (shown === null) await adapter.post(chat, chunk, { replyTo, key: turn, since: Date.now() });
      else await adapter.edit(chat, shown, chunk, {});
      entry.sentAt = clock.now();
    } catch (error) {
      const failure = asFailure(error);
      if (!failure.retryable) throw error;
      setTimeout(() => deliver(turn, entry), failure.retryAfterMs ?? 500);
    }
  };
  const deliver = (turn: string, entry: Told): void => {
    waiting.push(() => attempt(turn, entry));
    next();
  };
  return deliver;
}

/** The limits that were broken, each with the most that came within its time. */
export function broken(all: readonly Seen[]): readonly string[] {
  const byLimit = new Map<string, { most: number; ms: number; at: number[] }>();
  for (const { at, limits } of all) {
    for (const { name, most, ms } of limits) {
      const entry = byLimit.get(name) ?? { most, ms, at: [] };
      entry.at.push(at);
      byLimit.set(name, entry);
    }
  }
  return [...byLimit].flatMap(([name, { most, ms, at }]) => {
    const found = mostWithin(at, ms);
    return found > most ? [`${name}: ${found} in ${ms} ms, at most ${most}`] : [];
  });
}

/** How many lie within any stretch of this length. */
function mostWithin(times: readonly number[], ms: number): number {
  const sorted = times.toSorted((one, other) => one - other);
  let from = 0;
  let most = 0;
  for (const [to, at] of sorted.entries()) {
    while (at - (sorted[from] ?? at) >= ms) from += 1;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

import type { LiveEvent, TurnEvent } from "../core/events.ts";

/** Gathers events, in each turn's order; what a turn says piece by piece becomes one event. */
export interface Gathered {
  add(event: LiveEvent): void;
  readonly size: number;
  take(): readonly LiveEvent[];
}

/** An empty gathering. */
export function gather(): Gathered {
  let events: LiveEvent[] = [];
  const lastOf = new Map<string, number>();
  return {
    get size() {
      return events.length;
    },
    add(event) {
      const index = lastOf.get(event.turn);
      const before = index === undefined ? undefined : events[index];
      const both = before && before.fence === event.fence ? joined(before.event, event.event) : null;
      if (index !== undefined && both) events[index] = { ...event, event: both };
      else lastOf.set(event.turn, events.push(event) - 1);
    },
    take() {
      const taken = events;
      events = [];
      lastOf.clear();
      return taken;
    },
  };
}

/** Two events as one, where they are pieces of the same thing. */
function joined(before: TurnEvent, after: TurnEvent): TurnEvent | null {
  if (before.type === "text" && after.type === "text") return { type: "text", delta: before.delta + after.delta };
  if (before.type === "reasoning" && after.type === "reasoning") {
    return { type: "reasoning", delta: before.delta + after.delta };
  }
  if (before.type === "tool.output" && after.type === "tool.output" && before.call === after.call) {
    return { type: "tool.output", call: after.call, chunk: before.chunk + after.chunk };
  }
  return null;
}

import type { LiveEvent, TurnEvent } from "../src/core/events.ts";

/** A turn as a page that has just opened must show it: its events, with pieces of one text put together. */
export interface TurnState {
  readonly turn: string;
  readonly replyTo: string | null;
  readonly fence: number;
  readonly events: readonly TurnEvent[];
}

/** The turns whose answer has not been posted yet. */
export interface Turns {
  /** Takes an event in; false when it is an old one or belongs to a turn that is over. */
  take(event: LiveEvent): boolean;
  /** Which turn this post answers, if any; that turn is then over. */
  settle(replyTo: string | null, markdown: string, asks: boolean): string | null;
  list(): readonly TurnState[];
  /** Turns whose answer is already among these texts. */
  answeredBy(texts: readonly string[]): readonly string[];
}

/** Text of one step beyond this is not kept for a reload; the post brings all of it. */
const textChars = 400_000;
/** A tool's output: the newest part is kept. */
const outputChars = 8_000;
const eventsKept = 1_000;
/** A turn that has ended waits this long for its post; then a reload shows only the history. */
const settleMs = 15_000;
const settledKept = 200;

interface Running {
  readonly turn: string;
  readonly replyTo: string | null;
  fence: number;
  seq: number;
  events: TurnEvent[];
  endedAt: number | null;
}

/** Keeps what a reload in the middle of a turn needs. */
export function createTurns(now: () => number = Date.now): Turns {
  const running = new Map<string, Running>();
  const settled = new Set<string>();

  function prune(): void {
    for (const [id, turn] of running) {
      if (turn.endedAt !== null && now() - turn.endedAt > settleMs) running.delete(id);
    }
  }

  function end(turn: string): string {
    running.delete(turn);
    settled.add(turn);
    for (const oldest of settled) {
      if (settled.size <= settledKept) break;
      settled.delete(oldest);
    }
    return turn;
  }

  return {
    take(event) {
      if (settled.has(event.turn)) return false;
      const turn = running.get(event.turn) ?? open(event);
      // A subagent's line comes from its own worker: it has no place in the order of the turn's own.
      if (event.event.type === "agent") {
        running.set(event.turn, turn);
        merge(turn.events, event.event);
        turn.endedAt = null;
        return true;
      }
      if (event.fence < turn.fence || (event.fence === turn.fence && event.seq <= turn.seq)) return false;
      // Another worker has taken over: the step begins again, so what was said of it before is void.
      if (event.fence > turn.fence) turn.events = turn.events.filter(({ type }) => type.startsWith("tool.") || type === "agent");
      turn.fence = event.fence;
      turn.seq = event.seq;
      running.set(event.turn, turn);
      merge(turn.events, event.event);
      // One that waited for a person goes on.
      turn.endedAt = event.event.type === "finished" && event.event.end !== "handed_over" ? now() : null;
      return true;
    },
    settle(replyTo, markdown, asks) {
      prune();
      const open = [...running.values()];
      const asked = open.find((turn) => turn.replyTo === replyTo && (replyTo !== null || turn.endedAt !== null));
      // A question comes in the middle of a turn, and so does what has buttons.
      if (asked) return asks ? null : end(asked.turn);
      const same = open.find((turn) => turn.endedAt !== null && textOf(turn.events) === markdown.trim());
      return same ? end(same.turn) : null;
    },
    list() {
      prune();
      return [...running.values()].map(({ turn, replyTo, fence, events }) => ({ turn, replyTo, fence, events }));
    },
    answeredBy(texts) {
      const known = new Set(texts.map((text) => text.trim()));
      return [...running.values()].filter(({ events }) => known.has(textOf(events))).map(({ turn }) => turn);
    },
  };
}

/** Adds an event to a list, putting consecutive pieces of one text together. */
export function merge(events: TurnEvent[], event: TurnEvent): void {
  if (event.type === "agent") {
    // The newest of each is all there is to know.
    const before = events.findIndex((each) => each.type === "agent" && each.agent === event.agent);
    if (before >= 0) return void events.splice(before, 1, event);
  }
  const last = events.at(-1);
  const joined = last && join(last, event);
  if (joined) events[events.length - 1] = joined;
  else events.push(event);
  if (events.length > eventsKept) events.shift();
}

function open(event: LiveEvent): Running {
  return { turn: event.turn, replyTo: event.replyTo, fence: event.fence, seq: 0, events: [], endedAt: null };
}

function join(last: TurnEvent, next: TurnEvent): TurnEvent | null {
  if (last.type === "text" && next.type === "text") {
    return { type: "text", delta: last.delta.length < textChars ? last.delta + next.delta : last.delta };
  }
  if (last.type === "reasoning" && next.type === "reasoning") {
    return { type: "reasoning", delta: (last.delta + next.delta).slice(-textChars) };
  }
  if (last.type === "tool.output" && next.type === "tool.output" && last.call === next.call) {
    return { ...next, chunk: (last.chunk + next.chunk).slice(-outputChars) };
  }
  const progress = last.type === next.type && (next.type === "reading" || next.type === "queued");
  return progress ? next : null;
}

/** What the last step has said so far. */
function textOf(events: readonly TurnEvent[]): string {
  const start = events.findLastIndex(({ type }) => type === "step");
  return events
    .slice(start + 1)
    .map((event) => (event.type === "text" ? event.delta : ""))
    .join("")
    .trim();
}

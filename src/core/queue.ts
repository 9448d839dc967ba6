import type { Failure } from "./failures.ts";

/** Priorities of turn jobs, BullMQ's sense: a smaller number goes first. */
export const priorities = { interactive: 1, subagent: 5, scheduled: 10 } as const;

/** What a job's handler may decide: done, or come back after so many milliseconds. Throwing a `Failure` retries by its flags. */
export type JobOutcome = { readonly type: "done" } | { readonly type: "again"; readonly afterMs: number };

export interface AddOptions {
  readonly priority?: number;
  readonly delayMs?: number;
}

/**
 * A queue of wake-up calls. A job only says that `subject` (a session, a chat) has work in the record, so doubles are harmless and
 * a lost one is put back by the sweeper. At most one active and one waiting job a subject; of what runs at hand only its own process knows.
 */
export interface WakeQueue {
  /** Throws `queue.unavailable` when the queue can't be reached; the record still has the work. */
  wake(subject: string, options?: AddOptions): Promise<void>;
  /** As `wake`, but gets through when a dead worker's job still counts as active. `attempt` makes a sweep idempotent. */
  sweep(subject: string, attempt: string): Promise<void>;
}

export interface Consumer {
  /** No new jobs; resolves when the running ones have ended. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** How much of one queue a process takes. */
export interface Places {
  /** So many handlers run at once. */
  readonly concurrency: number;
  /**
   * So many of them are kept for what is woken in this very process: that runs at once, without a job, and nobody waits for the way to
   * the queue's server and back. Only `interactive` work, and only while no job can be waiting for a place; the rest goes on the queue.
   */
  readonly atHand: number;
}

/** With a few places at hand: enough for a quiet hour, and in a busy one most work is still shared among all processes. */
export function placesOf(concurrency: number): Places {
  return { concurrency, atHand: Math.min(4, Math.floor(concurrency / 4)) };
}

/** The queues over one backend: Redis, or Postgres through the embedded database. */
export interface Queues {
  /** `name` as in BullMQ: letters, digits, `-`. */
  queue(name: string): WakeQueue;
  consume(
    name: string,
    places: number | Places,
    handler: (subject: string, signal: AbortSignal) => Promise<JobOutcome>,
  ): Promise<Consumer>;
  /** Null when all is well; otherwise why not: for `/ready` and `status`. */
  health(): Promise<Failure | null>;
  close(): Promise<void>;
}

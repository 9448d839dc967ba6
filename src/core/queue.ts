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
 * a lost one is put back by the sweeper. At most one active and one waiting job a subject.
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

/** The queues over one backend: Redis, or Postgres through the embedded database. */
export interface Queues {
  /** `name` as in BullMQ: letters, digits, `-`. */
  queue(name: string): WakeQueue;
  consume(
    name: string,
    concurrency: number,
    handler: (subject: string, signal: AbortSignal) => Promise<JobOutcome>,
  ): Promise<Consumer>;
  /** Null when all is well; otherwise why not: for `/ready` and `status`. */
  health(): Promise<Failure | null>;
  close(): Promise<void>;
}

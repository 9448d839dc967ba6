import { randomUUID } from "node:crypto";
import type { JobsOptions } from "bullmq";
import { asFailure, Failure } from "../core/failures.ts";
import { priorities, type WakeQueue } from "../core/queue.ts";
import type { QueueBackend, WakeJobs, WakeName } from "./backend.ts";
import { within } from "./deadline.ts";

/** A queue's jobs, as its consumer needs them: also for later. */
export interface Jobs extends WakeQueue {
  /** Wakes `subject` after so long. The newest verdict counts: it takes the place of the one before. */
  again(subject: string, afterMs: number, priority: number): Promise<void>;
}

/** A queue that does not answer in this time counts as gone. */
export const answerMs = 2_000;

/**
 * A job that could not put its subject back on the queue is run again until it can. Nothing else fails: handlers' failures are decided
 * by the consumer.
 */
const untilDone: JobsOptions = {
  attempts: 1_000_000,
  backoff: { type: "fixed", delay: 1_000 },
  removeOnComplete: true,
  removeOnFail: true,
};

/**
 * One `wake` job a subject waits or runs; one that comes while it runs leads to one more afterwards. What is wanted for later is a
 * `timer`, a job of its own that wakes the subject when due: a wake that itself is delayed would swallow the immediate ones after it.
 */
export function createJobs(backend: QueueBackend, open: () => Promise<WakeJobs>): Jobs {
  const add = async (name: WakeName, subject: string, options: JobsOptions): Promise<void> => {
    try {
      // BullMQ counts ids up from one again when Redis was wiped, and a new job must not be taken for one that still runs.
      const adding = (await open()).add(name, { subject }, { ...untilDone, jobId: randomUUID(), ...options });
      await within(answerMs, adding);
      backend.outage.back();
    } catch (error) {
      throw unavailable(error);
    }
  };
  const once = (id: string) => ({ deduplication: { id, keepLastIfActive: true } });
  return {
    async wake(subject, { delayMs = 0, priority = priorities.interactive } = {}) {
      if (delayMs > 0) await add("timer", subject, { priority, delay: Math.ceil(delayMs) });
      else await add("wake", subject, { priority, ...once(`wake:${subject}`) });
    },
    sweep: (subject, attempt) =>
      add("wake", subject, { priority: priorities.interactive, ...once(`sweep:${subject}#${attempt}`) }),
    again(subject, afterMs, priority) {
      const deduplication = { id: `again:${subject}`, keepLastIfActive: true, replace: true };
      return add("timer", subject, { priority, delay: Math.max(1, Math.ceil(afterMs)), deduplication });
    },
  };
}

/** Whatever kept a queue from answering, as the failure its callers know. */
export function unavailable(error: unknown): Failure {
  return new Failure("queue.unavailable", `the queue can't be reached: ${asFailure(error).message}`, {
    retryable: true,
    cause: error,
  });
}

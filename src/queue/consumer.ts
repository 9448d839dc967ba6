import type { Job } from "bullmq";
import { asFailure } from "../core/failures.ts";
import type { Log } from "../core/log.ts";
import { type Consumer, type JobOutcome, type Places, priorities } from "../core/queue.ts";
import type { QueueBackend, WakeData, WakeName, WakeWorker } from "./backend.ts";
import { settled } from "./deadline.ts";
import type { Jobs } from "./jobs.ts";
import { createRest } from "./rest.ts";

/**
 * A dead worker's job is taken up by another when its lock has run out and a look finds it so that an earlier one had seen running: up to 16 s.
 * Who can't wait so long is put on the queue past it by a sweep of the record.
 */
const lockMs = 6_000;
const stalledLookMs = 5_000;
/** Where no other process could have died, only a blocked event loop loses a lock; a look costs the embedded database a moment. */
const stalledLookAloneMs = 60_000;
/**
 * An idle worker is woken by its server when a job comes, and asks by itself only so often (BullMQ: every 5 s, which is half of what an idle
 * service does). That is also how soon a connection to a server is noticed that died without a word; the embedded database has none.
 */
const idleLookS = 10;
const idleLookAloneS = 60;
/** A stalled job is run again however often: the record, not the queue, gives up on work. */
const neverGivesUp = 1_000_000;
/** How long BullMQ waits after a broken connection (by default a quarter of a minute). */
const reconnectMs = 500;
/** Before a job that failed without saying when is run again. */
const retryMs = 1_000;
/** How long a close waits for handlers that were told to end, and then for the queue to learn what they did. */
const graceMs = 1_000;
const noteMs = 1_000;

/** A handler of one queue's jobs. */
export type Handler = (subject: string, signal: AbortSignal) => Promise<JobOutcome>;

/** What a consumer works with. */
export interface ConsumerParts {
  readonly backend: QueueBackend;
  readonly jobs: Jobs;
  readonly name: string;
  /** Whether this process is the queue's only one. */
  readonly alone: boolean;
  readonly log: Log;
}

/** A consumer as its own process sees it. */
export interface LocalConsumer extends Consumer {
  /** Has the handler run at once, without a job; false where it must be a job. */
  take(subject: string): boolean;
}

/** Takes jobs of one queue. */
export async function openConsumer(
  parts: ConsumerParts,
  { concurrency, atHand }: Places,
  handler: Handler,
): Promise<LocalConsumer> {
  const running = createRunning();
  const jobsAtOnce = concurrency - atHand;
  const tried = (subject: string) => running.track(subject, (signal) => run(parts, subject, signal, handler));
  const hand = createHand(parts, tried, running.closed);
  const process = async (job: Job<WakeData, void, WakeName>): Promise<void> => {
    const { subject } = job.data;
    const priority = job.opts.priority ?? priorities.interactive;
    // When draining, a job that was fetched at the last moment goes back for another worker.
    if (job.name === "timer" || running.closed()) return await parts.jobs.wake(subject, { priority });
    // What runs at hand looks once more, and then its verdict stands: this one may only have seen that the other is at work.
    const meanwhile = hand.again(subject);
    const outcome = await tried(subject);
    if (outcome.type === "again" && !meanwhile) await parts.jobs.again(subject, outcome.afterMs, priority);
  };
  const worker = parts.backend.worker(parts.name, process, {
    concurrency: jobsAtOnce,
    lockDuration: lockMs,
    drainDelay: parts.alone ? idleLookAloneS : idleLookS,
    stalledInterval: parts.alone ? stalledLookAloneMs : stalledLookMs,
    maxStalledCount: neverGivesUp,
    runRetryDelay: reconnectMs,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  });
  const rest = watch(worker, parts);
  await worker.waitUntilReady();
  const stop = async (): Promise<void> => {
    running.close();
    rest.close();
    await worker.pause(true);
  };
  return {
    take(subject) {
      if (running.closed()) return false;
      if (hand.again(subject)) return true;
      const jobs = running.size() - hand.size();
      if (hand.size() >= atHand || jobs >= jobsAtOnce || running.has(subject)) return false;
      hand.run(subject);
      return true;
    },
    async drain() {
      await stop();
      await running.ended();
      await settled(noteMs, hand.ended());
      await settled(noteMs, worker.close(parts.backend.outage.down()));
    },
    async close() {
      await stop();
      running.abort();
      const ended = await settled(graceMs, running.ended());
      if (ended) await settled(noteMs, hand.ended());
      // Forced, it waits for nobody: the job's lock runs out, and another worker runs it.
      await settled(noteMs, worker.close(!ended || parts.backend.outage.down()));
    },
  };
}

/** A job whose lock was lost or whose keys were wiped: the record has the truth, so it is no trouble. */
const harmless =
  /Missing lock|lock mismatch|Missing key for job|missing job|not active|could not renew lock|not in the active state/i;

function watch(worker: WakeWorker, { backend, name, log }: ConsumerParts): { close(): void } {
  const rest = createRest(worker);
  worker.on("error", (error: Error) => {
    if (harmless.test(error.message)) return log.debug({ queue: name, error }, "a job's lock is gone");
    backend.outage.error(error);
    rest.trouble();
  });
  worker.on("ready", () => backend.outage.back());
  worker.on("active", () => backend.outage.back());
  return rest;
}

/** The handlers that run now. */
function createRunning() {
  const controls = new Map<AbortController, string>();
  const state = { closed: false, idle: Promise.withResolvers<void>() };
  return {
    closed: () => state.closed,
    size: () => controls.size,
    has: (subject: string) => controls.values().some((each) => each === subject),
    async track<Result>(subject: string, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
      const control = new AbortController();
      controls.set(control, subject);
      try {
        return await work(control.signal);
      } finally {
        controls.delete(control);
        if (state.closed && controls.size === 0) state.idle.resolve();
      }
    },
    /** From now on nothing may start. */
    close() {
      state.closed = true;
      if (controls.size === 0) state.idle.resolve();
    },
    ended: () => state.idle.promise,
    abort() {
      for (const control of controls.keys()) control.abort(new Error("the consumer is closing"));
    },
  };
}

/** What runs without a job. A wake that comes meanwhile leads to one more run. */
function createHand({ jobs, name, log }: ConsumerParts, tried: (subject: string) => Promise<JobOutcome>, closed: () => boolean) {
  const running = new Map<string, { again: boolean }>();
  const ends = new Set<Promise<void>>();
  const until = async (subject: string, state: { again: boolean }): Promise<void> => {
    try {
      let outcome: JobOutcome;
      do {
        state.again = false;
        outcome = await tried(subject);
      } while (state.again && !closed());
      running.delete(subject);
      if (state.again) await jobs.wake(subject);
      else if (outcome.type === "again") await jobs.again(subject, outcome.afterMs, priorities.interactive);
    } catch (error) {
      log.debug(
        { queue: name, subject, error },
        "what is wanted for later could not be put on the queue; the sweeper brings it back",
      );
    }
  };
  return {
    size: () => running.size,
    run(subject: string): void {
      const state = { again: false };
      running.set(subject, state);
      const end = until(subject, state).finally(() => ends.delete(end));
      ends.add(end);
    },
    /** What runs has ended, and what it wants for later is on the queue. */
    ended: () => Promise.all(ends),
    /** False when it doesn't run. */
    again(subject: string): boolean {
      const state = running.get(subject);
      if (state !== undefined) state.again = true;
      return state !== undefined;
    },
  };
}

async function run({ name, log }: ConsumerParts, subject: string, signal: AbortSignal, handler: Handler): Promise<JobOutcome> {
  try {
    return await handler(subject, signal);
  } catch (error) {
    const failure = asFailure(error);
    const again = failure.retryable;
    log.warn(
      { queue: name, subject, code: failure.code, error: failure },
      again ? "a job failed and is run again" : "a job failed; the sweeper brings it back if work is left",
    );
    return again ? { type: "again", afterMs: failure.retryAfterMs ?? retryMs } : { type: "done" };
  }
}

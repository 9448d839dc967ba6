import { DelayedError, type Job } from "bullmq";
import { asFailure } from "../core/failures.ts";
import type { Log } from "../core/log.ts";
import type { Consumer, JobOutcome } from "../core/queue.ts";
import type { QueueBackend, WakeData } from "./backend.ts";

/** A dead worker's job is taken up by another within about these two: its lock runs out, and the next look finds it. */
const lockMs = 6_000;
const stalledLookMs = 3_000;
/** A stalled job is run again however often: the record, not the queue, gives up on work. */
const neverGivesUp = 1_000_000;
const retryMs = 1_000;

export type Handler = (subject: string, signal: AbortSignal) => Promise<JobOutcome>;

/** Takes jobs of one queue. The only place that knows BullMQ's way of saying "later". */
export async function openConsumer(
  backend: QueueBackend,
  name: string,
  concurrency: number,
  handler: Handler,
  log: Log,
): Promise<Consumer> {
  const worker = backend.worker(
    name,
    async (job, token, signal) => {
      const outcome = await run(job.data.subject, signal ?? new AbortController().signal, handler, name, log);
      if (outcome.type === "again") await later(job, outcome.afterMs, token);
    },
    {
      concurrency,
      lockDuration: lockMs,
      stalledInterval: stalledLookMs,
      maxStalledCount: neverGivesUp,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    },
  );
  worker.on("error", (error: Error) => backend.outage.error(error));
  worker.on("ready", () => backend.outage.back());
  await worker.waitUntilReady();
  let drained: Promise<void> | null = null;
  const drain = () => (drained ??= worker.pause());
  return {
    drain,
    async close() {
      await worker.close();
    },
  };
}

/** The job goes back to wait; BullMQ learns it by this error. */
async function later(job: Job<WakeData>, afterMs: number, token: string | undefined): Promise<never> {
  await job.moveToDelayed(Date.now() + Math.max(1, Math.round(afterMs)), token);
  throw new DelayedError();
}

async function run(subject: string, signal: AbortSignal, handler: Handler, name: string, log: Log): Promise<JobOutcome> {
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

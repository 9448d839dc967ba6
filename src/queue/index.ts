import { asFailure, Failure } from "../core/failures.ts";
import type { Log } from "../core/log.ts";
import type { AddOptions, Consumer, Queues, WakeQueue } from "../core/queue.ts";
import { openPostgresBackend, openRedisBackend, type QueuePool, type WakeJobs } from "./backend.ts";
import { openConsumer } from "./consumer.ts";

export interface QueueOptions {
  /** `exclusive`: no other process uses this database's queue, so what an earlier one left in it is dropped; the record brings it back. */
  readonly backend:
    | { readonly kind: "redis"; readonly url: string }
    | { readonly kind: "postgres"; readonly pool: QueuePool; readonly exclusive: boolean };
  /** Namespace of all keys in Redis. */
  readonly prefix: string;
  readonly log: Log;
}

/** The queues of a process, over Redis or over the record's own database. */
export async function openQueues(options: QueueOptions): Promise<Queues> {
  const { backend: kind, log } = options;
  const backend =
    kind.kind === "redis" ? await openRedisBackend(kind.url, options.prefix, log) : await openPostgresBackend(kind.pool, log);
  const exclusive = kind.kind === "postgres" && kind.exclusive;
  const queues = new Map<string, WakeJobs>();
  const consumers = new Set<Consumer>();
  const emptied = new Map<string, Promise<void>>();

  const jobs = (name: string): WakeJobs => {
    const known = queues.get(name);
    if (known) return known;
    const made = backend.queue(name);
    made.on("error", (error: Error) => backend.outage.error(error));
    queues.set(name, made);
    if (exclusive)
      emptied.set(
        name,
        made.obliterate({ force: true }).catch((error: unknown) => log.warn({ error }, `queue ${name} was not emptied`)),
      );
    return made;
  };
  return {
    queue: (name) =>
      wakeQueue(async () => {
        const made = jobs(name);
        await emptied.get(name);
        return made;
      }),
    async consume(name, concurrency, handler) {
      jobs(name);
      await emptied.get(name);
      const consumer = await openConsumer(backend, name, concurrency, handler, log);
      consumers.add(consumer);
      return consumer;
    },
    async health() {
      try {
        await within(backend.ping());
        return null;
      } catch (error) {
        return unavailable(error);
      }
    },
    async close() {
      await Promise.allSettled([...consumers].map((consumer) => consumer.close()));
      await Promise.allSettled([...queues.values()].map((queue) => queue.close()));
      await backend.close();
    },
  };
}

function wakeQueue(jobs: () => Promise<WakeJobs>): WakeQueue {
  const add = async (subject: string, deduplication: string, options: AddOptions): Promise<void> => {
    try {
      const { priority, delayMs } = options;
      const adding = (await jobs()).add(
        "wake",
        { subject },
        {
          // A wake during the subject's job leads to one more job afterwards; one that finds a delayed job takes its place.
          deduplication: { id: deduplication, keepLastIfActive: true, replace: true },
          removeOnComplete: true,
          removeOnFail: true,
          ...(priority === undefined ? {} : { priority }),
          ...(delayMs === undefined ? {} : { delay: Math.round(delayMs) }),
        },
      );
      await within(adding);
    } catch (error) {
      throw unavailable(error);
    }
  };
  return {
    wake: (subject, options = {}) => add(subject, subject, options),
    sweep: (subject, attempt) => add(subject, `${subject}#${attempt}`, {}),
  };
}

/** A queue that does not answer in this time counts as gone. */
const answerMs = 2_000;

async function within<Result>(work: Promise<Result>): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${answerMs} ms`)), answerMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}

function unavailable(error: unknown): Failure {
  return new Failure("queue.unavailable", `the queue can't be reached: ${asFailure(error).message}`, {
    retryable: true,
    cause: error,
  });
}

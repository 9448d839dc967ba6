import type { Log } from "../core/log.ts";
import { priorities, type Queues } from "../core/queue.ts";
import type { WakeJobs } from "./backend.ts";
import { type LocalConsumer, openConsumer } from "./consumer.ts";
import { settled, within } from "./deadline.ts";
import { answerMs, createJobs, unavailable } from "./jobs.ts";
import { openPostgresBackend, type QueuePool } from "./postgres.ts";
import { openRedisBackend } from "./redis.ts";

export interface QueueOptions {
  /**
   * `workerPool`: for what consumers note of jobs, which nobody waits for; left out: the same. `exclusive`: no other process uses this
   * database's queue, so what an earlier one left in it is dropped; the record brings it back.
   */
  readonly backend:
    | { readonly kind: "redis"; readonly url: string }
    | { readonly kind: "postgres"; readonly pool: QueuePool; readonly workerPool?: QueuePool; readonly exclusive: boolean };
  /** Namespace of all keys in Redis. */
  readonly prefix: string;
  readonly log: Log;
}

/** A consumer closes within its own limits; this is for a server that does not answer. */
const closeMs = 1_000;

/** The queues of a process, over Redis or over the record's own database. */
export async function openQueues(options: QueueOptions): Promise<Queues> {
  const { backend: kind, log } = options;
  const backend =
    kind.kind === "redis"
      ? await openRedisBackend(kind.url, options.prefix, log)
      : await openPostgresBackend(kind.pool, kind.workerPool ?? kind.pool, log);
  const exclusive = kind.kind === "postgres" && kind.exclusive;
  const opened = new Map<string, { readonly jobs: WakeJobs; readonly ready: Promise<WakeJobs> }>();
  const consumers = new Map<string, LocalConsumer>();

  const open = (name: string): Promise<WakeJobs> => {
    const known = opened.get(name);
    if (known) return known.ready;
    const jobs = backend.queue(name);
    jobs.on("error", (error: Error) => backend.outage.error(error));
    const ready = exclusive ? emptied(name, jobs, log) : Promise.resolve(jobs);
    opened.set(name, { jobs, ready });
    return ready;
  };
  const jobsOf = (name: string) => createJobs(backend, () => open(name));
  return {
    queue(name) {
      const jobs = jobsOf(name);
      return {
        sweep: jobs.sweep,
        async wake(subject, options = {}) {
          const { priority = priorities.interactive, delayMs = 0 } = options;
          const now = priority === priorities.interactive && delayMs <= 0;
          if (!now || consumers.get(name)?.take(subject) !== true) await jobs.wake(subject, options);
        },
      };
    },
    async consume(name, places, handler) {
      await open(name);
      const taken = typeof places === "number" ? { concurrency: places, atHand: 0 } : places;
      const consumer = await openConsumer({ backend, jobs: jobsOf(name), name, alone: exclusive, log }, taken, handler);
      consumers.set(name, consumer);
      return consumer;
    },
    async health() {
      try {
        await within(answerMs, backend.ping());
        backend.outage.back();
        return null;
      } catch (error) {
        return unavailable(error);
      }
    },
    async close() {
      await Promise.all([...consumers.values()].map((consumer) => consumer.close()));
      await settled(closeMs, Promise.all([...opened.values()].map(({ jobs }) => jobs.close())));
      await backend.close();
    },
  };
}

async function emptied(name: string, jobs: WakeJobs, log: Log): Promise<WakeJobs> {
  try {
    await jobs.obliterate({ force: true });
  } catch (error) {
    log.warn({ error, queue: name }, "what an earlier process left in the queue could not be dropped");
  }
  return jobs;
}

import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { Failure } from "../core/failures.ts";
import type { Log } from "../core/log.ts";
import { watchOutage } from "../core/outage.ts";
import { type QueueBackend, withoutQueue } from "./backend.ts";
import { within } from "./deadline.ts";

/** How long a start waits for a server that is still starting. */
const connectMs = 30_000;
/** A command that has no answer after this is given up: the record keeps what it would have said. */
const commandMs = 2_000;

/**
 * BullMQ on Redis. All queues share one connection that gives up fast, all workers one that never does; each worker has one more of its
 * own, to block on. They are made here and not by BullMQ, whose own could not be closed while Redis is away.
 */
export async function openRedisBackend(url: string, prefix: string, log: Log): Promise<QueueBackend> {
  const server = `Redis at ${new URL(url).host}`;
  const outage = watchOutage(server, withoutQueue, log);
  let closed = false;
  const retry = (attempt: number) => (closed ? null : retryMs(attempt));
  const open = (manner: Manner) => {
    const redis = new Redis(url, { ...manner, retryStrategy: retry, lazyConnect: true });
    // Each queue and worker of BullMQ adds listeners of its own.
    redis.setMaxListeners(0);
    return redis.on("error", (error: Error) => outage.error(error)).on("ready", () => outage.back());
  };
  const hasty = open({ maxRetriesPerRequest: 1, enableOfflineQueue: false, commandTimeout: commandMs });
  const patient = open({ maxRetriesPerRequest: null });
  try {
    await within(connectMs, Promise.all([ready(hasty), ready(patient)]));
  } catch (cause) {
    hasty.disconnect();
    patient.disconnect();
    const advice = "Start it, or check REDIS_URL. Without REDIS_URL the queue is embedded.";
    throw new Failure("queue.unavailable", `${server} does not answer`, { advice, cause });
  }
  return {
    kind: "redis",
    outage,
    ping: () => hasty.ping(),
    queue: (name) => new Queue(name, { connection: hasty, prefix }),
    worker: (name, processor, options) => new Worker(name, processor, { ...options, connection: patient, prefix }),
    async close() {
      // The connections that BullMQ has copied from these, to block on, end with it too.
      closed = true;
      hasty.disconnect();
      patient.disconnect();
    },
  };
}

/** How a connection takes it that Redis is away. */
interface Manner {
  readonly maxRetriesPerRequest: number | null;
  readonly enableOfflineQueue?: boolean;
  readonly commandTimeout?: number;
}

function ready(redis: Redis): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  redis.once("ready", () => resolve());
  // It goes on trying by itself.
  redis.connect().catch(() => undefined);
  return promise;
}

/** Reconnects soon at first, then every two seconds. */
function retryMs(attempt: number): number {
  return Math.min(2_000, 50 * 2 ** Math.min(attempt, 6));
}

import {
  createPostgresBackend,
  type PgPool,
  type Processor,
  Queue,
  type QueueOptions,
  runMigrations,
  Worker,
  type WorkerOptions,
} from "bullmq";
import { Redis } from "ioredis";
import { Failure } from "../core/failures.ts";
import type { Log } from "../core/log.ts";
import { type Outage, watchOutage } from "./outage.ts";

/** What a job carries: whose turn it is, nothing else. */
export interface WakeData {
  readonly subject: string;
}

/** The parts of BullMQ's queue that are used here, the same over both backends. */
export type WakeJobs = Pick<Queue<WakeData>, "add" | "close" | "obliterate" | "waitUntilReady"> & NodeJS.EventEmitter;
/** The parts of its worker. */
export type WakeWorker = Pick<Worker<WakeData>, "pause" | "close" | "waitUntilReady"> & NodeJS.EventEmitter;

/** A `pg.Pool`, as far as it is looked at here. */
export interface QueuePool {
  connect(): Promise<{ release(): void }>;
  query(sql: string): Promise<unknown>;
}

/** Makes BullMQ's objects over one server. */
export interface QueueBackend {
  readonly outage: Outage;
  /** Throws a `Failure` when the server does not answer within two seconds. */
  ping(): Promise<void>;
  queue(name: string): WakeJobs;
  worker(name: string, processor: Processor<WakeData, void>, options: Omit<WorkerOptions, "connection">): WakeWorker;
  close(): Promise<void>;
}

/** A command to Redis that has no answer after this is given up: the record keeps what it would have said. */
const commandMs = 2_000;
const connectMs = 30_000;

/** BullMQ on Redis. Waits up to half a minute for a server that is still starting. */
export async function openRedisBackend(url: string, prefix: string, log: Log): Promise<QueueBackend> {
  const server = `Redis at ${new URL(url).host}`;
  const outage = watchOutage(server, log);
  const probe = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    commandTimeout: commandMs,
    retryStrategy: retryMs,
  });
  probe.on("error", (error: Error) => outage.error(error)).on("ready", () => outage.back());
  await connected(probe, server);
  const producing: QueueOptions = {
    connection: { url, maxRetriesPerRequest: 1, enableOfflineQueue: false, commandTimeout: commandMs, retryStrategy: retryMs },
    prefix,
  };
  const consuming = { connection: { url, maxRetriesPerRequest: null, retryStrategy: retryMs }, prefix };
  return {
    outage,
    async ping() {
      await probe.ping();
    },
    queue: (name) => new Queue<WakeData>(name, producing),
    worker: (name, processor, options) => new Worker<WakeData, void>(name, processor, { ...options, ...consuming }),
    async close() {
      probe.disconnect();
    },
  };
}

/** BullMQ on Postgres: a server, or the embedded database through the same pool. */
export async function openPostgresBackend(from: QueuePool, log: Log): Promise<QueueBackend> {
  const outage = watchOutage("the queue's database", log);
  // BullMQ takes any `pg.Pool`, but its own type of one is narrower than pg's.
  const pool = from as PgPool;
  const client = await pool.connect();
  try {
    await runMigrations(client, undefined, {});
  } finally {
    client.release();
  }
  return {
    outage,
    async ping() {
      await pool.query("select 1");
      outage.back();
    },
    queue: (name) => new Queue(name, { connection: pool }, createPostgresBackend),
    worker: (name, processor, options) => new Worker(name, processor, { ...options, connection: pool }, createPostgresBackend),
    async close() {},
  };
}

async function connected(redis: Redis, server: string): Promise<void> {
  const ready = new Promise<void>((resolve) => redis.once("ready", () => resolve()));
  redis.connect().catch(() => undefined);
  const timer = AbortSignal.timeout(connectMs);
  const late = new Promise<never>((_, reject) => {
    timer.addEventListener("abort", () => {
      redis.disconnect();
      reject(
        new Failure("queue.unavailable", `${server} does not answer`, {
          advice: "Start it, or check REDIS_URL. Without REDIS_URL the queue is embedded.",
        }),
      );
    });
  });
  await Promise.race([ready, late]);
}

/** Reconnects soon at first, then every two seconds. */
function retryMs(attempt: number): number {
  return Math.min(2_000, 50 * 2 ** Math.min(attempt, 6));
}

import { createPostgresBackend, type PgPool, Queue, runMigrations, Worker } from "bullmq";
import type { Log } from "../core/log.ts";
import { watchOutage } from "../core/outage.ts";
import { type QueueBackend, withoutQueue } from "./backend.ts";

/** A `pg.Pool`, as far as it is looked at here. */
export interface QueuePool {
  connect(): Promise<{ release(): void }>;
  query(sql: string): Promise<unknown>;
}

/** BullMQ on Postgres: a server, or the embedded database through the same pool. */
export async function openPostgresBackend(from: QueuePool, forWorkers: QueuePool, log: Log): Promise<QueueBackend> {
  const outage = watchOutage("the queue's database", withoutQueue, log);
  // BullMQ takes any `pg.Pool`, but its own type of one is narrower than pg's.
  const [pool, workerPool] = [from as PgPool, forWorkers as PgPool];
  const client = await pool.connect();
  try {
    await runMigrations(client, undefined, {});
  } finally {
    client.release();
  }
  return {
    kind: "postgres",
    outage,
    ping: () => pool.query("select 1"),
    queue: (name) => new Queue(name, { connection: pool }, createPostgresBackend),
    worker: (name, processor, options) =>
      new Worker(name, processor, { ...options, connection: workerPool }, createPostgresBackend),
    // The pool is its maker's to close.
    async close() {},
  };
}

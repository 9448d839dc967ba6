import type { PGlite } from "@electric-sql/pglite";
import { Pool } from "pg";
import { createPgliteSession, type PgliteSession } from "./pglite-session.ts";
import { createPgliteStream } from "./pglite-stream.ts";
import { columnTypes } from "./pg-types.ts";
import type { Manner } from "./session-turns.ts";

/** The pool that Kysely's PostgresDialect and BullMQ's Postgres backend both take: `pg`'s own, whatever is under it. */
export type PgPool = Pool;

export interface PglitePoolOptions {
  /** Opens the same directory again after the engine has panicked. */
  readonly reopen?: () => Promise<PGlite>;
  /** How long a client may sit in an open transaction without a statement. */
  readonly idleInTransactionMs?: number;
}

/** The record's own pool and the queue's, over the same database. */
export interface Pools {
  readonly record: PgPool;
  readonly queue: PgPool;
}

/**
 * `pg`'s own pools over one PGlite session. Clients speak the real wire protocol through a stream instead of a socket, so parameters,
 * results, errors and notifications are `pg`'s in every detail. The session is shared: settings made with SET are everybody's, and
 * session-level advisory locks exclude nobody (transactions already exclude each other). What the queue notes of its jobs waits for what a message's way needs.
 * Within a transaction, await nothing that goes through another client: it waits for this transaction. `pool.end()` leaves `db` open.
 */
export function createPglitePools(db: PGlite, options: PglitePoolOptions = {}): Pools {
  const session = createPgliteSession(db, options.reopen ?? notAgain);
  const idleMs = options.idleInTransactionMs ?? idleInTransactionMs;
  return { record: createPool(session, idleMs, "prompt"), queue: createPool(session, idleMs, "yielding") };
}

function createPool(session: PgliteSession, idleMs: number, manner: Manner): PgPool {
  const pool = new Pool({
    max: maxClients,
    idleTimeoutMillis: 0,
    user: "postgres",
    database: "postgres",
    ssl: false,
    types: columnTypes,
    stream: () => createPgliteStream(session, idleMs, manner),
  });
  // Every queue and worker of BullMQ adds a listener of its own.
  pool.setMaxListeners(0);
  return pool;
}

function notAgain(): Promise<PGlite> {
  return Promise.reject(new Error("the database engine has stopped"));
}

/** A client is a few hundred bytes, and each BullMQ worker keeps one for good: enough that nobody waits for one. */
const maxClients = 200;
/** A transaction left open blocks everybody else here. */
export const idleInTransactionMs = 60_000;

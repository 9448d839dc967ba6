import type { PGlite } from "@electric-sql/pglite";
import { Pool } from "pg";
import { createPgliteSession } from "./pglite-session.ts";
import { createPgliteStream } from "./pglite-stream.ts";
import { columnTypes } from "./pg-types.ts";

/** The pool that Kysely's PostgresDialect and BullMQ's Postgres backend both take: `pg`'s own, whatever is under it. */
export type PgPool = Pool;

export interface PglitePoolOptions {
  /** Opens the same directory again after the engine has panicked. */
  readonly reopen?: () => Promise<PGlite>;
  /** How long a client may sit in an open transaction without a statement. */
  readonly idleInTransactionMs?: number;
}

/**
 * `pg`'s own pool over one PGlite session. Clients speak the real wire protocol through a stream instead of a socket, so parameters,
 * results, errors and notifications are `pg`'s in every detail. The session is shared: settings made with SET are everybody's, and
 * session-level advisory locks exclude nobody (transactions already exclude each other).
 * Within a transaction, await nothing that goes through another client: it waits for this transaction. `pool.end()` leaves `db` open.
 */
export function createPglitePool(db: PGlite, options: PglitePoolOptions = {}): PgPool {
  const session = createPgliteSession(db, options.reopen ?? notAgain);
  const pool = new Pool({
    max: maxClients,
    idleTimeoutMillis: 0,
    user: "postgres",
    database: "postgres",
    ssl: false,
    types: columnTypes,
    stream: () => createPgliteStream(session, options.idleInTransactionMs ?? idleInTransactionMs),
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

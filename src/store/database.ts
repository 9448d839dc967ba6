import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from "kysely";
import { Failure } from "../core/failures.ts";
import type { Log } from "../core/log.ts";
import type { PgPool, Pools } from "./pglite-pool.ts";
import { isOutage, openPostgres, outliveBreaks, serverName } from "./postgres.ts";
import type { Schema } from "./schema.ts";
import { createStatements } from "./statements.ts";

/** The record, open. `db` and `pool` may be used side by side; `close` ends both. */
export interface Database {
  readonly kind: "embedded" | "postgres";
  /** What a person calls it: `Postgres at db:5432`, `the embedded database in /home/…`. */
  readonly name: string;
  /** The embedded database's own directory; null for Postgres. */
  readonly directory: string | null;
  /** Errors of statements keep their SQLSTATE in `code`; an outage is a `state.unavailable`. */
  readonly db: Kysely<Schema>;
  readonly pool: PgPool;
  /** For a queue on the same database. */
  readonly queuePool: PgPool;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** `DATABASE_URL`; null for the embedded database. */
  readonly url: string | null;
  /** The embedded database's own directory, e.g. `HERMES_HOME/data`. Made when missing. */
  readonly directory: string;
  readonly log: Log;
  readonly signal?: AbortSignal;
}

/** Opens the record without touching its schema (see `migrate`). Throws `state.unavailable` or `home.held`. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const signal = options.signal ?? new AbortController().signal;
  if (options.url !== null) {
    const pool = await openPostgres(options.url, options.log, signal);
    const name = `Postgres at ${serverName(options.url)}`;
    return assemble({ kind: "postgres", name, directory: null }, { record: pool, queue: pool }, () => pool.end());
  }
  const name = `the embedded database in ${options.directory}`;
  // A registry of two: the engine, some megabytes of memory, is loaded only where it is the record.
  const { openEmbedded } = await import("./embedded.ts");
  const { pools, close } = await openEmbedded(options.directory, signal);
  for (const pool of Object.values(pools)) outliveBreaks(pool, name, options.log);
  return assemble({ kind: "embedded", name, directory: options.directory }, pools, close);
}

type Which = Pick<Database, "kind" | "name" | "directory">;

function assemble(which: Which, { record: pool, queue }: Pools, close: () => Promise<void>): Database {
  let closing: Promise<void> | undefined;
  return {
    ...which,
    pool,
    queuePool: queue,
    db: new Kysely<Schema>({ dialect: new PostgresDialect({ pool: namingOutages(pool, which.name) }) }),
    close: () => (closing ??= close()),
  };
}

/** The pool as Kysely sees it: an outage becomes a failure that names the database. Its end is `Database.close`'s matter. */
function namingOutages(pool: PgPool, name: string): PostgresPool {
  const statements = createStatements();
  return {
    options: pool.options,
    async end() {},
    async connect() {
      const client = await pool.connect().catch((error: unknown) => rethrow(error, name));
      const query = (sql: string, parameters: unknown[]) =>
        client.query(statements.of(client, sql, parameters)).catch((error: unknown) => rethrow(error, name));
      // Kysely's type also has a form for cursors, which it calls only when the dialect is given a cursor class.
      return { query, release: (destroy?: boolean) => client.release(destroy) } as unknown as PostgresPoolClient;
    },
  };
}

function rethrow(error: unknown, name: string): never {
  if (!isOutage(error)) throw error;
  const reason = error instanceof Error ? error.message : String(error);
  throw new Failure("state.unavailable", `${name} can't be used now: ${reason}`, { retryable: true, cause: error });
}

import { type Kysely, sql } from "kysely";
import { Failure } from "../core/failures.ts";

/** One step forward of the schema. `name` sorts after all earlier ones (`0002-schedules`) and never changes once released. */
export interface Migration {
  readonly name: string;
  /** Any number of statements, transaction-safe; unqualified names are the default schema's. */
  readonly sql: string;
}

/**
 * Brings the schema up to the last of `migrations`, each in a transaction of its own, under a lock: of several processes that start at
 * once, one does the work and the others find it done. Resolves with the names applied now. Throws `state.newer` when the database has
 * a migration that this code doesn't know.
 */
export async function migrate<Tables>(db: Kysely<Tables>, migrations: readonly Migration[]): Promise<readonly string[]> {
  const applied: string[] = [];
  for (;;) {
    const name = await db.transaction().execute((trx) => step(trx, migrations));
    if (name === null) return applied;
    applied.push(name);
  }
}

/** The migrations that are missing; nothing is changed. Throws `state.newer` as `migrate` does. */
export async function pendingMigrations<Tables>(
  db: Kysely<Tables>,
  migrations: readonly Migration[],
): Promise<readonly string[]> {
  const known = await sql<{ there: boolean }>`select to_regclass('hermes_migrations') is not null as there`.execute(db);
  if (known.rows[0]?.there !== true) return migrations.map((migration) => migration.name);
  const { rows } = await sql<{ name: string }>`select name from hermes_migrations`.execute(db);
  const done = new Set(rows.map((row) => row.name));
  await refuseNewer(db, done, migrations);
  return migrations.map((migration) => migration.name).filter((name) => !done.has(name));
}

/** Any number; the same for every release, and not BullMQ's. Read as ASCII: `hermes`. */
const lockKey = 0x6865_726d_6573;

/** Applies the first migration that is missing, in the given transaction. */
async function step<Tables>(trx: Kysely<Tables>, migrations: readonly Migration[]): Promise<string | null> {
  // Waiting for another process's migration may take longer than any other statement may.
  await sql`set local statement_timeout = 0`.execute(trx);
  await sql`select pg_advisory_xact_lock(${sql.lit(lockKey)})`.execute(trx);
  await sql`create table if not exists hermes_migrations
    (name text primary key, applied_at timestamptz not null default now())`.execute(trx);
  const { rows } = await sql<{ name: string }>`select name from hermes_migrations order by name`.execute(trx);
  const done = new Set(rows.map((row) => row.name));
  await refuseNewer(trx, done, migrations);
  const next = migrations.find((migration) => !done.has(migration.name));
  if (next === undefined) return null;
  await sql.raw(next.sql).execute(trx);
  await sql`insert into hermes_migrations (name) values (${next.name})`.execute(trx);
  return next.name;
}

async function refuseNewer<Tables>(
  db: Kysely<Tables>,
  done: ReadonlySet<string>,
  migrations: readonly Migration[],
): Promise<void> {
  const known = new Set(migrations.map((migration) => migration.name));
  const unknown = [...done].filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  const version = await writtenBy(db);
  const named = version === null ? "the version that ran here before" : `version ${version}, which ran here before`;
  throw new Failure(
    "state.newer",
    `the database was written by a newer Hermes Team (it has ${unknown.join(", ")}); nothing was changed`,
    {
      advice: `Update Hermes Team to at least ${named} (git pull, npm install), or point DATABASE_URL or HERMES_HOME at another database.`,
    },
  );
}

/** The setting in which a service leaves its version. */
export const versionSetting = "version";

/** The version that last ran on this database; null where it has left none, or where settings are kept differently by now. */
async function writtenBy<Tables>(db: Kysely<Tables>): Promise<string | null> {
  const there = await sql<{ there: boolean }>`select count(*) >= 2 as there from information_schema.columns
    where table_name = 'settings' and column_name in ('key', 'value')`.execute(db);
  if (there.rows[0]?.there !== true) return null;
  const { rows } = await sql<{ value: string }>`select value::text from settings where key = ${versionSetting}`.execute(db);
  return rows[0]?.value ?? null;
}

import { Failure } from "../core/failures.ts";
import type { Log } from "../core/log.ts";
import type { Database } from "./database.ts";
import { migrate, type Migration, pendingMigrations } from "./migrate.ts";
import { type CopyOutcome, copyRecord, recordCopy } from "./record-copy.ts";

/** An upgrade of the record: the migrations that were applied, and the copy of it as it was before. */
export interface Upgrade {
  readonly applied: readonly string[];
  /** Null where none was made: there was nothing in it, its disk lacks room, or it is in Postgres. */
  readonly copy: string | null;
}

/**
 * Brings the record's tables up to `migrations`; an embedded record that an older version has written is copied first. Where nothing is
 * missing that is one look. Throws `state.newer`, with the way back, when a newer version has written it.
 */
export async function upgrade(database: Database, migrations: readonly Migration[], log: Log): Promise<Upgrade> {
  const pending = await missingMigrations(database, migrations);
  if (pending.length === 0) return { applied: [], copy: null };
  const older = pending.length < migrations.length;
  const copied = older ? await copyOf(database, migrations, pending) : null;
  if (copied !== null && "left" in copied)
    log.warn({ pending }, `the record is brought up to date without a copy of it: ${copied.left}`);
  const applied = await migrate(database.db, migrations);
  const copy = copied !== null && "path" in copied ? copied.path : null;
  if (older && applied.length > 0) {
    const before = copy === null ? "" : `; as it was before, it is in ${copy}`;
    log.info({ applied }, `the record of an older version was brought up to date${before}`);
  }
  return { applied, copy };
}

/** The migrations that are missing; nothing is changed. Throws `state.newer` as `upgrade` does. */
export async function missingMigrations(database: Database, migrations: readonly Migration[]): Promise<readonly string[]> {
  try {
    return await pendingMigrations(database.db, migrations);
  } catch (thrown) {
    throw await withWayBack(thrown, database, migrations);
  }
}

async function copyOf(
  { pool, directory }: Database,
  migrations: readonly Migration[],
  pending: readonly string[],
): Promise<CopyOutcome | null> {
  if (directory === null) return null;
  // What is in memory goes into the files; nobody else is at the record before it is up to date.
  await pool.query("checkpoint");
  const had = migrations.map(({ name }) => name).filter((name) => !pending.includes(name));
  return await copyRecord(directory, { had, upgradedTo: migrations.at(-1)?.name ?? "" });
}

async function withWayBack(thrown: unknown, { directory }: Database, migrations: readonly Migration[]): Promise<unknown> {
  if (!(thrown instanceof Failure) || thrown.code !== "state.newer" || directory === null) return thrown;
  const copy = await recordCopy(directory);
  const known = new Set(migrations.map(({ name }) => name));
  if (copy === null || !copy.had.every((name) => known.has(name))) return thrown;
  const advice = `${thrown.advice ?? ""} As it was on ${copy.madeAt.slice(0, 10)}, before that upgrade, it is in ${copy.path}: docs/service.md has the way back.`;
  return new Failure("state.newer", thrown.message, { advice, cause: thrown });
}

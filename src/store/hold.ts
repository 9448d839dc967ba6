import { type Kysely, type RawBuilder, sql, type Transaction } from "kysely";
import { Failure } from "../core/failures.ts";
import type { Schema } from "./schema.ts";

export type Db = Kysely<Schema>;
export type Trx = Transaction<Schema>;

/** A worker's hold on a session. The fence grows with each claim; a write that carries an old one is refused. */
export interface Hold {
  readonly session: string;
  readonly fence: number;
}

/**
 * Runs `work` in a transaction that holds the session's row: nobody can claim the session meanwhile, and nothing is written when the
 * hold is stale. Throws `turn.stale` then.
 */
async function fenced<Result>(db: Db, hold: Hold, work: (trx: Trx) => Promise<Result>): Promise<Result> {
  return await db.transaction().execute(async (trx) => {
    const held = await sql`select 1 from sessions where id = ${hold.session} and fence = ${hold.fence} for share`.execute(trx);
    if (held.rows.length === 0) throw stale(hold);
    return await work(trx);
  });
}

/**
 * As `fenced`, in one statement, so that the hot path pays one round trip: `parts` are further CTEs, and each that writes must itself
 * demand `exists (select 1 from hold)` or read from one that does.
 */
async function fencedOnce(db: Db, hold: Hold, parts: RawBuilder<unknown>): Promise<void> {
  const held = await sql`with ${heldRow(hold)}, ${parts} select id from hold`.execute(db);
  if (held.rows.length === 0) throw stale(hold);
}

/** The CTE `hold`: the session's row, locked against a new claim, or nothing when the hold is stale. */
export function heldRow(hold: Hold): RawBuilder<unknown> {
  return sql`hold as (select id from sessions where id = ${hold.session} and fence = ${hold.fence} for share)`;
}

/** The failure of a write whose hold another worker has taken over. */
export function stale(hold: Hold): Failure {
  return new Failure("turn.stale", `session ${hold.session} was taken over by another worker (fence ${hold.fence} is old)`);
}

import { type Kysely, type RawBuilder, sql } from "kysely";
import { Failure } from "../core/failures.ts";
import type { Schema } from "./schema.ts";

export type Db = Kysely<Schema>;

/** In the transaction that is open already, or in one of its own. */
export async function inTransaction<Result>(db: Db, work: (trx: Db) => Promise<Result>): Promise<Result> {
  return db.isTransaction ? await work(db) : await db.transaction().execute(work);
}

/** A worker's hold on a session. The fence grows with each claim; a write that carries an old one is refused. */
export interface Hold {
  readonly session: string;
  readonly fence: number;
}

/**
 * Writes under a hold, in one statement: `parts` are CTEs after `hold`, and each that writes must itself demand `exists (select 1 from
 * hold)` or read from one that does. Nobody can claim the session meanwhile, and nothing is written when the hold is stale: then it
 * throws `turn.stale`.
 */
export async function fenced(db: Db, hold: Hold, parts: RawBuilder<unknown>): Promise<void> {
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

import { sql } from "kysely";
import type { Db } from "./hold.ts";

/** A worker that has not been heard of for so long is gone: three beats. */
const goneAfter = "15 seconds";

/** Says that this worker process lives; resolves to how many do. Those that are gone are dropped. */
export async function beat(db: Db, worker: string): Promise<number> {
  const found = await sql<{ alive: number }>`
    with me as (insert into workers (id) values (${worker}) on conflict (id) do update set seen_at = now()),
    gone as (delete from workers where seen_at < now() - ${sql.lit(goneAfter)}::interval and id <> ${worker})
    select count(*)::int + 1 as alive from workers
    where id <> ${worker} and seen_at >= now() - ${sql.lit(goneAfter)}::interval`.execute(db);
  return Math.max(1, found.rows[0]?.alive ?? 1);
}

/** How many workers live, for whoever is none. */
export async function workersAlive(db: Db): Promise<number> {
  const found = await sql<{ alive: number }>`
    select count(*)::int as alive from workers where seen_at >= now() - ${sql.lit(goneAfter)}::interval`.execute(db);
  return found.rows[0]?.alive ?? 0;
}

/** This worker ends: the others take its share at once. */
export async function leaveWorkers(db: Db, worker: string): Promise<void> {
  await db.deleteFrom("workers").where("id", "=", worker).execute();
}

import { sql } from "kysely";
import type { Db } from "./hold.ts";

/** The codes of the failures of the last day's turns and model calls, the most frequent first. */
export async function recentFailures(
  db: Db,
  most: number,
): Promise<readonly { readonly code: string; readonly count: number }[]> {
  const found = await sql<{ code: string; count: number }>`
    select code, count(*)::int as count from (
      select failure as code from turns where failure is not null and created_at > now() - interval '1 day'
      union all
      select failure from model_calls where failure is not null and created_at > now() - interval '1 day') all_failures
    group by code order by count desc, code limit ${most}`.execute(db);
  return found.rows;
}

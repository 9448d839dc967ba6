import { sql } from "kysely";
import type { Db } from "./hold.ts";
import type { CallPlace } from "./journal.ts";

/** What an errand has taken so far. */
export interface ErrandWork {
  readonly steps: number;
  /** How often which tool was called. */
  readonly tools: Readonly<Record<string, number>>;
  readonly tokens: number;
  readonly seconds: number;
}

/** What the errands of a call have taken, by their ids. */
export async function errandWork(db: Db, { turn, step, position }: CallPlace): Promise<ReadonlyMap<string, ErrandWork>> {
  const found = await sql<ErrandWork & { id: string }>`
    select e.id, coalesce(t.step, 0) + (t.id is not null)::int as steps,
      coalesce((select json_object_agg(name, times) from (
        select c.name, count(*)::int as times from tool_calls c where c.turn_id = t.id group by c.name) calls), '{}'::json) as tools,
      (select coalesce(sum(coalesce(m.prompt_tokens, 0) + coalesce(m.completion_tokens, 0)), 0)::int
        from model_calls m where m.session_id = e.session_id) as tokens,
      coalesce(round(extract(epoch from coalesce(e.ended_at, now()) - e.began_at)), 0)::int as seconds
    from errands e left join turns t on t.session_id = e.session_id
    where e.turn_id = ${turn} and e.step = ${step} and e.position = ${position}`.execute(db);
  return new Map(found.rows.map(({ id, ...work }) => [id, work]));
}

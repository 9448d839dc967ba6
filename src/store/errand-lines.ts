import { sql } from "kysely";
import type { ChatRef } from "../core/chats.ts";
import { type ErrandLine, type ErrandTerms, type ErrandType, nameOf } from "../core/errand.ts";
import type { Db } from "./hold.ts";

/** A line with what is needed to stop its errand. */
export interface OpenErrand extends ErrandLine {
  readonly id: string;
}

interface LineRow {
  readonly id: string;
  readonly type: ErrandType;
  readonly number: number;
  readonly terms: ErrandTerms;
  readonly by: string;
  readonly state: ErrandLine["state"];
  readonly since: Date;
  readonly step: number;
  readonly tool: string | null;
  readonly mostSteps: number | null;
}

/** A turn `t` is parked for its subagents too. */
const isAsking = sql`exists (select 1 from questions q where q.turn_id = t.id and q.status = 'open' and q.expires_at > now())`;

/** A chat's errands that have not ended, as far as this person may know of them: in a shared chat all, in private their own. */
export async function openErrandLines(
  db: Db,
  { platform, chat, thread }: ChatRef,
  person: string,
): Promise<readonly OpenErrand[]> {
  const found = await sql<LineRow>`
    select e.id, e.type, e.number, e.spec->'terms' as terms, p.name as by,
      case when t.id is null then 'waiting' when t.status = 'parked' and ${isAsking} then 'asking' else 'working' end as state,
      coalesce(e.began_at, e.created_at) as since, coalesce(t.step, 0) as step, t.tool,
      (e.spec->'terms'->>'maxSteps')::int as "mostSteps"
    from errands e join conversations h on h.id = e.home_id join people p on p.id = e.person_id
      left join turns t on t.session_id = e.session_id and t.status in ('running', 'parked')
    where h.platform = ${platform} and h.chat = ${chat} and h.thread = ${thread ?? ""} and e.ended_at is null
      and (e.person_id = ${person} or h.kind = 'shared')
    order by e.created_at, e.key`.execute(db);
  return found.rows.map(({ since, terms, ...row }) => ({
    ...row,
    name: nameOf({ ...row, terms }),
    about: terms.about,
    since: since.getTime(),
  }));
}

/** Whether a person has as many background tasks as `most`. One that is known already, by its key, is none too many. */
export async function hasEnough(db: Db, person: string, key: string, most: number): Promise<boolean> {
  const found = await sql<{ enough: boolean }>`
    select not exists (select 1 from errands where key = ${key}) and ${most} <=
      (select count(*) from errands where type = 'background' and person_id = ${person} and ended_at is null) as enough`.execute(
    db,
  );
  return found.rows[0]?.enough ?? false;
}

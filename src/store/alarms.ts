import { sql } from "kysely";
import { type AlarmFigures, alarmNames, latest, type Raised } from "../insights/alarms.ts";
import type { Db } from "./hold.ts";
import { getSetting } from "./settings.ts";
import { jsonText } from "./storable.ts";
import { writeSpeed } from "./usage-span.ts";

/** The alarms that last, as they are written: who changes them must have seen what is there. */
export interface KeptAlarms {
  readonly raised: Raised;
  readonly written: string | null;
}

/** Rows that a look at the newest figures may read, whatever they say. */
const mostRows = 2_000;

/** The number of the newest model call; 0 when there was none. */
export async function newestCall(db: Db): Promise<number> {
  const { rows } = await sql<{ id: number | null }>`select max(id)::float8 as id from model_calls`.execute(db);
  return rows[0]?.id ?? 0;
}

/**
 * What the newest calls of the last week say. Of tasks only those that have ended count: a running one is not long yet. Each call bears
 * which one of its task's it is, since the earlier ones of a long task lie further back than is looked where many work at once.
 */
export async function alarmFigures(db: Db): Promise<AlarmFigures> {
  const { rows } = await sql<AlarmFigures>`
    with recent as materialized (select * from model_calls order by id desc limit ${mostRows}),
    week as (select * from recent where created_at >= now() - interval '7 days'),
    called as (select calls, valid_calls, sum(calls) over (order by id desc) as so_far from week where calls > 0),
    tools as (select calls, valid_calls from called where so_far - calls < ${latest.toolCalls}),
    writes as (
      select speed from (select id, ${writeSpeed} as speed from week where task = 'turn' and failure is null) speeds
      where speed is not null order by id desc limit ${latest.writes}),
    tasks as (
      select max(w.step) as steps from week w join turns t on t.id = w.turn_id
      where w.task = 'turn' and t.ended_at is not null group by t.id order by max(w.id) desc limit ${latest.tasks})
    select (select coalesce(sum(calls), 0)::int from tools) as "toolCalls",
      (select coalesce(sum(valid_calls), 0)::int from tools) as "validCalls",
      (select count(*)::int from writes) as writes,
      (select percentile_cont(0.5) within group (order by speed::float8) from writes) as "writeMedian",
      (select count(*)::int from tasks) as tasks, (select avg(steps)::float8 from tasks) as "stepsMean"`.execute(db);
  return rows[0] ?? { toolCalls: 0, validCalls: 0, writes: 0, writeMedian: null, tasks: 0, stepsMean: null };
}

/** The alarms that last; what can't be read counts as none. */
export async function keptAlarms(db: Db): Promise<KeptAlarms> {
  const written = await getSetting(db, key);
  return { raised: written === null ? {} : raisedIn(written), written };
}

/** Writes them down where nobody has done so since they were read; whether it was us. */
export async function replaceAlarms(db: Db, before: string | null, raised: Raised): Promise<boolean> {
  const value = jsonText(raised);
  const { rows } =
    before === null
      ? await sql`insert into settings (key, value) values (${key}, ${value}) on conflict (key) do nothing returning key`.execute(
          db,
        )
      : await sql`update settings set value = ${value} where key = ${key} and value = ${before} returning key`.execute(db);
  return rows.length > 0;
}

const key = "alarms";

function raisedIn(written: string): Raised {
  let read: unknown;
  try {
    read = JSON.parse(written);
  } catch {
    return {};
  }
  if (typeof read !== "object" || read === null) return {};
  const known: ReadonlyMap<string, unknown> = new Map(Object.entries(read));
  return Object.fromEntries(
    alarmNames.flatMap((name) => {
      const since = known.get(name);
      return typeof since === "number" && Number.isFinite(since) ? [[name, since] as const] : [];
    }),
  );
}

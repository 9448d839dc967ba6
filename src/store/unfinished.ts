import { sql } from "kysely";
import type { Db } from "./hold.ts";

/** Of what the record holds something that is not finished, so that a sweep may find work in it. */
export interface Unfinished {
  /** Events that nobody has routed. */
  readonly events: boolean;
  /** Messages that wait for a turn, turns that run or are parked, compressions asked for. */
  readonly turns: boolean;
  readonly deliveries: boolean;
  /** Errands that have not ended, or whose end nobody has followed up. */
  readonly errands: boolean;
  /** Schedules that are due within the time asked for, and runs that have not begun. */
  readonly schedules: boolean;
  /** Background processes that somebody wants to be told of. */
  readonly processes: boolean;
}

/**
 * Asks for all of that in one statement, so that nothing to do costs one look. Each part is a count over an index of what is open only:
 * `exists` would tempt the planner to read the whole table for a first match that never comes.
 */
export async function unfinished(db: Db, scheduleAheadMs: number): Promise<Unfinished> {
  const found = await sql<Unfinished>`
    select (select count(*) from inbox where status = 'new') > 0 as events,
      (select count(*) from inbox where status = 'waiting') > 0
        or (select count(*) from turns where status in ('running', 'parked')) > 0
        or (select count(*) from sessions where compress_requested is not null) > 0 as turns,
      (select count(*) from outbox where status in ('pending', 'sending')) > 0 as deliveries,
      (select count(*) from errands where ended_at is null) > 0
        or (select count(*) from errands where ended_at is not null and landed_at is null) > 0 as errands,
      (select count(*) from schedule_runs where status in ('due', 'starting')) > 0
        or coalesce((select min(next_at) from schedules where status = 'active')
          <= clock_timestamp() + ${scheduleAheadMs} * interval '1 millisecond', false) as schedules,
      (select count(*) from watched_processes) > 0 as processes`.execute(db);
  return found.rows[0] ?? { events: true, turns: true, deliveries: true, errands: true, schedules: true, processes: true };
}

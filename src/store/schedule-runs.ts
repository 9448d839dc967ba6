import { randomUUID } from "node:crypto";
import { type RawBuilder, sql } from "kysely";
import type { ChatKind } from "../core/chats.ts";
import type { MissedPolicy, RunStatus, RunView } from "../core/schedule.ts";
import type { Timing } from "../core/timing.ts";
import { type Db, inTransaction } from "./hold.ts";
import { type Schedule, scheduleById } from "./schedules.ts";
import { jsonText } from "./storable.ts";

/** A schedule whose time has come, with what decides what becomes of it. Times are epoch milliseconds by the record's clock. */
export interface DueSchedule {
  readonly id: string;
  readonly timing: Timing;
  readonly missed: MissedPolicy;
  readonly remaining: number | null;
  readonly nextAt: number;
}

/** What is to become of it. */
export interface Fired {
  readonly id: string;
  /** Each gets a run. */
  readonly instants: readonly number[];
  /** The last of those that passed without one; null: none did. */
  readonly skipped: number | null;
  readonly nextAt: number | null;
  readonly remaining: number | null;
}

/**
 * Fires what is due: the schedules' rows are locked, so that of any number of processes one decides, and `(schedule, instant)` is unique all
 * the same. Gives the runs that are to be begun and whether there may be more.
 */
export async function fireBatch(
  db: Db,
  limit: number,
  decide: (due: DueSchedule, now: number) => Fired,
): Promise<{ readonly runs: readonly FiredRun[]; readonly more: boolean }> {
  return await db.transaction().execute(async (trx) => {
    const found = await sql<DueSchedule & { now: number }>`
      select id, timing, missed, remaining, (extract(epoch from next_at) * 1000)::float8 as "nextAt",
        (extract(epoch from clock_timestamp()) * 1000)::float8 as now
      from schedules where status = 'active' and next_at <= clock_timestamp() order by next_at limit ${limit} for update skip locked`.execute(
      trx,
    );
    if (found.rows.length === 0) return { runs: [], more: false };
    const fired = found.rows.map((row) => decide(row, row.now));
    const moved = fired.map(({ id, nextAt, remaining }) => ({ id, next: nextAt, left: remaining }));
    await sql`
      update schedules s set next_at = to_timestamp(m.next / 1000), remaining = m."left",
        status = case when m.next is null then 'done' else s.status end
      from jsonb_to_recordset(${jsonText(moved)}::jsonb) as m (id text, next float8, "left" integer) where s.id = m.id`.execute(
      trx,
    );
    const rows = fired.flatMap(({ id, instants, skipped }) => [
      ...instants.map((at) => ({ id: randomUUID(), schedule: id, at, status: "due" })),
      ...(skipped === null ? [] : [{ id: randomUUID(), schedule: id, at: skipped, status: "skipped" }]),
    ]);
    if (rows.length === 0) return { runs: [], more: found.rows.length === limit };
    const made = await sql<FiredRun & { status: RunStatus }>`
      with wanted as (
        select r.id, r.schedule, r.at, case when r.status = 'due' and (
          select count(*) from schedule_runs o where o.schedule_id = r.schedule and o.ended_at is null) >= ${mostOpen}
          then 'skipped' else r.status end as status
        from jsonb_to_recordset(${jsonText(rows)}::jsonb) as r (id text, schedule text, at float8, status text)),
      made as (insert into schedule_runs (id, schedule_id, instant, cause, status, fired_at, ended_at)
      select id, schedule, to_timestamp(at / 1000), 'clock', status, clock_timestamp(),
        case when status = 'skipped' then clock_timestamp() end from wanted
      on conflict (schedule_id, instant) do nothing returning id, schedule_id, status)
      select made.id, made.status, s.work->>'script' is not null as script from made join schedules s on s.id = made.schedule_id`.execute(
      trx,
    );
    return {
      runs: made.rows.filter(({ status }) => status === "due"),
      more: found.rows.length === limit,
    };
  });
}

/** A schedule whose runs can't keep up gets no more than so many at once: what comes meanwhile has been missed. */
const mostOpen = 24;

/** A run that is to be begun. */
export interface FiredRun {
  readonly id: string;
  readonly script: boolean;
}

/** How long until the next schedule is due; null: none is. Runs that wait for another try are the sweeper's. */
export async function untilDue(db: Db): Promise<number | null> {
  const found = await sql<{ wait: number | null }>`
    select (extract(epoch from (select min(next_at) from schedules where status = 'active') - clock_timestamp()) * 1000)::float8
      as wait`.execute(db);
  const wait = found.rows[0]?.wait ?? null;
  return wait === null ? null : Math.max(0, wait);
}

/** A run now, because somebody wants it; its id. While one of those has not ended, it is that one. */
export async function addRun(db: Db, schedule: string): Promise<string> {
  return await inTransaction(db, async (trx) => {
    await sql`select id from schedules where id = ${schedule} for update`.execute(trx);
    const open = await sql<{ id: string }>`
      select id from schedule_runs where schedule_id = ${schedule} and cause = 'hand' and ended_at is null limit 1`.execute(trx);
    const id = open.rows[0]?.id ?? randomUUID();
    if (open.rows.length === 0) {
      await sql`insert into schedule_runs (id, schedule_id, instant, cause)
        values (${id}, ${schedule}, clock_timestamp(), 'hand')`.execute(trx);
    }
    return id;
  });
}

/** A run that a worker has taken to begin it. */
export interface TakenRun {
  readonly id: string;
  readonly schedule: string;
  readonly instant: number;
  readonly cause: "clock" | "hand";
  readonly attempt: number;
  /** Its script has been begun before: by an earlier try, or by a worker that is gone. */
  readonly scripted: boolean;
  /** What that printed, as far as it came to its end. */
  readonly printed: string | null;
  /** How long after its instant, in milliseconds. */
  readonly lateMs: number;
}

/**
 * Runs without a script that wait, the longest first, a page a lane: lanes that work side by side look at different ones, and where two take the
 * same, one gets it.
 */
export async function waitingRuns(db: Db, lane: number, page: number): Promise<readonly string[]> {
  const look = async (offset: number) =>
    await sql<{ id: string }>`
      select r.id from schedule_runs r join schedules s on s.id = r.schedule_id
      where r.status = 'due' and r.not_before <= clock_timestamp() and s.work->>'script' is null
      order by r.not_before, r.id limit ${page} offset ${offset}`.execute(db);
  const own = await look(lane * page);
  return (own.rows.length > 0 ? own : await look(0)).rows.map(({ id }) => id);
}

/** Takes a run to begin it; null where it is not to be begun (any more, or yet). */
export async function takeRun(db: Db, id: string, holder: string, leaseMs: number): Promise<TakenRun | null> {
  const found = await sql<TakenRun>`
    update schedule_runs set status = 'starting', holder = ${holder}, lease_until = now() + ${leaseMs} * interval '1 millisecond'
    where id = ${id} and ((status = 'due' and not_before <= clock_timestamp()) or (status = 'starting' and lease_until < now()))
    returning id, schedule_id as schedule, (extract(epoch from instant) * 1000)::float8 as instant, cause, attempt,
      script_began is not null as scripted, output as printed, (extract(epoch from clock_timestamp() - instant) * 1000)::float8 as "lateMs"`.execute(
    db,
  );
  return found.rows[0] ?? null;
}

/** Keeps the hold on a run that takes long to begin. */
export async function renewRun(db: Db, id: string, holder: string, leaseMs: number): Promise<void> {
  await sql`update schedule_runs set lease_until = now() + ${leaseMs} * interval '1 millisecond'
    where id = ${id} and holder = ${holder} and status = 'starting'`.execute(db);
}

/** Its script begins: from now on it is not begun again blindly. */
export async function noteScript(db: Db, id: string, holder: string): Promise<boolean> {
  const rows = await sql<{ id: string }>`update schedule_runs set script_began = now()
    where id = ${id} and holder = ${holder} and status = 'starting' and script_began is null returning id`.execute(db);
  return rows.rows.length > 0;
}

/** What its script printed: that is kept for a further try, the script is not run again. */
export async function notePrinted(db: Db, id: string, holder: string, text: string): Promise<boolean> {
  const rows = await sql<{ id: string }>`update schedule_runs set output = ${text}
    where id = ${id} and holder = ${holder} and status = 'starting' returning id`.execute(db);
  return rows.rows.length > 0;
}

/**
 * The session of the try before this one, where that had begun its work: its calls are in that journal, or in the one it went on with itself.
 * Null where nothing was done.
 */
export async function brokenOff(
  db: Db,
  { id, attempt }: Pick<TakenRun, "id" | "attempt">,
): Promise<{ readonly session: string; readonly kind: ChatKind } | null> {
  if (attempt === 1) return null;
  const found = await sql<{ session: string; kind: ChatKind }>`
    select s.id as session, c.kind from errands e join sessions s on s.id = e.session_id join conversations c on c.id = s.conversation_id
    where e.key = ${runKey(id, attempt - 1)} and exists (
      select 1 from messages m where m.session_id = s.id and m.message->>'role' = 'tool')`.execute(db);
  return found.rows[0] ?? null;
}

/** The key of a try's errand. */
export function runKey(run: string, attempt: number): string {
  return `run:${run}:${attempt}`;
}

/** It is not to be run after all. */
export async function skipRun(db: Db, id: string): Promise<void> {
  await sql`update schedule_runs set status = 'skipped', output = null, ended_at = now(), holder = null, lease_until = null
    where id = ${id} and ended_at is null`.execute(db);
}

/** Its errand is on its way. */
export async function noteRunning(db: Db, id: string, errand: string, kind: ChatKind): Promise<void> {
  await sql`update schedule_runs set status = 'running', errand_id = ${errand}, kind = ${kind}, holder = null, lease_until = null
    where id = ${id} and status = 'starting'`.execute(db);
}

/** Runs that nobody has begun: after a kill, a wiped Redis, a lost wake-up. `attempt` tells one abandonment from the next. */
export async function unbegunRuns(
  db: Db,
  olderMs: number,
): Promise<readonly (FiredRun & { readonly attempt: string; readonly abandoned: boolean })[]> {
  const found = await sql<FiredRun & { attempt: string; abandoned: boolean }>`
    select r.id, r.attempt || '-' || coalesce(extract(epoch from r.lease_until)::text, '') as attempt, r.status = 'starting' as abandoned,
      s.work->>'script' is not null as script
    from schedule_runs r join schedules s on s.id = r.schedule_id
    where (r.status = 'due' and r.not_before < now() - ${olderMs} * interval '1 millisecond')
      or (r.status = 'starting' and r.lease_until < now())
    order by r.not_before limit 200`.execute(db);
  return found.rows;
}

/** What a run came to. */
export type RunOutcome =
  | { readonly status: "done" | "silent"; readonly output: string }
  /** `listed`: what of the failure the list of schedules says, if not all. */
  | { readonly status: "failed"; readonly failure: string; readonly output: string | null; readonly listed?: string };

/**
 * Ends a run, once: gives false when it has ended already. `key` names what tells of a failure. Success forgets earlier failures; a failure
 * counts.
 */
export async function endRun(
  db: Db,
  run: string,
  outcome: RunOutcome,
  kind: ChatKind,
  told: { readonly key: string | null; readonly pause: string | null },
): Promise<boolean> {
  const failure = outcome.status === "failed" ? outcome.failure : null;
  const listed = outcome.status === "failed" ? (outcome.listed ?? outcome.failure) : null;
  const found = await sql<{ id: string }>`
    with ended as (
      update schedule_runs set status = ${outcome.status}, output = ${outcome.output}, failure = ${failure}, kind = ${kind},
        ended_at = now(), holder = null, lease_until = null
      where id = ${run} and status in ('due', 'starting', 'running') returning id, schedule_id),
    counted as (
      update schedules s set
        failures = case when ${failure}::text is null then 0 else s.failures + 1 end,
        last_failure = ${listed},
        told_key = case when ${failure}::text is null then null else coalesce(${told.key}, s.told_key) end,
        status = case when ${told.pause}::text is not null and s.status = 'active' then 'paused' else s.status end,
        why = coalesce(${told.pause}, s.why)
      from ended where s.id = ended.schedule_id),
    old as (
      delete from schedule_runs r using ended where r.schedule_id = ended.schedule_id and r.ended_at is not null and r.id not in (
        select k.id from schedule_runs k where k.schedule_id = ended.schedule_id order by k.instant desc limit ${keptRuns}))
    select id from ended`.execute(db);
  return found.rows.length > 0;
}

/** Runs kept of each schedule (the original's number). */
const keptRuns = 50;

/** To be tried once more, after a while. What its script has done stays done. */
export async function retryRun(db: Db, run: string, afterMs: number, failure: string): Promise<boolean> {
  const found = await sql<{ id: string }>`
    update schedule_runs set status = 'due', attempt = attempt + 1, errand_id = null, failure = ${failure}, holder = null, lease_until = null,
      not_before = now() + ${afterMs} * interval '1 millisecond'
    where id = ${run} and status in ('starting', 'running') returning id`.execute(db);
  return found.rows.length > 0;
}

/** A run that has not ended. */
export interface OpenRun {
  readonly schedule: string;
  readonly attempt: number;
  readonly instant: number;
  /** Its script was begun, and what it printed is not known: nobody knows how far it came. */
  readonly broken: boolean;
}

/** A run with its number of tries, while it has not ended. */
export async function openRun(db: Db, id: string): Promise<OpenRun | null> {
  const found = await sql<OpenRun>`
    select schedule_id as schedule, attempt, (extract(epoch from instant) * 1000)::float8 as instant,
      script_began is not null and output is null as broken
    from schedule_runs where id = ${id} and ended_at is null`.execute(db);
  return found.rows[0] ?? null;
}

/**
 * The latest output of each of these schedules of one person that may be shown in a run of this kind: what a private run said never gets into
 * one that others read.
 */
export async function latestOutputs(
  db: Db,
  person: string,
  schedules: readonly string[],
  kind: ChatKind,
): Promise<readonly { readonly schedule: string; readonly name: string; readonly at: string; readonly output: string }[]> {
  if (schedules.length === 0) return [];
  const found = await sql<{ schedule: string; name: string; at: Date; output: string }>`
    select distinct on (r.schedule_id) r.schedule_id as schedule, s.name, r.ended_at as at, r.output
    from schedule_runs r join schedules s on s.id = r.schedule_id
    where r.schedule_id in (${sql.join(schedules)}) and s.person_id = ${person} and r.status in ('done', 'silent') and r.output <> ''
      and (${kind} = 'private' or r.kind = 'shared')
    order by r.schedule_id, r.ended_at desc`.execute(db);
  return found.rows.map(({ at, ...row }) => ({ ...row, at: new Date(at).toISOString() }));
}

/** A schedule's latest runs, newest first. In a shared chat without what private ones said. */
export async function runsOf(db: Db, schedule: string, kind: ChatKind, limit: number): Promise<readonly RunView[]> {
  const visible: RawBuilder<unknown> = kind === "private" ? sql`true` : sql`kind = 'shared'`;
  const found = await sql<Omit<RunView, "instant"> & { instant: Date }>`
    select instant, status, attempt, case when ${visible} then failure end as failure,
      case when ${visible} and ended_at is not null then output end as output
    from schedule_runs where schedule_id = ${schedule} order by instant desc limit ${limit}`.execute(db);
  return found.rows.map((row) => ({ ...row, instant: new Date(row.instant).toISOString() }));
}

/** The schedule of a run. */
export async function scheduleOfRun(db: Db, run: string): Promise<Schedule | null> {
  const row = await db.selectFrom("schedule_runs").select("schedule_id").where("id", "=", run).executeTakeFirst();
  return row === undefined ? null : await scheduleById(db, row.schedule_id);
}

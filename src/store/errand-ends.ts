import { type RawBuilder, sql } from "kysely";
import type { ErrandResult } from "../core/errand.ts";
import { shareAtRelease } from "./errand-steps.ts";
import type { Db } from "./hold.ts";
import { jsonText } from "./storable.ts";

/** After the CTE `ended`: what an errand's turn came to goes into its row, and nobody is told of the processes that it leaves behind. */
export function outcomeOf(
  errand: string,
  status: "answered" | "failed" | "stopped",
  result: ErrandResult,
  failure: string | null,
): RawBuilder<unknown> {
  return sql`outcome as (
      update errands set status = ${status}, result = ${jsonText(result)}::jsonb, failure = ${failure}, ended_at = now()
      from ended where errands.id = ${errand} and errands.ended_at is null),
    unwatched as (
      delete from watched_processes using ended where watched_processes.session_id in (select session_id from errands where id = ${errand}))`;
}

/** After the CTE `turn`: an errand's turn has begun. */
export function begunBy(errand: string): RawBuilder<unknown> {
  return sql`begun as (
      update errands set status = 'running', began_at = now() from turn where errands.id = ${errand} and errands.status = 'waiting')`;
}

/** What follows this errand's end has been done. */
export async function noteLanded(db: Db, id: string): Promise<void> {
  await sql`update errands set landed_at = now() where id = ${id} and landed_at is null`.execute(db);
}

/** A finished errand's answer and files go into the outbox of its home, once; its landing is done with that. The chat's key; null: nothing to be said. */
export async function landInHome(db: Db, id: string, platform: string, chatKey: string, owed: readonly OwedRow[]): Promise<void> {
  await sql`
    with landed as (update errands set landed_at = now() where id = ${id} and ended_at is not null and landed_at is null returning id)
    insert into outbox (key, platform, chat_key, body, sent)
    select e.said->>'key', ${platform}, ${chatKey}, e.said->'body', '[]'::jsonb
    from landed, jsonb_array_elements(${jsonText(owed)}::jsonb) with ordinality as e (said, place) order by e.place
    on conflict (key) do nothing`.execute(db);
}

/** An entry for the outbox. */
export interface OwedRow {
  readonly key: string;
  readonly body: object;
}

/** Lets held errands of a turn go, as far as there is room; the sessions to be woken. Side by side they choose the same ones. */
export async function releaseHeld(db: Db, turn: string): Promise<readonly string[]> {
  const found = await sql<{ session: string }>`
    with room as (
      select coalesce(max((spec->>'atOnce')::int), 1) - count(*) filter (where ended_at is null and not held) as places
      from errands where turn_id = ${turn}),
    next as (
      select e.id, ${shareAtRelease} as steps from errands e where e.turn_id = ${turn} and e.held and e.ended_at is null
      order by e.created_at, e.key limit greatest(0, (select places from room))),
    let_go as (
      update errands set held = false, deadline_at = now() + (spec->'terms'->>'timeoutMs')::bigint * interval '1 millisecond',
        spec = jsonb_set(spec, '{terms,maxSteps}', coalesce(to_jsonb(next.steps), 'null'::jsonb))
      from next where errands.id = next.id and held returning session_id, person_id)
    update inbox set person_id = let_go.person_id from let_go
    where inbox.session_id = let_go.session_id and inbox.status = 'waiting'
    returning inbox.session_id as session`.execute(db);
  return found.rows.map(({ session }) => session);
}

/** Turns that have held errands. One may have been held for a sibling that ended meanwhile: then no end of another lets it go. */
export async function turnsWithHeld(db: Db): Promise<readonly string[]> {
  const found = await sql<{ turn: string }>`
    select distinct turn_id as turn from errands where held and ended_at is null and turn_id is not null`.execute(db);
  return found.rows.map(({ turn }) => turn);
}

/** What has been asked to stop: turns that a worker may hear of, and sessions whose parked turn has to be woken for it. */
export interface Stopping {
  readonly turns: readonly string[];
  readonly sessions: readonly string[];
  /** Errands whose turn had not begun: they have ended. */
  readonly ended: readonly string[];
}

/** Stops the errands of a turn, and theirs. */
export async function stopErrandsOf(db: Db, turn: string, why: string): Promise<Stopping> {
  return await stop(db, sql`e.turn_id = ${turn}`, why);
}

/** Stops one errand, and those of its turn. */
export async function stopErrand(db: Db, id: string, why: string): Promise<Stopping> {
  return await stop(db, sql`e.id = ${id}`, why);
}

/** Stops what has had its time, what nobody waits for any more, and what should have stopped already. */
export async function stopOverdue(db: Db): Promise<Stopping> {
  return await stop(
    db,
    sql`(e.deadline_at < now() or e.stop_why is not null or exists (
      select 1 from turns p where p.id = e.turn_id and (p.stop_requested or p.status not in ('running', 'parked'))))
      and not exists (select 1 from turns t where t.session_id = e.session_id and t.status in ('running', 'parked') and t.stop_requested)`,
    null,
  );
}

interface StoppedRow {
  readonly turn: string | null;
  readonly session: string;
  readonly parked: boolean;
  readonly errand: string | null;
}

/** `why` null: as each errand's own state says. */
async function stop(db: Db, which: RawBuilder<unknown>, why: string | null): Promise<Stopping> {
  const found = await sql<StoppedRow>`
    with recursive tree as (
      select e.id, e.session_id from errands e where e.ended_at is null and ${which}
      union
      select c.id, c.session_id from tree join turns t on t.session_id = tree.session_id join errands c on c.turn_id = t.id
      where c.ended_at is null),
    dropped as (
      update inbox set status = 'done' where key in (select 'errand:' || id from tree) and status = 'waiting' returning session_id),
    closed as (
      update errands set status = 'stopped', ended_at = now(), stop_why = ${reason(why)}
      where session_id in (select session_id from dropped) and ended_at is null returning id, session_id),
    marked as (
      update errands set stop_why = ${reason(why)}
      where id in (select id from tree) and session_id not in (select session_id from dropped)),
    asked as (
      update turns set stop_requested = true
      where session_id in (select session_id from tree) and status in ('running', 'parked') returning id, session_id, status)
    select id as turn, session_id as session, status = 'parked' as parked, null as errand from asked
    union all select null, session_id, false, id from closed`.execute(db);
  return {
    turns: found.rows.flatMap(({ turn, parked }) => (turn === null || parked ? [] : [turn])),
    sessions: found.rows.flatMap(({ session, parked }) => (parked ? [session] : [])),
    ended: found.rows.flatMap(({ errand }) => (errand === null ? [] : [errand])),
  };
}

function reason(why: string | null): RawBuilder<unknown> {
  return why === null
    ? sql`coalesce(stop_why, case when deadline_at < now() then 'it took too long' else 'nobody waits for it any more' end)`
    : sql`coalesce(stop_why, ${why})`;
}

import { randomUUID } from "node:crypto";
import { type RawBuilder, sql } from "kysely";
import { type ChatKind, type ChatRef, chatKey, parseChatKey, type Role } from "../core/chats.ts";
import type { MissedPolicy, ScheduleStatus, ScheduleWork } from "../core/schedule.ts";
import type { Timing } from "../core/timing.ts";
import { type Db, inTransaction } from "./hold.ts";
import { jsonText } from "./storable.ts";

/** A schedule as the record has it. */
export interface Schedule {
  readonly id: string;
  readonly number: number;
  readonly person: { readonly id: string; readonly name: string; readonly role: Role };
  readonly name: string;
  readonly prompt: string;
  readonly said: string;
  readonly timing: Timing;
  readonly deliver: readonly string[];
  readonly origin: ChatRef | null;
  readonly originKind: ChatKind;
  readonly work: ScheduleWork;
  readonly missed: MissedPolicy;
  readonly remaining: number | null;
  readonly status: ScheduleStatus;
  readonly why: string | null;
  /** Epoch milliseconds. */
  readonly nextAt: number | null;
  readonly failures: number;
  readonly lastFailure: string | null;
  readonly toldKey: string | null;
}

/** What somebody makes a schedule of. */
export type NewSchedule = Omit<
  Schedule,
  "id" | "number" | "person" | "status" | "why" | "failures" | "lastFailure" | "toldKey"
> & { readonly person: string };

/**
 * Whose schedules somebody sees: their own, in a shared chat only what was made there and by whomever; at the command line (null) all.
 */
export type ScheduleViewer = { readonly person: string; readonly chat: ChatRef | null; readonly kind: ChatKind } | null;

interface Row extends Omit<Schedule, "person" | "origin"> {
  readonly personId: string;
  readonly personName: string;
  readonly role: Role;
  readonly origin: string | null;
}

const columns = sql`s.id, s.number, s.person_id as "personId", p.name as "personName", p.role, s.name, s.prompt, s.said, s.timing, s.deliver,
  s.origin, s.origin_kind as "originKind", s.work, s.missed, s.remaining, s.status, s.why,
  (extract(epoch from s.next_at) * 1000)::float8 as "nextAt", s.failures, s.last_failure as "lastFailure", s.told_key as "toldKey"`;

function toSchedule({ personId, personName, role, origin, ...row }: Row): Schedule {
  return {
    ...row,
    person: { id: personId, name: personName, role },
    origin: origin === null ? null : parseChatKey(origin),
  };
}

async function schedulesWhere(db: Db, which: RawBuilder<unknown>): Promise<readonly Schedule[]> {
  const found = await sql<Row>`
    select ${columns} from schedules s join people p on p.id = s.person_id where ${which} order by s.number`.execute(db);
  return found.rows.map(toSchedule);
}

function seenBy(viewer: ScheduleViewer): RawBuilder<unknown> {
  if (viewer === null) return sql`true`;
  const { person, chat, kind } = viewer;
  if (kind === "private" || chat === null) return sql`s.person_id = ${person}`;
  return sql`s.origin = ${chatKey(chat)}`;
}

/** The schedules that this viewer may see; drafts are not listed. */
export async function listSchedules(db: Db, viewer: ScheduleViewer): Promise<readonly Schedule[]> {
  return await schedulesWhere(db, sql`s.status <> 'draft' and ${seenBy(viewer)}`);
}

/** One by its number, as far as this viewer may see it; drafts are found too. */
export async function scheduleByNumber(db: Db, viewer: ScheduleViewer, number: number): Promise<Schedule | null> {
  return (await schedulesWhere(db, sql`s.number = ${number} and ${seenBy(viewer)}`))[0] ?? null;
}

export async function scheduleById(db: Db, id: string): Promise<Schedule | null> {
  return (await schedulesWhere(db, sql`s.id = ${id}`))[0] ?? null;
}

/** The record's clock, epoch milliseconds: the one that all processes share. */
export async function recordNow(db: Db): Promise<number> {
  const found = await sql<{ now: number }>`select (extract(epoch from clock_timestamp()) * 1000)::float8 as now`.execute(db);
  return found.rows[0]?.now ?? Date.now();
}

/** Keeps a new schedule, as long as its owner has room; null when they have too many. A name that is taken gets a number. */
export async function addSchedule(
  db: Db,
  schedule: NewSchedule,
  status: "draft" | "active",
  most: number,
): Promise<{ readonly id: string; readonly number: number } | null> {
  return await inTransaction(db, async (trx) => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${`schedules:${schedule.person}`}, 0))`.execute(trx);
    const counted = await sql<{ open: number }>`
      select count(*)::int as open from schedules where person_id = ${schedule.person} and status in ('active', 'paused', 'draft')
        and (status <> 'draft' or created_at > now() - interval '1 hour')`.execute(trx);
    if ((counted.rows[0]?.open ?? 0) >= most) return null;
    const name = status === "draft" ? schedule.name : await freeName(trx, schedule.person, schedule.name, "");
    const id = randomUUID();
    const made = await sql<{ number: number }>`
      insert into schedules (id, person_id, name, prompt, said, timing, deliver, origin, origin_kind, work, missed, remaining, status, next_at)
      values (${id}, ${schedule.person}, ${name}, ${schedule.prompt}, ${schedule.said}, ${json(schedule.timing)},
        ${json(schedule.deliver)}, ${schedule.origin === null ? null : chatKey(schedule.origin)}, ${schedule.originKind},
        ${json(schedule.work)}, ${schedule.missed}, ${schedule.remaining}, ${status}, ${stamp(schedule.nextAt)})
      returning number`.execute(trx);
    return { id, number: made.rows[0]?.number ?? 0 };
  });
}

/** `report`, or where that is taken `report 2`. */
async function freeName(db: Db, person: string, name: string, but: string): Promise<string> {
  const rows = await sql<{ name: string }>`
    select lower(name) as name from schedules where person_id = ${person} and status <> 'draft' and id <> ${but}`.execute(db);
  const taken = new Set(rows.rows.map((row) => row.name));
  for (let count = 1; ; count += 1) {
    const candidate = count === 1 ? name : `${name} ${count}`;
    if (!taken.has(candidate.toLowerCase())) return candidate;
  }
}

/** A draft becomes a schedule, once; null where it is none of this person's, or gone. */
export async function saveDraft(db: Db, person: string, number: number, nextAt: number): Promise<string | null> {
  return await inTransaction(db, async (trx) => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${`schedules:${person}`}, 0))`.execute(trx);
    const found = await sql<{ id: string; name: string }>`
      select id, name from schedules where number = ${number} and person_id = ${person} and status = 'draft' for update`.execute(
      trx,
    );
    const draft = found.rows[0];
    if (draft === undefined) return null;
    const name = await freeName(trx, person, draft.name, draft.id);
    await sql`update schedules set status = 'active', name = ${name}, next_at = ${stamp(nextAt)}, updated_at = now()
      where id = ${draft.id}`.execute(trx);
    return draft.id;
  });
}

/** What may be changed of one. */
export type ScheduleChange = Partial<
  Pick<NewSchedule, "name" | "prompt" | "said" | "timing" | "deliver" | "missed" | "remaining" | "nextAt">
> & {
  /** What is not in it stays as it is by then. */
  readonly work?: Partial<ScheduleWork>;
  readonly status?: "active" | "paused" | "done";
  readonly why?: string | null;
};

/** A schedule's work with a change of it. Without a script there is nothing that could run without a model. */
export function changedWork(work: ScheduleWork, change: Partial<ScheduleWork>): ScheduleWork {
  const all = { ...work, ...change };
  return { ...all, noAgent: all.noAgent && all.script !== null };
}

/** Changes a schedule; one that goes on has its failures forgotten. */
export async function changeSchedule(db: Db, id: string, change: ScheduleChange): Promise<void> {
  const { name, prompt, said, timing, deliver, work, missed, remaining, nextAt, status, why } = change;
  const sets: RawBuilder<unknown>[] = [sql`updated_at = now()`];
  if (prompt !== undefined) sets.push(sql`prompt = ${prompt}`);
  if (said !== undefined) sets.push(sql`said = ${said}`);
  if (timing !== undefined) sets.push(sql`timing = ${json(timing)}`);
  if (deliver !== undefined) sets.push(sql`deliver = ${json(deliver)}`);
  if (missed !== undefined) sets.push(sql`missed = ${missed}`);
  if (remaining !== undefined) sets.push(sql`remaining = ${remaining}`);
  if (nextAt !== undefined) sets.push(sql`next_at = ${stamp(nextAt)}`);
  if (status !== undefined) sets.push(sql`status = ${status}`);
  if (status === "active") sets.push(sql`failures = 0, last_failure = null, told_key = null`);
  if (why !== undefined) sets.push(sql`why = ${why}`);
  await inTransaction(db, async (trx) => {
    const found = await sql<{ person: string; before: ScheduleWork }>`
      select person_id as person, work as before from schedules where id = ${id} for update`.execute(trx);
    const [row] = found.rows;
    if (row === undefined) return;
    const { person, before } = row;
    if (work !== undefined) sets.push(sql`work = ${json(changedWork(before, work))}`);
    if (name !== undefined) sets.push(sql`name = ${await freeName(trx, person, name, id)}`);
    await sql`update schedules set ${sql.join(sets)} where id = ${id}`.execute(trx);
  });
}

export async function removeSchedule(db: Db, id: string): Promise<void> {
  await db.deleteFrom("schedules").where("id", "=", id).execute();
}

/** Drafts and changes that nobody has said yes to. */
export async function dropDrafts(db: Db): Promise<void> {
  await sql`delete from schedule_edits where created_at < now() - interval '1 hour'`.execute(db);
  await sql`delete from schedules where status = 'draft' and created_at < now() - interval '1 hour'`.execute(db);
}

/** A value as jsonb. */
function json(value: object): RawBuilder<unknown> {
  return sql`${jsonText(value)}::jsonb`;
}

/** Epoch milliseconds as the record's time. */
function stamp(at: number | null): RawBuilder<unknown> {
  return at === null ? sql`null` : sql`to_timestamp(${at / 1_000}::float8)`;
}

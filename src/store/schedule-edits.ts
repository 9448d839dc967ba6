import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import { type Db, inTransaction } from "./hold.ts";
import { changeSchedule, type Schedule, scheduleById, type ScheduleChange } from "./schedules.ts";
import { jsonText } from "./storable.ts";

/** Whose change, of which schedule. */
interface EditOf {
  readonly schedule: string;
  readonly person: string;
}

/** Keeps a change until its person says yes, in place of an earlier one; its token. */
export async function keepEdit(db: Db, { schedule, person }: EditOf, change: ScheduleChange): Promise<string> {
  const token = randomBytes(4).toString("hex");
  await sql`
    insert into schedule_edits (schedule_id, person_id, token, change) values (${schedule}, ${person}, ${token}, ${jsonText(change)}::jsonb)
    on conflict (schedule_id) do update set person_id = excluded.person_id, token = excluded.token, change = excluded.change, created_at = now()`.execute(
    db,
  );
  return token;
}

/**
 * Makes the change that waits, once; `token` null: whichever it is. False where none of this person's waits any more. `ready` gives it as it
 * is made by then, of a schedule as it is by then.
 */
export async function saveEdit(
  db: Db,
  of: EditOf,
  token: string | null,
  ready: (change: ScheduleChange, schedule: Schedule) => ScheduleChange,
): Promise<boolean> {
  return await inTransaction(db, async (trx) => {
    // First of all: nobody changes it, and no run of it fires, between the look and the change.
    await sql`select 1 from schedules where id = ${of.schedule} for update`.execute(trx);
    const [change, schedule] = [await takeEdit(trx, of, token), await scheduleById(trx, of.schedule)];
    if (change === null || schedule === null) return false;
    await changeSchedule(trx, of.schedule, ready(change, schedule));
    return true;
  });
}

/** Takes a change that waits away; null where there is none. */
export async function takeEdit(db: Db, { schedule, person }: EditOf, token: string | null): Promise<ScheduleChange | null> {
  const found = await sql<{ change: ScheduleChange; old: boolean }>`
    delete from schedule_edits
    where schedule_id = ${schedule} and person_id = ${person} and token = coalesce(${token}, token)
    returning change, created_at < now() - interval '1 hour' as old`.execute(db);
  const row = found.rows[0];
  return row === undefined || row.old ? null : row.change;
}

import { sql } from "kysely";
import type { Role } from "../core/chats.ts";
import type { Db } from "./hold.ts";

/** Keeps an invitation until it is used or its time is over; one of the same role that is still open is replaced. */
export async function keepInvitation(db: Db, code: string, role: Role, lifeMs: number): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await sql`delete from invitations where role = ${role} or expires_at <= now()`.execute(trx);
    await sql`
      insert into invitations (code, role, expires_at)
      values (${code}, ${role}, now() + ${lifeMs} * interval '1 millisecond')`.execute(trx);
  });
}

/** Uses an invitation up; null when the code is unknown, used or expired. */
export async function takeInvitation(db: Db, code: string): Promise<Role | null> {
  const { rows } = await sql<{ role: Role; good: boolean }>`
    delete from invitations where code = ${code} returning role, expires_at > now() as good`.execute(db);
  return rows[0]?.good === true ? rows[0].role : null;
}

/** Gives a known person this role. */
export async function promote(db: Db, person: string, role: Role): Promise<void> {
  await sql`update people set role = ${role} where id = ${person}`.execute(db);
}

import { sql } from "kysely";
import { type Account, isAtLeast, type Person, type Role } from "../core/chats.ts";
import { type Db, inTransaction } from "./hold.ts";
import { admitWithin, ownersBeyond, personOf } from "./people.ts";

/** A code for whoever shows it first. */
export interface Invitation {
  readonly code: string;
  readonly role: Role;
  /** Good only as long as the bot has no owner. */
  readonly first: boolean;
}

/** What came of a good code: somebody is let in, or (`late`) the first owner was there before. */
export type Invited = { readonly type: "in"; readonly person: Person } | { readonly type: "late" };

/** Keeps an invitation until it is used or its time is over, in place of an earlier one of the same role. */
export async function keepInvitation(db: Db, { code, role, first }: Invitation, lifeMs: number): Promise<void> {
  await sql`
    insert into invitations (code, role, first, expires_at)
    values (${code}, ${role}, ${first}, now() + ${lifeMs} * interval '1 millisecond')
    on conflict (role) do update set code = excluded.code, first = excluded.first, used_by = null, created_at = now(),
      expires_at = excluded.expires_at`.execute(db);
}

/**
 * Lets in whoever shows a good code, or raises somebody who is in already, all or nothing: the event that brought it may come again, and
 * the same account gets the same answer then. Null when the code is no good, or would give them nothing.
 */
export async function takeInvitation(
  db: Db,
  code: string,
  account: Account,
  localPlatforms: readonly string[],
): Promise<Invited | null> {
  const user = `${account.platform}:${account.id}`;
  return await inTransaction(db, async (trx) => {
    const { rows } = await sql<{ role: Role; first: boolean; used_by: string | null; open: boolean }>`
      select role, first, used_by, used_by is null and expires_at > now() as open
      from invitations where code = ${code} for update`.execute(trx);
    const [found] = rows;
    if (found === undefined) return null;
    const known = await personOf(trx, account);
    const has = known !== null && isAtLeast(known.role, found.role);
    if (found.used_by === user) return has ? { type: "in", person: known } : null;
    if (!found.open || has) return null;
    if (found.first && (await ownersBeyond(trx, localPlatforms)).length > 0) return { type: "late" };
    const person = await raised(trx, await admitWithin(trx, account, found.role), found.role);
    await sql`update invitations set used_by = ${user} where code = ${code}`.execute(trx);
    return { type: "in", person };
  });
}

/** Takes an invitation back; false when there is no such open one. */
export async function dropInvitation(db: Db, code: string): Promise<boolean> {
  const { rows } = await sql`
    delete from invitations where code = ${code} and used_by is null and expires_at > now() returning code`.execute(db);
  return rows.length > 0;
}

/** Uses an open invitation up for nothing, by the name of `why`; true also when that had been done for the same reason. */
export async function spoilInvitation(db: Db, code: string, why: string): Promise<boolean> {
  const { rows } = await sql`
    update invitations set used_by = ${why}
    where code = ${code} and (used_by = ${why} or used_by is null and expires_at > now()) returning code`.execute(db);
  return rows.length > 0;
}

/** The invitations that are good still. */
export async function openInvitations(db: Db): Promise<readonly Invitation[]> {
  const { rows } = await sql<Invitation>`
    select code, role, first from invitations where used_by is null and expires_at > now() order by created_at`.execute(db);
  return rows;
}

async function raised(db: Db, person: Person, role: Role): Promise<Person> {
  if (isAtLeast(person.role, role)) return person;
  await sql`update people set role = ${role} where id = ${person.id}`.execute(db);
  return { ...person, role };
}

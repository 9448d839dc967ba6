import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { type Account, type ChatRef, isAtLeast, type Person, type Role, roles } from "../core/chats.ts";
import { errandPlatforms } from "../core/errand.ts";
import { type Db, inTransaction } from "./hold.ts";

/** A request to be let in. */
export interface Pairing {
  readonly code: string;
  readonly account: Account;
  readonly chatKey: string;
}

/** The person behind an account; null when nobody knows it. */
export async function personOf(db: Db, account: Pick<Account, "platform" | "id">): Promise<Person | null> {
  const row = await db
    .selectFrom("identities as i")
    .innerJoin("people as p", "p.id", "i.person_id")
    .select(["p.id", "p.name", "p.role"])
    .where("i.platform", "=", account.platform)
    .where("i.account", "=", account.id)
    .executeTakeFirst();
  return row ?? null;
}

/** Makes a person of an account. When two do so at once, both get the same person. */
export async function admit(db: Db, account: Account, role: Role): Promise<Person> {
  return await inTransaction(db, (trx) => admitWithin(trx, account, role));
}

/** The same within a transaction that is open already. */
export async function admitWithin(trx: Db, account: Account, role: Role): Promise<Person> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`${account.platform}:${account.id}`}, 0))`.execute(trx);
  const known = await personOf(trx, account);
  if (known) return known;
  const person = { id: randomUUID(), name: account.name, role };
  await trx.insertInto("people").values(person).execute();
  await trx
    .insertInto("identities")
    .values({ platform: account.platform, account: account.id, person_id: person.id, name: account.name })
    .execute();
  return person;
}

/** The accounts of owners anywhere but on these platforms. */
export async function ownersBeyond(
  db: Db,
  platforms: readonly string[],
): Promise<readonly { readonly name: string; readonly account: string }[]> {
  const rows = await db
    .selectFrom("identities as i")
    .innerJoin("people as p", "p.id", "i.person_id")
    .select(["p.name", "i.platform", "i.account"])
    .where("p.role", "=", "owner")
    .$if(platforms.length > 0, (query) => query.where("i.platform", "not in", platforms))
    .orderBy("p.created_at")
    .execute();
  return rows.map(({ name, platform, account }) => ({ name, account: `${platform}:${account}` }));
}

/** All people with their accounts, strongest role first. */
export async function listPeople(db: Db): Promise<readonly (Person & { accounts: readonly string[] })[]> {
  const rows = await sql<Person & { accounts: readonly string[] | null }>`
    select p.id, p.name, p.role, array_remove(array_agg(i.platform || ':' || i.account), null) as accounts
    from people p left join identities i on i.person_id = p.id
    group by p.id order by array_position(array['owner','admin','member','guest'], p.role), p.created_at`.execute(db);
  return rows.rows.map((row) => ({ ...row, accounts: row.accounts ?? [] }));
}

/** Gives somebody another name or role; false where it would leave nobody an owner. */
export async function changePerson(
  db: Db,
  person: string,
  change: { readonly name: string } | { readonly role: Role },
): Promise<boolean> {
  return await db.transaction().execute(async (trx) => {
    // Two owners who step down at once: the second sees that it is the last.
    const owners = await trx.selectFrom("people").select("id").where("role", "=", "owner").forUpdate().execute();
    const last = owners.length === 1 && owners[0]?.id === person;
    if ("role" in change && change.role !== "owner" && last) return false;
    await trx.updateTable("people").set(change).where("id", "=", person).execute();
    return true;
  });
}

/** A platform's accounts of people of this role or a stronger one. */
export async function accountsOf(db: Db, platform: string, least: Role): Promise<readonly string[]> {
  const rows = await db
    .selectFrom("identities as i")
    .innerJoin("people as p", "p.id", "i.person_id")
    .select("i.account")
    .where("i.platform", "=", platform)
    .where(
      "p.role",
      "in",
      roles.filter((role) => isAtLeast(role, least)),
    )
    .orderBy("i.account")
    .execute();
  return rows.map((row) => row.account);
}

/** The pairing code of an account that is still good, or null. */
export async function pendingPairing(db: Db, account: Pick<Account, "platform" | "id">): Promise<Pairing | null> {
  const row = await db
    .selectFrom("pairings")
    .selectAll()
    .where("platform", "=", account.platform)
    .where("account", "=", account.id)
    .where("expires_at", ">", sql<Date>`now()`)
    .executeTakeFirst();
  return row ? toPairing(row) : null;
}

/** Keeps a request to be let in; false when the platform already has `most` open ones. */
export async function openPairing(db: Db, pairing: Pairing, lifeMs: number, most: number): Promise<boolean> {
  await db
    .deleteFrom("pairings")
    .where("expires_at", "<=", sql<Date>`now()`)
    .execute();
  const made = await sql<{ code: string }>`
    insert into pairings (code, platform, account, name, chat_key, expires_at)
    select ${pairing.code}, ${pairing.account.platform}, ${pairing.account.id}, ${pairing.account.name}, ${pairing.chatKey},
      now() + ${lifeMs} * interval '1 millisecond'
    where (select count(*) from pairings where platform = ${pairing.account.platform}) < ${most}
    on conflict do nothing returning code`.execute(db);
  return made.rows.length > 0;
}

/** Open requests, oldest first. */
export async function listPairings(db: Db): Promise<readonly Pairing[]> {
  const rows = await db
    .selectFrom("pairings")
    .selectAll()
    .where("expires_at", ">", sql<Date>`now()`)
    .orderBy("created_at")
    .execute();
  return rows.map(toPairing);
}

/** Takes a request off the list; null when the code is unknown, used or expired. */
export async function takePairing(db: Db, code: string): Promise<Pairing | null> {
  const row = await db
    .deleteFrom("pairings")
    .where("code", "=", code)
    .where("expires_at", ">", sql<Date>`now()`)
    .returningAll()
    .executeTakeFirst();
  return row ? toPairing(row) : null;
}

/** The language that the client of somebody who waits to be let in has told; null when it has told none. */
export async function toldLanguage(db: Db, { account, chatKey }: Pairing): Promise<string | null> {
  const found = await sql<{ language: string | null }>`
    select inbound->'sender'->>'language' as language from inbox
    where chat_key = ${chatKey} and inbound->'sender'->>'id' = ${account.id} order by id desc limit 1`.execute(db);
  return found.rows[0]?.language ?? null;
}

/** A private chat, and whose it is. */
export interface PrivateChat extends ChatRef {
  readonly person: string;
}

/** Private chats in which people of these roles have spoken, except the person `but`: where to tell them something. */
export async function privateChatsOf(db: Db, least: Role, but = ""): Promise<readonly PrivateChat[]> {
  const rows = await spokenInPrivate(db, least)
    .select(["c.platform", "c.chat", "p.id as person"])
    .distinct()
    .where("p.id", "<>", but)
    .execute();
  return rows.map((row) => ({ ...row, thread: null }));
}

/**
 * One private chat of each person of these roles, on one of the platforms `served`: where they wrote last, on a platform that reaches
 * them anywhere rather than on this machine's own.
 */
export async function privateChatOfEach(
  db: Db,
  least: Role,
  { served, localPlatforms }: { readonly served: readonly string[]; readonly localPlatforms: readonly string[] },
): Promise<readonly PrivateChat[]> {
  const rows = await spokenInPrivate(db, least)
    .distinctOn("p.id")
    .select(["c.platform", "c.chat", "p.id as person"])
    .where(sql<boolean>`c.platform = any(${[...served]}::text[])`)
    .orderBy("p.id")
    .orderBy(sql`c.platform = any(${[...localPlatforms]}::text[])`)
    .orderBy("x.id", "desc")
    .execute();
  return rows.map((row) => ({ ...row, thread: null }));
}

/** What people of these roles have said in private, outside of any thread. */
function spokenInPrivate(db: Db, least: Role) {
  return db
    .selectFrom("people as p")
    .innerJoin("inbox as x", "x.person_id", "p.id")
    .innerJoin("sessions as s", "s.id", "x.session_id")
    .innerJoin("conversations as c", "c.id", "s.conversation_id")
    .where(
      "p.role",
      "in",
      roles.filter((role) => isAtLeast(role, least)),
    )
    .where("c.kind", "=", "private")
    .where("c.platform", "not in", Object.values(errandPlatforms))
    .where("c.thread", "=", "");
}

function toPairing(row: { code: string; platform: string; account: string; name: string; chat_key: string }): Pairing {
  const account = { platform: row.platform, id: row.account, name: row.name };
  return { code: row.code, account, chatKey: row.chat_key };
}

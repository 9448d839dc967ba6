import { sql } from "kysely";
import type { Db } from "./hold.ts";

/** What a person can choose for themselves; `client_language` is what their client told last. */
export type PersonSetting = "language" | "client_language" | "timezone";

/** What the person has chosen. */
export async function personSettings(db: Db, person: string): Promise<Readonly<Partial<Record<PersonSetting, string>>>> {
  const rows = await db.selectFrom("person_settings").select(["name", "value"]).where("person_id", "=", person).execute();
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}

/** The language that a person's client has told with their newest message; null when it has told none. */
export async function newestLanguage(db: Db, person: string): Promise<string | null> {
  const found = await sql<{ language: string | null }>`
    select inbound->'sender'->>'language' as language from inbox where person_id = ${person} order by id desc limit 1`.execute(
    db,
  );
  return found.rows[0]?.language ?? null;
}

/** The person whose turn this is; null when there is none such. */
export async function personOfTurn(db: Db, turn: string): Promise<string | null> {
  const row = await db.selectFrom("turns").select("person_id").where("id", "=", turn).executeTakeFirst();
  return row?.person_id ?? null;
}

/** Keeps what the person has chosen; null forgets it. */
export async function choosePersonSetting(db: Db, person: string, name: PersonSetting, value: string | null): Promise<void> {
  if (value === null) {
    await db.deleteFrom("person_settings").where("person_id", "=", person).where("name", "=", name).execute();
    return;
  }
  await db
    .insertInto("person_settings")
    .values({ person_id: person, name, value })
    .onConflict((conflict) => conflict.columns(["person_id", "name"]).doUpdateSet({ value }))
    .execute();
}

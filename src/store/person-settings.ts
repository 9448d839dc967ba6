import type { Db } from "./hold.ts";

/** What a person can choose for themselves. */
export type PersonSetting = "language" | "timezone";

/** What the person has chosen; null: nothing. */
export async function personSetting(db: Db, person: string, name: PersonSetting): Promise<string | null> {
  const row = await db
    .selectFrom("person_settings")
    .select("value")
    .where("person_id", "=", person)
    .where("name", "=", name)
    .executeTakeFirst();
  return row?.value ?? null;
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

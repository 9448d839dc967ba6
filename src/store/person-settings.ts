import type { Db } from "./hold.ts";

/** What a person can choose for themselves; `client_language` is what their client told last. */
export type PersonSetting = "language" | "client_language" | "timezone";

/** What the person has chosen. */
export async function personSettings(db: Db, person: string): Promise<Readonly<Partial<Record<PersonSetting, string>>>> {
  const rows = await db.selectFrom("person_settings").select(["name", "value"]).where("person_id", "=", person).execute();
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}

/** What has been chosen by the person whose turn this is. */
export async function settingsOfTurn(db: Db, turn: string): Promise<Readonly<Partial<Record<PersonSetting, string>>>> {
  const rows = await db
    .selectFrom("person_settings as s")
    .innerJoin("turns as t", "t.person_id", "s.person_id")
    .select(["s.name", "s.value"])
    .where("t.id", "=", turn)
    .execute();
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
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

import type { Db } from "./hold.ts";

/** Whether the session exists and has no title yet. */
export async function isUntitled(db: Db, session: string): Promise<boolean> {
  const row = await db
    .selectFrom("sessions")
    .select("id")
    .where("id", "=", session)
    .where("title", "is", null)
    .executeTakeFirst();
  return row !== undefined;
}

/** Gives the session its title; the first one stays: false, where it had one by now. */
export async function setTitle(db: Db, session: string, title: string): Promise<boolean> {
  const titled = db.updateTable("sessions").set({ title }).where("id", "=", session).where("title", "is", null);
  return (await titled.returning("id").executeTakeFirst()) !== undefined;
}

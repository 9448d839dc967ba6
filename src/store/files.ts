import { sql } from "kysely";
import type { FetchedFile } from "../core/files.ts";
import type { Db } from "./hold.ts";

/** Keeps a message's file until its turn has it; once kept, it stays as it is. */
export async function keepFile(db: Db, inbox: number, position: number, { kind, name, content }: FetchedFile): Promise<void> {
  await db
    .insertInto("files")
    .values({
      inbox_id: inbox,
      position,
      kind,
      name,
      bytes: content.type === "bytes" ? content.bytes : null,
      missing: content.type === "missing" ? content.reason : null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Which of a message's files are kept already, by their positions. */
export async function keptFiles(db: Db, inbox: number): Promise<ReadonlySet<number>> {
  const rows = await db.selectFrom("files").select("position").where("inbox_id", "=", inbox).execute();
  return new Set(rows.map(({ position }) => position));
}

/** A message's files, in order. */
export async function filesOf(db: Db, inbox: number): Promise<readonly FetchedFile[]> {
  const rows = await db.selectFrom("files").selectAll().where("inbox_id", "=", inbox).orderBy("position").execute();
  return rows.map(({ kind, name, bytes, missing }) => ({
    kind,
    name,
    content: bytes === null ? { type: "missing", reason: missing ?? "it is gone" } : { type: "bytes", bytes },
  }));
}

/** A turn has them now. */
export async function dropFiles(db: Db, inbox: number): Promise<void> {
  await db.deleteFrom("files").where("inbox_id", "=", inbox).execute();
}

/** Drops what no turn will take any more: its message was dropped, or its worker died right after it had taken it. */
export async function dropStrayFiles(db: Db): Promise<void> {
  await sql`
    delete from files using inbox
    where inbox.id = files.inbox_id and inbox.status in ('taken', 'done') and files.created_at < now() - interval '1 hour'`.execute(
    db,
  );
}

import { sql } from "kysely";
import type { FetchedFile } from "../core/files.ts";
import { type Db, fenced, type Hold } from "./hold.ts";

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

/** One of a message's files, counted from 0; null when there is none (any more). They are read one by one: each may have 20 MB. */
export async function fileOf(db: Db, inbox: number, position: number): Promise<FetchedFile | null> {
  const row = await db
    .selectFrom("files")
    .selectAll()
    .where("inbox_id", "=", inbox)
    .where("position", "=", position)
    .executeTakeFirst();
  if (!row) return null;
  const { kind, name, bytes, missing } = row;
  return {
    kind,
    name,
    content: bytes === null ? { type: "missing", reason: missing ?? "it is gone" } : { type: "bytes", bytes },
  };
}

/** A turn has them now. */
export async function dropFiles(db: Db, inbox: number): Promise<void> {
  await db.deleteFrom("files").where("inbox_id", "=", inbox).execute();
}

/** Drops what nobody will take any more: the message was dropped or its worker died right after taking it; the answer was never owed. */
export async function dropStrayFiles(db: Db): Promise<void> {
  await sql`
    delete from sent_files s where created_at < now() - interval '1 hour'
      and not exists (select 1 from outbox o where o.key = s.outbox_key and o.status in ('pending', 'sending'))`.execute(db);
  await sql`
    delete from files using inbox
    where inbox.id = files.inbox_id and inbox.status in ('taken', 'done') and files.created_at < now() - interval '1 hour'`.execute(
    db,
  );
}

/** Keeps the bytes of a file that an outbox entry will send, as long as the hold is good. */
export async function keepSentFile(db: Db, hold: Hold, outboxKey: string, bytes: Uint8Array): Promise<void> {
  await fenced(
    db,
    hold,
    sql`
    kept as (
      insert into sent_files (outbox_key, bytes) select ${outboxKey}, ${bytes}::bytea from hold
      on conflict (outbox_key) do update set bytes = excluded.bytes)`,
  );
}

/** The same for what no turn sends. */
export async function putSentFile(db: Db, outboxKey: string, bytes: Uint8Array): Promise<void> {
  await db
    .insertInto("sent_files")
    .values({ outbox_key: outboxKey, bytes })
    .onConflict((conflict) => conflict.column("outbox_key").doUpdateSet({ bytes }))
    .execute();
}

/** The bytes that an outbox entry sends; null when they are gone. */
export async function sentFile(db: Db, outboxKey: string): Promise<Uint8Array | null> {
  const row = await db.selectFrom("sent_files").select("bytes").where("outbox_key", "=", outboxKey).executeTakeFirst();
  return row?.bytes ?? null;
}

/** They are sent, or never will be. */
export async function dropSentFile(db: Db, outboxKey: string): Promise<void> {
  await db.deleteFrom("sent_files").where("outbox_key", "=", outboxKey).execute();
}

/** Keeps the bytes of one outbox entry for another one too: the same file goes to several chats. */
export async function copySentFile(db: Db, from: string, to: string): Promise<void> {
  await sql`
    insert into sent_files (outbox_key, bytes) select ${to}, bytes from sent_files where outbox_key = ${from}
    on conflict (outbox_key) do nothing`.execute(db);
}

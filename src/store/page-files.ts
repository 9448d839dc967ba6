import { sql } from "kysely";
import type { FileKind } from "../core/files.ts";
import type { Db } from "./hold.ts";

/** What is known of a file of the page's without its bytes. */
export interface PageFile {
  readonly id: string;
  readonly kind: FileKind;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}

/** Older ones are gone: the workspace has them. */
const keptDays = 30;

/** Keeps a file under its id; once kept, it stays as it is. Those that are too old go. */
export async function keepPageFile(db: Db, { id, kind, name }: Omit<PageFile, "size">, bytes: Uint8Array): Promise<void> {
  await sql`delete from page_files where created_at < now() - make_interval(days => ${keptDays})`.execute(db);
  await db
    .insertInto("page_files")
    .values({ id, kind, name, bytes })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Which of these there are, in the order asked for. */
export async function pageFiles(db: Db, ids: readonly string[]): Promise<readonly PageFile[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom("page_files")
    .select(["id", "kind", "name", sql<number>`octet_length(bytes)`.as("size")])
    .where("id", "in", ids)
    .execute();
  return ids.flatMap((id) => rows.find((row) => row.id === id) ?? []);
}

/** One with its bytes; null when it is gone. */
export async function pageFile(db: Db, id: string): Promise<{ readonly name: string; readonly bytes: Uint8Array } | null> {
  return (await db.selectFrom("page_files").select(["name", "bytes"]).where("id", "=", id).executeTakeFirst()) ?? null;
}

import { sql } from "kysely";
import type { MemoryEdit, MemoryOwner, MemoryTarget } from "../core/memory.ts";
import { type Db, inTransaction } from "./hold.ts";
import type { ChangeOrigin } from "./memory-tables.ts";
import { keyNow } from "./moved-chats.ts";
import { jsonText } from "./storable.ts";

/** One file of a memory: its text, and the entries that shared chats may be told of. */
export interface StoredMemory {
  readonly text: string;
  readonly visible: readonly string[];
}

/** Whose file is changed, by whom and through what, and the chat that is told of it (null: none). */
export interface ChangeAbout {
  readonly owner: MemoryOwner;
  readonly target: MemoryTarget;
  readonly author: string | null;
  readonly origin: ChangeOrigin;
  readonly turn: string | null;
  readonly chat: string | null;
  readonly replyTo?: string | null;
}

const nothing: StoredMemory = { text: "", visible: [] };

/** Both files of one owner; empty where nothing is kept. The owner says who may read: it comes from `src/memory/scopes.ts` alone. */
export async function readMemory(db: Db, owner: MemoryOwner): Promise<Readonly<Record<MemoryTarget, StoredMemory>>> {
  const rows = await db
    .selectFrom("memories")
    .select(["target", "text", "visible"])
    .where("scope", "=", owner.scope)
    .where("owner", "=", owner.owner)
    .execute();
  const file = (target: MemoryTarget) => rows.find((row) => row.target === target) ?? nothing;
  return { memory: file("memory"), user: file("user") };
}

/** A file of a memory, with what its owner is called where that is known. */
export interface OwnedFile extends MemoryOwner {
  readonly name: string | null;
  readonly target: MemoryTarget;
  readonly text: string;
}

/** All files that hold something: for whoever runs the service, who is shown how much there is of whom. */
export async function allMemories(db: Db): Promise<readonly OwnedFile[]> {
  const found = await sql<OwnedFile>`
    select m.scope, m.owner, coalesce(p.name, n.name) as name, m.target, m.text
    from memories m
    left join people p on m.scope = 'person' and p.id = m.owner
    left join chat_names n on m.scope = 'chat' and n.platform || ':' || n.chat = m.owner
    where m.text <> '' order by m.scope desc, name, m.owner, m.target`.execute(db);
  return found.rows;
}

/**
 * Changes one file under a lock, so that of two who change it at once neither loses anything: `change` gets the text that stands, and says
 * what became of it. Each entry that came, changed or went is noted.
 */
export async function changeMemory<Result extends { readonly text: string; readonly edits: readonly MemoryEdit[] }>(
  db: Db,
  about: ChangeAbout,
  change: (text: string) => Result,
): Promise<Result> {
  return await inTransaction(db, async (trx) => {
    const { target, author, origin, turn, chat, replyTo = null } = about;
    const owner = await ownerNow(trx, about);
    const { text, visible } = await lockMemory(trx, owner, target);
    const result = change(text);
    if (result.edits.length === 0) return result;
    await writeMemory(trx, { owner, target }, result, visible);
    await trx
      .insertInto("memory_changes")
      .values(
        result.edits.map(({ before, after }) => ({
          ...owner,
          target,
          before,
          after,
          author,
          origin,
          turn_id: turn,
          chat_key: chat,
          reply_to: replyTo,
          notice_key: chat === null ? "" : null,
        })),
      )
      .execute();
    return result;
  });
}

/** A chat may have moved since a turn in it began; a memory that has stayed behind is still its own. */
async function ownerNow(db: Db, { owner, target }: Pick<ChangeAbout, "owner" | "target">): Promise<MemoryOwner> {
  if (owner.scope !== "chat") return owner;
  const now = await keyNow(db, owner.owner);
  if (now === owner.owner) return owner;
  const stayed = await db
    .selectFrom("memories")
    .select("target")
    .where("scope", "=", owner.scope)
    .where("owner", "=", owner.owner)
    .where("target", "=", target)
    .executeTakeFirst();
  return stayed ? owner : { ...owner, owner: now };
}

/** The file's row, made where there is none, for this transaction alone. */
export async function lockMemory(trx: Db, owner: MemoryOwner, target: MemoryTarget): Promise<StoredMemory> {
  await trx
    .insertInto("memories")
    .values({ scope: owner.scope, owner: owner.owner, target, text: "" })
    .onConflict((conflict) => conflict.columns(["scope", "owner", "target"]).doNothing())
    .execute();
  return await trx
    .selectFrom("memories")
    .select(["text", "visible"])
    .where("scope", "=", owner.scope)
    .where("owner", "=", owner.owner)
    .where("target", "=", target)
    .forUpdate()
    .executeTakeFirstOrThrow();
}

/** Writes a locked file. An entry that went or changed is visible to nobody new. */
export async function writeMemory(
  trx: Db,
  { owner, target }: Pick<ChangeAbout, "owner" | "target">,
  { text, edits }: { readonly text: string; readonly edits: readonly MemoryEdit[] },
  visible: readonly string[],
): Promise<void> {
  const still = visible.filter((entry) => !edits.some(({ before }) => before === entry));
  await trx
    .updateTable("memories")
    .set({ text, visible: jsonText(still), updated_at: sql<Date>`now()` })
    .where("scope", "=", owner.scope)
    .where("owner", "=", owner.owner)
    .where("target", "=", target)
    .execute();
}

/** Says of one entry whether shared chats may be told of it. */
export async function showEntry(
  db: Db,
  owner: MemoryOwner,
  target: MemoryTarget,
  entry: string,
  visible: boolean,
): Promise<void> {
  await inTransaction(db, async (trx) => {
    const file = await lockMemory(trx, owner, target);
    const others = file.visible.filter((each) => each !== entry);
    const edits = file.visible.includes(entry) && !visible ? [{ before: entry, after: null }] : [];
    await writeMemory(trx, { owner, target }, { text: file.text, edits }, visible ? [...others, entry] : others);
  });
}

/** Entries of a person's own memory that shared chats may be told of, in order of the files. */
export async function visibleEntries(
  db: Db,
  person: string,
): Promise<readonly { readonly text: string; readonly visible: readonly string[] }[]> {
  return await db
    .selectFrom("memories")
    .select(["text", "visible"])
    .where("scope", "=", "person")
    .where("owner", "=", person)
    .where("visible", "<>", sql<readonly string[]>`'[]'::jsonb`)
    .orderBy("target")
    .execute();
}

import { sql } from "kysely";
import { parseChatKey } from "../core/chats.ts";
import type { MemoryEdit, MemoryOwner, MemoryScope, MemoryTarget } from "../core/memory.ts";
import type { Outbound } from "../core/outbound.ts";
import { type Db, inTransaction } from "./hold.ts";
import { lockMemory, writeMemory } from "./memories.ts";
import type { Review } from "./memory-reviews.ts";
import { addOutbound } from "./outbox.ts";

/** One entry that came, changed or went. */
export interface MemoryChanged extends MemoryEdit {
  readonly id: number;
  readonly scope: MemoryScope;
  readonly target: MemoryTarget;
  readonly undone: boolean;
  /** Empty where nobody is told of it; null: still to be told. */
  readonly notice: string | null;
  readonly chat: string | null;
  readonly replyTo: string | null;
}

const columns = sql<MemoryChanged>`id, scope, target, before, after, undone_at is not null as undone, notice_key as notice,
  chat_key as chat, reply_to as "replyTo"`;

/** How long a change can be taken back by its button, and how long it is kept. */
const undoDays = 7;
const keptDays = undoDays + 1;
/** How long what was taken away is kept at the most, for people who seldom write. */
const takenAwayDays = 90;

/** What came of taking a change back. */
export type Undone =
  | { readonly type: "unknown" | "late" | "already" | "overwritten" }
  | { readonly type: "undone"; readonly change: MemoryChanged };

/**
 * Takes one change back, once. `within` are the memories that whoever asks may change; `back` gives the file as it was before, null where
 * the entry has been written over since, and throws where there is no room.
 */
export async function undoChange(
  db: Db,
  id: number,
  within: readonly MemoryOwner[],
  back: (text: string, change: MemoryChanged) => string | null,
): Promise<Undone> {
  return await inTransaction(db, async (trx) => {
    const found = await sql<MemoryChanged & { owner: string; late: boolean }>`
      select ${columns}, owner, created_at < now() - ${undoDays} * interval '1 day' as late
      from memory_changes where id = ${id} and ${among(within)} for update`.execute(trx);
    const change = found.rows[0];
    if (!change) return { type: "unknown" };
    if (change.undone) return { type: "already" };
    if (change.late) return { type: "late" };
    const { owner, scope, target, before, after } = change;
    const place = { owner: { scope, owner }, target };
    const { text, visible } = await lockMemory(trx, place.owner, target);
    const was = back(text, change);
    if (was === null) return { type: "overwritten" };
    await writeMemory(trx, place, { text: was, edits: [{ before: after, after: before }] }, visible);
    await trx
      .updateTable("memory_changes")
      .set({ undone_at: sql<Date>`now()` })
      .where("id", "=", id)
      .execute();
    return { type: "undone", change: { ...change, undone: true } };
  });
}

/** The newest change of these memories by this person, or by a look back, that still stands; null when there is none. */
export async function lastChange(db: Db, within: readonly MemoryOwner[], author: string): Promise<MemoryChanged | null> {
  const found = await sql<MemoryChanged>`
    select ${columns} from memory_changes
    where ${among(within)} and (author = ${author} or origin = 'review') and undone_at is null and created_at > now() - ${undoDays} * interval '1 day'
    order by id desc limit 1`.execute(db);
  return found.rows[0] ?? null;
}

/** What separates the entries of a file. */
const between = sql.lit("\n§\n");
/** More would fill the prompt; they are short. */
const mostTakenAway = 20;

/** The entries that people have taken away from a memory since a stretch of talks began, newest first, and that are not there again. */
export async function takenAway(db: Db, { owner, from }: Pick<Review, "owner" | "from">): Promise<readonly string[]> {
  const found = await sql<{ entry: string }>`
    with since as (select coalesce((select received_at from inbox where id = ${from}), '-infinity') as at),
    gone as (
      select case when undone_at is null then before else after end as entry, coalesce(undone_at, created_at) as at
      from memory_changes
      where ${among([owner])} and (undone_at is not null or (after is null and origin <> 'review')))
    select entry from gone, since
    where entry is not null and gone.at > since.at and not exists (
      select 1 from memories m where m.scope = ${owner.scope} and m.owner = ${owner.owner} and strpos(${between} || m.text || ${between}, ${between} || entry || ${between}) > 0)
    group by entry order by max(gone.at) desc limit ${mostTakenAway}`.execute(db);
  return found.rows.map(({ entry }) => entry);
}

/**
 * Drops the changes that nobody can take back any more: what is forgotten is not to be kept for ever. What was taken away stays until the
 * talks that it came from have been looked through (see `takenAway`): they would bring it back.
 */
export async function dropOldChanges(db: Db): Promise<void> {
  await sql`
    delete from memory_changes m
    where notice_key is not null and created_at < now() - ${keptDays} * interval '1 day' and (
      created_at < now() - ${takenAwayDays} * interval '1 day' or (undone_at is null and (after is not null or origin = 'review'))
      or coalesce(undone_at, created_at) <= (
        select i.received_at from memory_reviews r join inbox i on i.id = r.reviewed_to
        where r.scope = m.scope and r.owner = m.owner))`.execute(db);
}

/** The changes that one message tells of. */
export async function changesOf(db: Db, notice: string): Promise<readonly MemoryChanged[]> {
  const found = await sql<MemoryChanged>`select ${columns} from memory_changes where notice_key = ${notice} order by id`.execute(
    db,
  );
  return found.rows;
}

/** Which changes are told: a turn's, or those that nobody has told though their turn is long over. */
export type Untold = { readonly turn: string | null } | "left";

/**
 * Tells chats of changes, once: a message each for what a turn or a look back changed. `say` makes the message; null: it is kept quiet. The
 * chats that have something to be delivered.
 */
export async function tellChanges(
  db: Db,
  which: Untold,
  say: (changes: readonly MemoryChanged[], author: string | null, on: Db) => Outbound | null | Promise<Outbound | null>,
): Promise<readonly string[]> {
  const wanted = which === "left" ? left : sql<boolean>`turn_id is not distinct from ${which.turn}`;
  return await inTransaction(db, async (trx) => {
    const found = await sql<MemoryChanged & { turn: string | null; author: string | null }>`
      select ${columns}, turn_id as turn, author from memory_changes where notice_key is null and ${wanted}
      order by id limit 200 for update skip locked`.execute(trx);
    const groups = Object.values(Object.groupBy(found.rows, (row) => `${row.turn ?? ""} ${row.chat ?? ""}`));
    const chats: string[] = [];
    for (const changes of groups) {
      const [first] = changes ?? [];
      if (!changes || !first) continue;
      const body = first.chat === null ? null : await say(changes, first.author, trx);
      const key = body === null ? "" : `memory:${first.id}`;
      const ids = changes.map(({ id }) => id);
      await trx.updateTable("memory_changes").set({ notice_key: key }).where("id", "in", ids).execute();
      if (body === null || first.chat === null) continue;
      await addOutbound(trx, { key, chat: parseChatKey(first.chat), turn: null, body });
      chats.push(first.chat);
    }
    return chats;
  });
}

/** Their turn is over, and whoever ran it has had time to tell. */
const left = sql<boolean>`created_at < now() - interval '30 seconds' and not exists (
  select 1 from turns t where t.id = memory_changes.turn_id and t.status in ('running', 'parked'))`;

function among(owners: readonly MemoryOwner[]) {
  const pairs = owners.map(({ scope, owner }) => sql`(${scope}, ${owner})`);
  return pairs.length === 0 ? sql<boolean>`false` : sql<boolean>`(scope, owner) in (${sql.join(pairs)})`;
}

import { type RawBuilder, sql } from "kysely";
import { errandPlatforms } from "../core/errand.ts";
import type { MemoryOwner } from "../core/memory.ts";
import type { ModelMessage } from "../core/model.ts";
import { type Db, inTransaction } from "./hold.ts";
import { undone } from "./own-sessions.ts";
import { later } from "./sessions.ts";

/** Whose talks: a person's private ones, or those of a chat, in all its threads or in this one alone (null: outside of threads). */
export type ReviewedTalks =
  | { readonly kind: "private"; readonly person: string }
  | {
      readonly kind: "shared";
      readonly platform: string;
      readonly chat: string;
      readonly thread: string | null;
      readonly allThreads: boolean;
    };

/** A stretch of talks that one worker looks through. */
export interface Review {
  readonly owner: MemoryOwner;
  readonly fence: number;
  /** Its requests are those after the first of these, up to the second, by their inbox rows. */
  readonly from: number;
  readonly upto: number;
  readonly attempts: number;
}

/**
 * Takes the stretch since the last look for one worker, once it has `every` answered requests; null before, or while somebody has it. It ends
 * before what is still waiting or being answered in any chat: that would never be read.
 */
export async function claimReview(
  db: Db,
  owner: MemoryOwner,
  talks: ReviewedTalks,
  every: number,
  leaseMs: number,
): Promise<Review | null> {
  await db
    .insertInto("memory_reviews")
    .values({ ...owner })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const found = await sql<Omit<Review, "owner">>`
    with fresh as (
      select t.inbox_id, t.status
      from turns t join sessions s on s.id = t.session_id join conversations c on c.id = s.conversation_id
      where ${within(talks)} and t.inbox_id > (
        select reviewed_to from memory_reviews where scope = ${owner.scope} and owner = ${owner.owner})),
    open as (
      select inbox_id from fresh where status in ('running', 'parked')
      union all
      select i.id from inbox i join sessions s on s.id = i.session_id join conversations c on c.id = s.conversation_id
      where i.status = 'waiting' and ${inTheir(talks, sql`i.person_id`)}),
    due as (
      select count(*)::int as answered, max(inbox_id) as upto from fresh
      where status = 'answered' and inbox_id < all (select inbox_id from open))
    update memory_reviews r set claimed_until = ${later(leaseMs)}, fence = r.fence + 1, attempts = r.attempts + 1
    from due
    where r.scope = ${owner.scope} and r.owner = ${owner.owner} and due.answered >= ${every} and due.upto > r.reviewed_to
      and (r.claimed_until is null or r.claimed_until < now())
    returning r.fence, r.reviewed_to as "from", due.upto, r.attempts`.execute(db);
  const row = found.rows[0];
  return row ? { owner, ...row } : null;
}

/** What was said in a stretch, without tools and their results, oldest first; and the chat of its last request with who made it. */
export async function reviewedTalk(
  db: Db,
  { from, upto }: Review,
  talks: ReviewedTalks,
): Promise<{ readonly messages: readonly ModelMessage[]; readonly chat: string | null; readonly person: string | null }> {
  const found = await sql<{ message: ModelMessage; chat: string; person: string }>`
    select m.message, i.chat_key as chat, t.person_id as person
    from turns t join sessions s on s.id = t.session_id join conversations c on c.id = s.conversation_id
      join inbox i on i.id = t.inbox_id join messages m on m.turn_id = t.id and m.session_id = t.session_id
    where ${within(talks)} and t.inbox_id > ${from} and t.inbox_id <= ${upto} and m.message->>'role' in ('user', 'assistant')
    order by t.inbox_id desc, m.id desc limit ${mostMessages}`.execute(db);
  const rows = found.rows.toReversed();
  const last = rows.at(-1);
  return { messages: rows.map(({ message }) => message), chat: last?.chat ?? null, person: last?.person ?? null };
}

/** More than any window takes. */
const mostMessages = 400;

/** Ends a review with what it writes, in one transaction; false, and nothing is written, where somebody else has taken it over. */
export async function endReview(db: Db, { owner, fence, upto }: Review, write: (trx: Db) => Promise<void>): Promise<boolean> {
  return await inTransaction(db, async (trx) => {
    const ended = await trx
      .updateTable("memory_reviews")
      .set({ reviewed_to: upto, attempts: 0, claimed_until: null })
      .where("scope", "=", owner.scope)
      .where("owner", "=", owner.owner)
      .where("fence", "=", fence)
      .where("reviewed_to", "<", upto)
      .returning("fence")
      .executeTakeFirst();
    if (!ended) return false;
    await write(trx);
    return true;
  });
}

/** Lets go of a review that came to nothing: whoever comes next may take it, if it failed a moment later. */
export async function dropReview(db: Db, { owner, fence }: Review, afterMs: number): Promise<void> {
  await db
    .updateTable("memory_reviews")
    .set({ claimed_until: later(afterMs) })
    .where("scope", "=", owner.scope)
    .where("owner", "=", owner.owner)
    .where("fence", "=", fence)
    .execute();
}

/** The turns `t` of these talks that a person's own message began and that stand. */
function within(talks: ReviewedTalks): RawBuilder<boolean> {
  return sql<boolean>`${inTheir(talks, sql`t.person_id`)} and not ${undone("t.id")}`;
}

/** Whether a conversation `c` is one of these talks, of what this person has written there. */
function inTheir(talks: ReviewedTalks, person: RawBuilder<unknown>): RawBuilder<boolean> {
  const own = sql`c.kind = ${talks.kind} and c.platform <> all (${Object.values(errandPlatforms)})`;
  if (talks.kind === "private") return sql<boolean>`${own} and ${person} = ${talks.person}`;
  const { platform, chat, thread, allThreads } = talks;
  const room = sql`${own} and c.platform = ${platform} and c.chat = ${chat}`;
  return allThreads ? sql<boolean>`${room}` : sql<boolean>`${room} and c.thread = ${thread ?? ""}`;
}

import { chatKey, type ChatRef } from "../src/core/chats.ts";
import type { Log } from "../src/core/log.ts";
import { literal } from "../src/core/markdown.ts";
import type { Outbound } from "../src/core/outbound.ts";
import type { Queues } from "../src/core/queue.ts";
import type { Targets } from "../src/schedules/targets.ts";
import type { Db } from "../src/store/hold.ts";
import { addOutbound, standingEntry } from "../src/store/outbox.ts";
import { anyPrivateChatOf, standingIn } from "../src/store/schedule-targets.ts";
import { changeSchedule, type Schedule } from "../src/store/schedules.ts";
import { wakeDeliveries } from "./asking.ts";

interface Parts {
  readonly db: Db;
  readonly queues: Queues;
  readonly log: Log;
}

/** Why nothing comes of a schedule: to its owner, and where others read. */
interface Why {
  readonly own: string;
  readonly open: string;
}

/** Of one whose owner is a guest by now. */
export function whyGuest({ person }: Schedule): Why {
  const why = `${person.name} may not use me any more`;
  return { own: why, open: why };
}

/** Of one with places that it can't report to, or whose owner has left the chat that it is of. */
export function whyLost({ number, status, origin, originKind }: Schedule, { lost }: Targets): Why {
  if (origin !== null && lost.includes("origin")) {
    const on = status === "done" ? `\`/cron run ${number}\` runs it again` : `\`/cron resume ${number}\` lets it go on`;
    const own = `you have left the chat it was made in. Write there again, then ${on}`;
    return { own, open: "its owner has left the chat it was made in" };
  }
  const own = `I can't post to ${lost.join(", ")} any more`;
  return { own, open: originKind === "shared" ? "I can't post to all of its places any more" : own };
}

/** Nothing that runs again would mend it: the schedule waits until its owner has looked, and is told so, once for each `occasion`. */
export async function unwanted(parts: Parts, schedule: Schedule, occasion: string, { own, open }: Why) {
  const over = schedule.status === "done";
  const state = over ? "has no report" : "is paused";
  const told = { edits: null, open: `${state}: ${open}` };
  await tellOwner(parts, schedule, `paused:${schedule.id}:${occasion}`, `${state}: ${own}`, told);
  if (!over) await changeSchedule(parts.db, schedule.id, { status: "paused", why: open });
  return { type: "failed", code: "schedule.refused", failure: open, output: null, told: true } as const;
}

/**
 * Tells a schedule's owner where it was made; one that was made nowhere, in their private chat. There too what others must not read: if they
 * have none, `open` is said of it where it was made. What `edits` an earlier message is said where that stands. Whether it is a new one.
 */
export async function tellOwner(
  parts: Parts,
  schedule: Schedule,
  key: string,
  words: string,
  { edits, open }: { readonly edits: string | null; readonly open: string },
): Promise<boolean> {
  const earlier = edits === null ? null : await earlierNotice(parts.db, schedule, edits);
  const place = earlier ?? (await noticePlace(parts.db, schedule, open !== words));
  if (place === null) parts.log.warn({ schedule: schedule.number }, `a schedule ${open}`);
  if (place === null) return true;
  const markdown = `⚠️ **${literal(schedule.name)}** (schedule ${schedule.number}) ${place.own ? words : open}`;
  const body: Outbound = { markdown, replyTo: null, ...(earlier === null ? {} : { edits: earlier.key }) };
  await addOutbound(parts.db, { key, chat: place.chat, turn: null, body });
  await wakeDeliveries(parts, [chatKey(place.chat)]);
  return earlier === null;
}

/** Where something is told, and whether its owner alone reads it there. */
interface NoticePlace {
  readonly chat: ChatRef;
  readonly own: boolean;
}

async function noticePlace(db: Db, { origin, person }: Schedule, secret: boolean): Promise<NoticePlace | null> {
  const own = origin === null || secret ? await anyPrivateChatOf(db, person.id) : null;
  if (own !== null) return { chat: own, own: true };
  return origin === null ? null : { chat: origin, own: false };
}

/** An earlier message, as far as it still stands in a chat where its owner reads it. */
async function earlierNotice(
  db: Db,
  { origin, person }: Schedule,
  key: string,
): Promise<(NoticePlace & { readonly key: string }) | null> {
  const found = await standingEntry(db, key);
  if (found === null) return null;
  const standing = await standingIn(db, person.id, found.chat);
  const made = origin !== null && chatKey(origin) === chatKey(found.chat);
  return made || standing === "own" ? { ...found, own: standing === "own" } : null;
}

import { chatKey, type ChatRef, parseChatKey } from "../src/core/chats.ts";
import type { Log } from "../src/core/log.ts";
import { literal } from "../src/core/markdown.ts";
import type { Outbound } from "../src/core/outbound.ts";
import { addOutbound } from "../src/store/outbox.ts";
import type { Db } from "../src/store/hold.ts";
import { scheduleOfRun } from "../src/store/schedule-runs.ts";
import { anyPrivateChatOf, kindOf } from "../src/store/schedule-targets.ts";
import { changeSchedule, type Schedule, scheduleById } from "../src/store/schedules.ts";

/** The outbox entries of runs: `run:RUN:CHAT`, files with a number behind it. */
const runEntry = /^run:([^:]+):/;
/** What an owner is told of a run or a schedule; behind each bar a chat that did not take it. */
const runNotice = /^(?:failed|failed-own|gone):([^:|]+)/;
const scheduleNotice = /^paused:([^:|]+):/;

interface Parts {
  readonly db: Db;
  readonly log: Log;
}

/** What a platform has refused for good. */
export interface Refused {
  /** Its key in the outbox. */
  readonly key: string;
  readonly body: Outbound;
  readonly chat: string;
  readonly reason: string;
}

/**
 * A platform has refused a run's report for good: the chat is gone, or the bot was taken out of it. The schedule is paused and its owner
 * told, in another chat; and in yet another where that does not take it either. Of a private chat nothing is said where others read. Gives
 * the chats with something to be sent.
 */
export async function noteRefusedReport(parts: Parts, refused: Refused): Promise<readonly string[]> {
  const { db } = parts;
  const run = runEntry.exec(refused.key)?.[1];
  const schedule = run === undefined ? await scheduleOfNotice(db, refused.key) : await scheduleOfRun(db, run);
  if (schedule === null) return [];
  // It may say what only its owner may read.
  if (run === undefined) return await tellElsewhere(parts, schedule, refused.key, null, refused);
  const { chat, reason } = refused;
  const secret = schedule.originKind === "shared" && (await kindOf(db, parseChatKey(chat))) !== "shared";
  const full = `${chat} does not take its reports: ${reason}`;
  const why = secret ? "one of its places does not take its reports" : full;
  if (schedule.status === "active") await changeSchedule(db, schedule.id, { status: "paused", why });
  const markdown = `⚠️ **${literal(schedule.name)}** (schedule ${schedule.number}) is paused: ${literal(why)}. \`/cron edit ${schedule.number} --deliver …\` sends it elsewhere, \`/cron resume ${schedule.number}\` lets it go on.`;
  return await tellElsewhere(parts, schedule, `gone:${run}`, schedule.origin, { ...refused, body: { markdown, replyTo: null } });
}

async function scheduleOfNotice(db: Db, key: string): Promise<Schedule | null> {
  const run = runNotice.exec(key)?.[1];
  if (run !== undefined) return await scheduleOfRun(db, run);
  const id = scheduleNotice.exec(key)?.[1];
  return id === undefined ? null : await scheduleById(db, id);
}

/** Told in `open`, if that may be, else in a private chat of the owner's on any platform; in none that has refused it already. */
async function tellElsewhere(
  { db, log }: Parts,
  schedule: Schedule,
  key: string,
  open: ChatRef | null,
  { chat, reason, body }: Refused,
): Promise<readonly string[]> {
  const tried = [...key.split("|").slice(1), chat];
  const found =
    open !== null && !tried.includes(chatKey(open))
      ? open
      : await anyPrivateChatOf(db, schedule.person.id, tried.map(parseChatKey));
  if (found === null) {
    log.warn({ schedule: schedule.number, chat, reason }, "a schedule's chat is gone, and its owner can't be told");
    return [];
  }
  await addOutbound(db, {
    key: `${key}|${chat}`,
    chat: found,
    turn: null,
    body: { markdown: body.markdown, replyTo: null },
  });
  return [chatKey(found)];
}

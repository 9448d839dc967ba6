import { chatKey, parseChatKey } from "../src/core/chats.ts";
import type { Log } from "../src/core/log.ts";
import { literal } from "../src/core/markdown.ts";
import { addOutbound } from "../src/store/outbox.ts";
import type { Db } from "../src/store/hold.ts";
import { scheduleOfRun } from "../src/store/schedule-runs.ts";
import { kindOf, privateChatOf } from "../src/store/schedule-targets.ts";
import { changeSchedule } from "../src/store/schedules.ts";

/** The outbox entries of runs: `run:RUN:CHAT`, files with a number behind it. */
const runEntry = /^run:([^:]+):/;

/**
 * A platform has refused a run's report for good: the chat is gone, or the bot was taken out of it. The schedule is paused and its owner
 * told, in another chat. Of a private chat nothing is said where others read. Gives the chats with something to be sent.
 */
export async function noteRefusedReport(
  { db, log }: { readonly db: Db; readonly log: Log },
  key: string,
  chat: string,
  reason: string,
): Promise<readonly string[]> {
  const run = runEntry.exec(key)?.[1];
  const schedule = run === undefined ? null : await scheduleOfRun(db, run);
  if (schedule === null) return [];
  const ref = parseChatKey(chat);
  const secret = schedule.originKind === "shared" && (await kindOf(db, ref)) !== "shared";
  const full = `${chat} does not take its reports: ${reason}`;
  const why = secret ? "one of its places does not take its reports" : full;
  if (schedule.status === "active") await changeSchedule(db, schedule.id, { status: "paused", why });
  const origin = schedule.origin === null || chatKey(schedule.origin) === chat ? null : schedule.origin;
  const own = async () =>
    (await privateChatOf(db, schedule.person.id, ref.platform)) ?? (await privateChatOf(db, schedule.person.id, "web"));
  const found = origin ?? (await own());
  if (found === null || chatKey(found) === chat) {
    log.warn({ schedule: schedule.number, chat, reason }, "a schedule's chat is gone, and its owner can't be told");
    return [];
  }
  const markdown = `⚠️ **${literal(schedule.name)}** (schedule ${schedule.number}) is paused: ${literal(why)}. \`/cron edit ${schedule.number} --deliver …\` sends it elsewhere, \`/cron resume ${schedule.number}\` lets it go on.`;
  await addOutbound(db, { key: `gone:${run}:${chat}`, chat: found, turn: null, body: { markdown, replyTo: null } });
  return [chatKey(found)];
}

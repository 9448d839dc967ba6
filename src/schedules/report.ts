import type { Language } from "../core/language.ts";
import { literal } from "../core/markdown.ts";
import { nextInstant } from "./next.ts";
import type { Schedule } from "../store/schedules.ts";
import { zoneOf } from "./zones.ts";

/** The original's words for "nothing to tell", and their Chinese ones. */
const silenceWords = ["silent", "noreply", "静默", "沉默", "无需回复", "不回复", "保持沉默"];

/** Whether an answer says that there is nothing to tell: the word alone, or `[SILENT]` on its first or last line. */
export function isSilent(text: string): boolean {
  const lines = text.trim().split("\n");
  if (lines.length === 1) return silenceWords.includes(plain(lines[0] ?? ""));
  return [lines[0], lines.at(-1)].some((line) => /^\W*\[(?:SILENT|静默|沉默)\]\W*$/iu.test(line?.trim() ?? ""));
}

function plain(line: string): string {
  return line.toLowerCase().replaceAll(/[^\p{L}]/gu, "");
}

/** What is told of a run, with whose it is and when the next one comes. */
export function wrapped(schedule: Schedule, text: string, lateMs: number, now: number, { reports, replies }: Language): string {
  const zone = zoneOf(schedule.timing.zone);
  const next = schedule.status === "active" ? nextInstant(schedule.timing, now) : null;
  const late = lateMs > 10 * 60_000 ? reports.late(replies.duration(lateMs)) : "";
  const foot = schedule.status === "paused" ? reports.paused : footOf(next, schedule.remaining, zone.name, reports);
  return `⏰ **${literal(schedule.name)}**${late}\n\n${text.trim()}\n\n*${foot} /cron show ${schedule.number}*`;
}

function footOf(next: number | null, remaining: number | null, zone: string, reports: Language["reports"]): string {
  return next === null || remaining === 0 ? reports.last : reports.next(instantText(next, zone, reports.locale));
}

/** `Mon 23 Nov 2026, 09:00`. */
export function instantText(at: number, zone: string, locale = "en-GB"): string {
  const format = new Intl.DateTimeFormat(locale, {
    timeZone: zone,
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  return format.format(at).replace(/,? at /, ", ");
}

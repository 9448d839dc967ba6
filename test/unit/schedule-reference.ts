import type { CronFields } from "../../src/schedules/cron-expression.ts";

/** Every minute of some days in a zone, with what the wall clock showed, read off `Intl` and nothing else. */
export interface Walk {
  readonly zone: string;
  readonly from: number;
  readonly minutes: readonly Minute[];
  /** Wall times that never showed, with the first minute after they were skipped. */
  readonly skipped: readonly Minute[];
}

interface Minute {
  readonly at: number;
  readonly wall: Date;
  /** Whether the wall clock shows this for the first time. */
  readonly first: boolean;
}

const dayMs = 86_400_000;

/** Walks from a day before `day` (UTC) to four days after it. */
export function walk(zone: string, day: string): Walk {
  const format = new Intl.DateTimeFormat("en-GB", { timeZone: zone, dateStyle: "short", timeStyle: "short", hourCycle: "h23" });
  const from = Date.parse(`${day}T00:00Z`);
  const minutes: Minute[] = [];
  const skipped: Minute[] = [];
  const seen = new Set<number>();
  let before: number | null = null;
  for (let at = from - dayMs; at < from + 4 * dayMs; at += 60_000) {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 0, day: date = 0, hour = 0, minute = 0 } = parts;
    const wall = Date.UTC(year, month - 1, date, hour, minute);
    for (let gone = (before ?? wall) + 60_000; gone < wall; gone += 60_000)
      skipped.push({ at, wall: new Date(gone), first: true });
    minutes.push({ at, wall: new Date(wall), first: !seen.has(wall) });
    seen.add(wall);
    before = wall;
  }
  return { zone, from, minutes, skipped };
}

/**
 * What the documentation promises, said as plainly as possible. An expression for every hour: each minute whose wall time fits. Any other:
 * each wall time that fits, once: when it first shows, or where it never shows, at the first minute after it was skipped.
 */
export function referenceInstants({ minutes, skipped, from }: Walk, fields: CronFields): readonly number[] {
  const all = fields.everyHour ? minutes : [...minutes.filter(({ first }) => first), ...skipped];
  const found = all.filter(({ at, wall }) => at >= from && at < from + 3 * dayMs && fits(fields, wall)).map(({ at }) => at);
  return [...new Set(found)].toSorted((a, b) => a - b);
}

function fits(fields: CronFields, date: Date): boolean {
  if (!fields.minutes.includes(date.getUTCMinutes()) || !fields.hours.includes(date.getUTCHours())) return false;
  if (!fields.months.has(date.getUTCMonth() + 1)) return false;
  const monthly = fields.days.has(date.getUTCDate());
  const weekly = fields.weekdays.has(date.getUTCDay());
  return fields.eitherDay ? monthly || weekly : monthly && weekly;
}

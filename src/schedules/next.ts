import { parseCron, type CronFields } from "./cron-expression.ts";
import type { Timing } from "../core/timing.ts";
import { dayMs, fromWall, happens, hourMs, minuteMs, toWall, type WallTime, type Zone, zoneOf } from "./zones.ts";

/** The first instant after `after` (epoch milliseconds); null when there is none any more. */
export function nextInstant(timing: Timing, after: number): number | null {
  switch (timing.type) {
    case "once":
      return timing.at > after ? timing.at : null;
    case "every":
      return after < timing.from
        ? timing.from
        : timing.from + (Math.floor((after - timing.from) / timing.everyMs) + 1) * timing.everyMs;
    case "days":
      return nextDay(timing, after);
    case "cron":
      return nextCron(fieldsOf(timing.expression), zoneOf(timing.zone), after);
  }
}

/** The next so many instants after `after`. */
export function nextInstants(timing: Timing, after: number, count: number): readonly number[] {
  const found: number[] = [];
  for (let at = nextInstant(timing, after); at !== null && found.length < count; at = nextInstant(timing, at)) found.push(at);
  return found;
}

/** The last instant in `(after, until]`; null when there is none. Looks back further and further, so a long pause costs little. */
export function lastInstant(timing: Timing, after: number, until: number): number | null {
  for (const span of [hourMs, dayMs, 8 * dayMs, 40 * dayMs, 400 * dayMs, Number.POSITIVE_INFINITY]) {
    const from = Math.max(after, until - span);
    const last = lastOf(timing, from, until);
    if (last !== null || from === after) return last;
  }
  return null;
}

function lastOf(timing: Timing, after: number, until: number): number | null {
  let last: number | null = null;
  for (let at = nextInstant(timing, after); at !== null && at <= until; at = nextInstant(timing, at)) last = at;
  return last;
}

type Days = Timing & { readonly type: "days" };

function nextDay({ every, from, hour, minute, zone: name }: Days, after: number): number {
  const zone = zoneOf(name);
  const start = Date.parse(`${from}T00:00:00Z`);
  const today = after + zone.offsetAt(after);
  const passed = Math.max(0, Math.floor((today - start) / dayMs / every) - 1);
  for (let count = passed; ; count += 1) {
    const at = happens(zone, { ...toWall(start + count * every * dayMs), hour, minute });
    if (at > after) return at;
  }
}

/** Parsed expressions; those in use are few. */
const parsed = new Map<string, CronFields>();

function fieldsOf(expression: string): CronFields {
  const known = parsed.get(expression);
  if (known) return known;
  const fields = parseCron(expression);
  if (parsed.size >= mostParsed) parsed.clear();
  parsed.set(expression, fields);
  return fields;
}

const mostParsed = 5_000;
/** 29 February may be eight years away (2096 to 2104), and the weekday of a day in February twelve more. */
const searchedDays = 366 * 28;

function nextCron(fields: CronFields, zone: Zone, after: number): number | null {
  // The day before is looked at too: a repeated hour or a gap at midnight may belong to it.
  const first = Math.floor((after + zone.offsetAt(after)) / dayMs) * dayMs - dayMs;
  for (let count = 0; count < searchedDays; count += 1) {
    const day = first + count * dayMs;
    if (!isDay(fields, day)) continue;
    const found = firstOn(fields, zone, day, after);
    if (found !== null) return found;
  }
  return null;
}

function isDay(fields: CronFields, day: number): boolean {
  const date = new Date(day);
  if (!fields.months.has(date.getUTCMonth() + 1)) return false;
  const last = fields.lastDay && new Date(day + dayMs).getUTCDate() === 1;
  const monthly = fields.days.has(date.getUTCDate()) || last;
  const weekly = fields.weekdays.has(date.getUTCDay());
  return fields.eitherDay ? monthly || weekly : monthly && weekly;
}

/** The day's first instant after `after`; `day` is its midnight as if the zone were UTC. */
function firstOn(fields: CronFields, zone: Zone, day: number, after: number): number | null {
  // Far from a change of the clocks a day is plain arithmetic. A day on both sides covers every offset there is.
  const offset = zone.offsetAt(day - dayMs);
  if (offset === zone.offsetAt(day + dayMs) && offset === zone.offsetAt(day) && offset === zone.offsetAt(day + 2 * dayMs)) {
    return firstPlain(fields, day - offset, after);
  }
  return firstBetween(fields, zone, day, after);
}

/** On a day around a change: each wall time that could be the first one is looked up. */
function firstBetween(fields: CronFields, zone: Zone, day: number, after: number): number | null {
  const offsets = [day - dayMs, day, day + dayMs, day + 2 * dayMs].map((at) => zone.offsetAt(at));
  const [least, most] = [Math.min(...offsets), Math.max(...offsets)];
  let best: number | null = null;
  for (const hour of fields.hours) {
    for (const minute of fields.minutes) {
      const shown = day + hour * hourMs + minute * minuteMs;
      if (shown - least <= after) continue;
      if (best !== null && shown - most >= best) return best;
      for (const at of instantsFor(fields, zone, toWall(shown))) if (at > after && (best === null || at < best)) best = at;
    }
  }
  return best;
}

function firstPlain({ hours, minutes }: CronFields, midnight: number, after: number): number | null {
  for (const hour of hours) {
    const from = midnight + hour * hourMs;
    if (from + hourMs <= after) continue;
    const minute = minutes.find((each) => from + each * minuteMs > after);
    if (minute !== undefined) return from + minute * minuteMs;
  }
  return null;
}

/**
 * What the clocks do on the day they change: an expression for all hours follows elapsed time (a repeated hour counts twice, a skipped one
 * not at all); any other means wall times, each once a day: the first time where it comes twice, the end of the gap where it is skipped.
 */
function instantsFor(fields: CronFields, zone: Zone, wall: WallTime): readonly number[] {
  return fields.everyHour ? zone.instantsOf(wall) : [happens(zone, wall)];
}

/** A wall time's date as `2026-11-23`. */
export function dateText(wall: WallTime): string {
  return new Date(fromWall(wall)).toISOString().slice(0, 10);
}

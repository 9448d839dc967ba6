import { Failure } from "../core/failures.ts";

/** A wall clock's reading, to the minute. Months count from 1. */
export interface WallTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
}

/** The clock of an IANA zone. All instants are epoch milliseconds. */
export interface Zone {
  readonly name: string;
  /** What is added to UTC there, at that instant, in milliseconds. */
  offsetAt(instant: number): number;
  /** What the clock on the wall shows. */
  wallAt(instant: number): WallTime;
  /** When the wall clock shows this: once as a rule, never in a spring gap, twice where an hour is repeated. Earliest first. */
  instantsOf(wall: WallTime): readonly number[];
  /** The first instant after a gap that swallows this wall time. */
  afterGap(wall: WallTime): number;
}

export const minuteMs = 60_000;
export const hourMs = 3_600_000;
export const dayMs = 86_400_000;

const opened = new Map<string, Zone>();

/** The zone of that name, in any case. Throws a `Failure` that names the nearest ones. */
export function zoneOf(name: string): Zone {
  const known = opened.get(name);
  if (known) return known;
  const zone = open(canonical(name));
  opened.set(name, zone);
  return zone;
}

/** The name as the zone database spells it; `Failure` where there is no such zone, or only an ambiguous short form. */
function canonical(name: string): string {
  const wanted = name.trim().toLowerCase();
  if (/^(utc|gmt|z)$/.test(wanted)) return "UTC";
  const names = Intl.supportedValuesOf("timeZone");
  const exact = names.find((each) => each.toLowerCase() === wanted);
  if (exact !== undefined) return exact;
  // Links such as Asia/Calcutta are understood, but not listed.
  const link = /^[a-z_]+\/[\w+/-]+$/.test(wanted) ? spelt(wanted) : null;
  if (link !== null) return link;
  const near = nearest(names, wanted);
  const advice = near.length > 0 ? `Did you mean ${near.join(" or ")}?` : "Write it like Europe/Berlin or Asia/Shanghai.";
  throw new Failure("schedule.refused", `"${name.slice(0, 60)}" is not a time zone. ${advice}`);
}

/** The name as the database has it; null where it has none. */
function spelt(name: string): string | null {
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return null;
  }
}

/** Zones with that city, or that begin alike. */
function nearest(names: readonly string[], wanted: string): readonly string[] {
  const city = (wanted.split("/").at(-1) ?? "").replaceAll(/[\s-]+/g, "_");
  if (city.length < 3) return [];
  const matches = (test: (place: string) => boolean) => names.filter((each) => test(each.split("/").at(-1)?.toLowerCase() ?? ""));
  const same = matches((place) => place === city);
  return (same.length > 0 ? same : matches((place) => place.startsWith(city.slice(0, 4)))).slice(0, 3);
}

function open(name: string): Zone {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: name,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  const read = (instant: number): number => {
    // "11/21/2026, 16:20:00": cheaper than taking it apart by parts.
    const [month = 0, day = 0, year = 0, hour = 0, minute = 0, second = 0] = (format.format(instant).match(/\d+/g) ?? []).map(
      Number,
    );
    return Date.UTC(year, month - 1, day, hour, minute, second);
  };
  const offsets = new Map<number, number>();
  const offsetAt = (instant: number): number => {
    // Offsets change at full quarters of an hour of UTC in all zones since 1972.
    const quarter = Math.floor(instant / (15 * minuteMs));
    const known = offsets.get(quarter);
    if (known !== undefined) return known;
    const at = quarter * 15 * minuteMs;
    const offset = read(at) - at;
    if (offsets.size >= mostOffsets) offsets.clear();
    offsets.set(quarter, offset);
    return offset;
  };
  const around = (wall: number) => [...new Set([offsetAt(wall - dayMs), offsetAt(wall + dayMs)])];
  return {
    name,
    offsetAt,
    wallAt: (instant) => toWall(instant + offsetAt(instant)),
    instantsOf(wall) {
      const shown = fromWall(wall);
      const found = around(shown).map((offset) => shown - offset);
      return found.filter((instant) => instant + offsetAt(instant) === shown).toSorted((a, b) => a - b);
    },
    afterGap(wall) {
      const shown = fromWall(wall);
      // Before the change the clock has not reached it, afterwards it has passed it.
      let before = shown - Math.max(...around(shown)) - hourMs;
      let after = shown - Math.min(...around(shown)) + hourMs;
      while (after - before > 1_000) {
        const middle = Math.floor((before + after) / 2_000) * 1_000;
        if (middle + offsetAt(middle) > shown) after = middle;
        else before = middle;
      }
      return after;
    },
  };
}

/** Of one zone; a year of quarters of an hour. */
const mostOffsets = 35_000;

/** The wall time as if it were UTC. */
export function fromWall({ year, month, day, hour, minute }: WallTime): number {
  return Date.UTC(year, month - 1, day, hour, minute);
}

export function toWall(shown: number): WallTime {
  const date = new Date(shown);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
  };
}

/** When a named wall time happens: the first time where it comes twice, and where it is skipped, when the skipping is over. */
export function happens(zone: Zone, wall: WallTime): number {
  return zone.instantsOf(wall)[0] ?? zone.afterGap(wall);
}

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
export function referenceInstants({ minutes, skipped, from }: Walk, expression: string): readonly number[] {
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = expression.toLowerCase().split(" ");
  const minutesOf = allowed(minute, 0, 59);
  const hours = allowed(hour, 0, 23);
  const days = allowed(day, 1, 31);
  const monthsOf = allowed(month, 1, 12);
  const weekdays = allowed(weekday, 0, 6);
  const both = /^[*?]/.test(day) || /^[*?]/.test(weekday);
  const last = day.split(",").includes("l");
  const fits = (date: Date) => {
    if (!minutesOf.has(date.getUTCMinutes()) || !hours.has(date.getUTCHours()) || !monthsOf.has(date.getUTCMonth() + 1))
      return false;
    const monthly = days.has(date.getUTCDate()) || (last && isLast(date));
    const weekly = weekdays.has(date.getUTCDay());
    return both ? monthly && weekly : monthly || weekly;
  };
  const everyHour = hours.size === 24;
  const all = everyHour ? minutes : [...minutes.filter(({ first }) => first), ...skipped];
  const found = all.filter(({ at, wall }) => at >= from && at < from + 3 * dayMs && fits(wall)).map(({ at }) => at);
  return [...new Set(found)].toSorted((a, b) => a - b);
}

function isLast(date: Date): boolean {
  return new Date(date.getTime() + dayMs).getUTCDate() === 1;
}

function allowed(field: string, least: number, most: number): ReadonlySet<number> {
  const all = Array.from({ length: most - least + 1 }, (_, index) => least + index);
  return new Set(all.filter((value) => allows(field, value, least, most)));
}

/**
 * Whether a field of an expression allows a value: that is so many values after where a part of it begins, round the end if need be, no more
 * than the part is long, and by whole steps.
 */
function allows(field: string, value: number, least: number, most: number): boolean {
  const size = most - least + 1;
  return field.split(",").some((part) => {
    const [span = "", every] = part.split("/");
    if (span === "l") return false;
    const [first = "", last] = span.split("-");
    const star = first === "*" || first === "?";
    const from = star ? least : numberOf(first);
    const until = last !== undefined ? numberOf(last) : star || every !== undefined ? most : from;
    const after = (((value - from) % size) + size) % size;
    return after <= (until >= from ? until - from : until - from + size) && after % Number(every ?? 1) === 0;
  });
}

const names = ["sun mon tue wed thu fri sat", " jan feb mar apr may jun jul aug sep oct nov dec"].map((all) => all.split(" "));

function numberOf(word: string): number {
  const named = names.map((all) => all.indexOf(word.slice(0, 3))).find((at) => at >= 0);
  return named ?? Number(word);
}

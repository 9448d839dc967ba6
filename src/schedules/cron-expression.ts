import { Failure } from "../core/failures.ts";

/** A cron expression taken apart: what each field allows. */
export interface CronFields {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** Of the month. */
  readonly days: ReadonlySet<number>;
  readonly lastDay: boolean;
  readonly months: ReadonlySet<number>;
  /** 0 is Sunday. */
  readonly weekdays: ReadonlySet<number>;
  /** Both day fields name days: then either will do, as in every cron. */
  readonly eitherDay: boolean;
  /** The hour field names all hours: then the expression follows elapsed time, not the wall clock. */
  readonly everyHour: boolean;
}

const shortForms: Readonly<Record<string, string>> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
};

interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly names: readonly string[];
}

const months = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const weekdays = "sun mon tue wed thu fri sat".split(" ");
const minuteField: Field = { name: "minute", least: 0, most: 59, names: [] };
const hourField: Field = { name: "hour", least: 0, most: 23, names: [] };
const dayField: Field = { name: "day of the month", least: 1, most: 31, names: [] };
const monthField: Field = { name: "month", least: 1, most: 12, names: months };
const weekdayField: Field = { name: "weekday", least: 0, most: 7, names: weekdays };

/** Whether a text is meant as a cron expression, right or wrong. */
export function looksLikeCron(text: string): boolean {
  const trimmed = text.trim();
  if (trimmed.startsWith("@")) return true;
  const fields = trimmed.split(/\s+/);
  return fields.length >= 4 && fields.length <= 7 && fields.slice(0, 2).every((field) => /^[\d*/,?-]+$/.test(field));
}

/** The expression in five fields: `@daily` written out, spaces as one. Throws what is wrong with it. */
export function fiveFields(text: string): string {
  const trimmed = text.trim().toLowerCase();
  const short = shortForms[trimmed];
  if (short !== undefined) return short;
  if (trimmed.startsWith("@")) {
    throw refused(`"${trimmed.slice(0, 40)}" is not known. There are ${Object.keys(shortForms).join(", ")}.`);
  }
  const fields = trimmed.split(/\s+/);
  if (fields.length !== 5) {
    const many = fields.length === 6 || fields.length === 7 ? " Seconds and years are not taken." : "";
    throw refused(`A cron expression has five fields (minute hour day month weekday), and this has ${fields.length}.${many}`);
  }
  return fields.join(" ");
}

/** Reads five fields. Throws a `Failure` that names the field and what it may be. */
export function parseCron(expression: string): CronFields {
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = fiveFields(expression).split(" ");
  const lastDay = day.split(",").includes("l");
  const plainDays = day
    .split(",")
    .filter((part) => part !== "l")
    .join(",");
  const hours = read(hourField, hour);
  const days = plainDays === "" ? [] : read(dayField, plainDays);
  const weekly = read(weekdayField, weekday).map((each) => each % 7);
  return {
    minutes: read(minuteField, minute),
    hours,
    days: new Set(days),
    lastDay,
    months: new Set(read(monthField, month)),
    weekdays: new Set(weekly),
    eitherDay: !starred(day) && !starred(weekday),
    everyHour: hours.length === 24,
  };
}

/** Of each field: how many values it has, what begins anew where they end, and how to say what a longer step means. */
const spans: readonly (readonly [Field, number, string, (step: number) => string])[] = [
  [minuteField, 60, "hour", (step) => `Say "every ${step}m".`],
  [hourField, 24, "day", (step) => `Say "every ${step}h".`],
  [dayField, 31, "month", (step) => `Say "every ${step} days at 9:00".`],
  [monthField, 12, "year", () => 'Name the months: "1,7".'],
  [weekdayField, 7, "week", (step) => `Say "every ${step} days at 9:00".`],
];

/**
 * Throws for a step that is longer than its field, such as 90 minutes: that would come once an hour, which nobody means. What was saved
 * with one before goes on as it did, so reading does not mind it.
 */
export function refuseLongSteps(expression: string): void {
  const fields = fiveFields(expression).split(" ");
  for (const [index, [field, size, whole, instead]] of spans.entries()) {
    const part = fields[index]?.split(",").find((each) => Number(each.split("/")[1] ?? 0) > size);
    if (part === undefined) continue;
    const step = Number(part.split("/")[1]);
    throw refused(
      `"${part}" in the ${field.name}: steps begin anew with each ${whole}, so ${size} is the longest. ${instead(step)}`,
    );
  }
}

/** As in other crons, a field that begins with a star restricts nothing together with the other day field. */
function starred(field: string): boolean {
  return field.startsWith("*") || field === "?";
}

/** A field's values, each once, in order. */
function read(field: Field, text: string): readonly number[] {
  const values = text.split(",").flatMap((part) => readPart(field, part));
  return [...new Set(values)].toSorted((a, b) => a - b);
}

function readPart(field: Field, part: string): readonly number[] {
  const match = /^(?:(\*|\?)|([a-z]+|\d{1,4})(?:-([a-z]+|\d{1,4}))?)(?:\/(\d{1,4}))?$/.exec(part);
  if (match === null) throw wrong(field, part);
  const [, all, first, last, every] = match;
  const step = every === undefined ? 1 : Number(every);
  if (step === 0) throw refused(`"${part}" in the ${field.name}: a step of 0 never comes.`);
  const top = field.most === 7 ? 6 : field.most;
  const from = first === undefined ? field.least : valueOf(field, first, part);
  const until = last === undefined ? (all !== undefined || every !== undefined ? top : from) : valueOf(field, last, part);
  // Friday to Sunday, November to February: around the end.
  if (until < from && field.names.length === 0) throw refused(`"${part}" in the ${field.name}: ${from} is after ${until}.`);
  const ordered = until >= from ? range(from, until) : [...range(from, top), ...range(field.least, until)];
  return ordered.filter((_, index) => index % step === 0);
}

function valueOf(field: Field, word: string, part: string): number {
  const named = field.names.indexOf(word.slice(0, 3));
  const whole = /^\d+$/.test(word);
  if (!whole && (named < 0 || !isName(field, word, named))) throw wrong(field, part);
  const value = whole ? Number(word) : named + field.least;
  if (value < field.least || value > field.most) throw wrong(field, part);
  return value;
}

const fullNames =
  "january february march april may june july august september october november december sunday monday tuesday wednesday thursday friday saturday".split(
    " ",
  );

/** `mon` and `monday`, not `money`. */
function isName(field: Field, word: string, at: number): boolean {
  return word === field.names[at] || fullNames.some((full) => full === word && full.startsWith(field.names[at] ?? " "));
}

function range(from: number, until: number): readonly number[] {
  return Array.from({ length: until - from + 1 }, (_, index) => from + index);
}

function wrong(field: Field, part: string): Failure {
  const names = field.names.length > 0 ? ` or ${field.names[0]}–${field.names.at(-1)}` : "";
  return refused(
    `"${part.slice(0, 40)}" can't be the ${field.name}: that is ${field.least}–${field.most}${names}, "*", or "*/N".`,
  );
}

/** A time that can't be scheduled, in words for whoever wrote it. */
export function refused(message: string): Failure {
  return new Failure("schedule.refused", message);
}

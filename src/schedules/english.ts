import { refused } from "./cron-expression.ts";
import { addTime, comingWeekday, dateOf, dayFromNow, type Named, nothingNamed, type Speaking, timingOf } from "./day-times.ts";
import { everyLength, inLength, lengthOf } from "./durations.ts";
import type { Timing } from "../core/timing.ts";
import { dayMs } from "./zones.ts";

const weekdayNames = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const monthNames = [
  "january",
  "february",
  "march",
  "april",
  "may",
  "june",
  "july",
  "august",
  "september",
  "october",
  "november",
  "december",
];
/** Say nothing by themselves, so they can't end a time. */
const fillers = new Set([
  "at",
  "on",
  "the",
  "of",
  "and",
  ",",
  "&",
  "in",
  "every",
  "each",
  "all",
  "a",
  "month",
  "months",
  "this",
  "from",
]);

/** Reads a time in English words. Throws a `Failure` that says what is wrong with it. */
export function englishTiming(text: string, speaking: Speaking): Timing {
  const said = text
    .toLowerCase()
    .replaceAll(/\s+/g, " ")
    .replace(/[.!,:;]$/, "")
    .trim();
  const away = /^in (.+)$/.exec(said)?.[1] ?? /^(.+?) from now$/.exec(said)?.[1];
  const awayLength = away === undefined ? null : lengthOf(away);
  if (awayLength !== null) return inLength(awayLength, speaking);
  if (said === "hourly") return everyLength({ ms: 3_600_000, days: 0 }, speaking);
  const each = /^(?:every|each) (.+)$/.exec(said)?.[1];
  const eachLength = each === undefined ? null : lengthOf(each);
  if (eachLength !== null && (eachLength.ms > 0 || eachLength.days === 0)) return everyLength(eachLength, speaking);
  const bare = lengthOf(said);
  if (bare !== null && /\d/.test(said)) throw refused(`Once or again and again? Say "in ${said}" or "every ${said}".`);
  const words = tokens(said);
  const named = readNamed(words, speaking);
  if (named.weekdays.length === 1 && named.everyDays === null && !words.some(comesAgain)) {
    throw refused(`Once or every week? Say "next ${said.replace(/^on /, "")}" or "every ${said.replace(/^on /, "")}".`);
  }
  return timingOf(named, speaking);
}

/** Whether a word says that a weekday means all of them. */
function comesAgain(word: string): boolean {
  return /^(?:every|each|weekly|all)$/.test(word) || (word.endsWith("s") && weekdayOf(word) >= 0 && word.length > 4);
}

function tokens(said: string): readonly string[] {
  const found =
    said.match(
      /\d{4}-\d{2}-\d{2}|\d{1,4}(?:[:.]\d{2})?\s?[ap]\.?m\b\.?|\d{1,2}[:.]\d{2}|\d+(?:st|nd|rd|th)\b|\d+|[a-z']+|[,&-]|\S/g,
    ) ?? [];
  const last = found.at(-1);
  if (last !== undefined && fillers.has(last)) throw refused(`"${said.slice(0, 80)}" does not end.`);
  return found;
}

interface Reading {
  readonly named: Named;
  readonly speaking: Speaking;
  /** `in the evening` turns 7 into 19. */
  half: "am" | "pm" | null;
  /** Hours without minutes or half, until the whole is read. */
  readonly hours: number[];
}

function readNamed(words: readonly string[], speaking: Speaking): Named {
  const reading: Reading = { named: nothingNamed(), speaking, half: null, hours: [] };
  for (let at = 0; at < words.length;) at += readAt(reading, words, at);
  for (const hour of reading.hours) {
    const half = hour >= 1 && hour <= 12 ? reading.half : null;
    addTime(reading.named, hour, 0, half, String(hour));
  }
  return reading.named;
}

/** Reads what stands at a place; how many words that took. */
function readAt(reading: Reading, words: readonly string[], at: number): number {
  const word = words[at] ?? "";
  return (
    readTime(reading, word) ||
    readWeekdays(reading.named, words, at) ||
    readSpan(reading, words, at) ||
    readDate(reading, words, at) ||
    readDayWord(reading, words, at) ||
    (fillers.has(word) ? 1 : unknown(word))
  );
}

function unknown(word: string): never {
  throw refused(`I don't understand "${word.slice(0, 40)}" as part of a time. ${examples}`);
}

/** How a time can be said, for whoever said one that can't be read. */
export const examples =
  'Say it like "every 2h", "weekdays at 9am", "every monday 9:00", "in 30m", "tomorrow 8:00", "0 9 * * *", or in Chinese, like "每天9点".';

function readTime(reading: Reading, word: string): number {
  const clock = /^(\d{1,4})(?:[:.](\d{2}))?\s?(?:([ap])\.?m\.?)?$/.exec(word);
  if (clock !== null && (clock[2] !== undefined || clock[3] !== undefined)) {
    const half = clock[3] === undefined ? null : clock[3] === "a" ? "am" : "pm";
    const hour = Number(clock[1]);
    const said = half === null && hour >= 1 && hour <= 12 ? reading.half : half;
    addTime(reading.named, hour, Number(clock[2] ?? 0), said, word);
    return 1;
  }
  if (clock !== null && clock[1] !== undefined && clock[1].length <= 2) {
    reading.hours.push(Number(clock[1]));
    return 1;
  }
  const named = { noon: 12, midday: 12, midnight: 0 }[word];
  if (named !== undefined) addTime(reading.named, named, 0, null, word);
  return named === undefined ? 0 : 1;
}

function weekdayOf(word: string | undefined): number {
  const single = (word ?? "").replace(/s$/, "");
  return weekdayNames.findIndex(
    (name) =>
      single.length >= 3 && (name === single || name.slice(0, 3) === single || (single.length === 4 && name.startsWith(single))),
  );
}

function readWeekdays(named: Named, words: readonly string[], at: number): number {
  const first = weekdayOf(words[at]);
  if (first < 0) return 0;
  const until = ["-", "to", "through", "until"].includes(words[at + 1] ?? "") ? weekdayOf(words[at + 2]) : -1;
  const last = until < 0 ? first : until;
  for (let day = first; ; day = (day + 1) % 7) {
    named.weekdays.push(day);
    if (day === last) break;
  }
  if (words[at - 1] === "next" || words[at - 1] === "coming") throw refused("Only one coming day can be named.");
  return until < 0 ? 1 : 3;
}

/** `other week`, `next monday`, `this friday`: today, if it is one. */
function readSpan({ named, speaking }: Reading, words: readonly string[], at: number): number {
  const [word = "", next = ""] = words.slice(at, at + 2);
  if (word === "this" && weekdayOf(next) >= 0) {
    const today = dayFromNow(0, speaking);
    named.date = today + ((weekdayOf(next) - new Date(today).getUTCDay() + 7) % 7) * dayMs;
    return 2;
  }
  if (word === "next" || word === "coming") {
    const day = weekdayOf(next);
    if (day < 0) return 0;
    named.date = comingWeekday(day, speaking);
    return 2;
  }
  if (word === "other" && /^(?:day|week)s?$/.test(next)) named.everyDays = next.startsWith("w") ? 14 : 2;
  else return 0;
  return 2;
}

function readDate({ named, speaking, hours }: Reading, words: readonly string[], at: number): number {
  const word = words[at] ?? "";
  const iso = /^(\d{4})-(\d{2})-(\d{2})$/.exec(word);
  if (iso) {
    named.date = dateOf(Number(iso[1]), Number(iso[2]), Number(iso[3]), speaking);
    return 1;
  }
  const ordinal = /^(\d{1,2})(?:st|nd|rd|th)$/.exec(word)?.[1];
  if (ordinal === undefined) return readMonth({ named, speaking, hours }, words, at);
  if (Number(ordinal) < 1 || Number(ordinal) > 31) throw refused(`There is no "${word}" in any month.`);
  named.monthDays.push(Number(ordinal));
  return 1;
}

/** `24 december`, `dec 24`, `december 24th 2026`. */
function readMonth({ named, speaking, hours }: Omit<Reading, "half">, words: readonly string[], at: number): number {
  const [word = "", next = "", third = ""] = words.slice(at, at + 3);
  const month = monthNames.findIndex((name) => word.length >= 3 && (name === word || name.slice(0, 3) === word));
  if (month < 0) return 0;
  const before = /^\d+$/.test(words[at - 1] ?? "") ? hours.pop() : named.monthDays.pop();
  const after = before === undefined ? /^(\d{1,2})(?:st|nd|rd|th)?$/.exec(next)?.[1] : undefined;
  const day = before ?? Number(after);
  if (typeof day !== "number" || Number.isNaN(day)) throw refused(`Which day of ${word}?`);
  const year = yearIn(after === undefined ? next : third);
  named.date = dateOf(year, month + 1, day, speaking);
  return 1 + (after === undefined ? 0 : 1) + (year === null ? 0 : 1);
}

function yearIn(word: string): number | null {
  return /^\d{4}$/.test(word) ? Number(word) : null;
}

/** Days that one word names. */
const dayWords: Readonly<Record<string, (reading: Reading) => void>> = {
  daily: ({ named }) => void (named.daily = true),
  weekday: ({ named }) => void named.weekdays.push(1, 2, 3, 4, 5),
  workday: ({ named }) => void named.weekdays.push(1, 2, 3, 4, 5),
  weekend: ({ named }) => void named.weekdays.push(6, 0),
  today: ({ named, speaking }) => void (named.date = dayFromNow(0, speaking)),
  tomorrow: ({ named, speaking }) => void (named.date = dayFromNow(1, speaking)),
  tonight(reading) {
    reading.named.date = dayFromNow(0, reading.speaking);
    reading.half = "pm";
  },
};

function readDayWord(reading: Reading, words: readonly string[], at: number): number {
  const { named, speaking } = reading;
  const [word = "", next = "", third = ""] = words.slice(at, at + 3);
  const simple = dayWords[word] ?? dayWords[word.replace(/s$/, "")];
  if (simple !== undefined) {
    simple(reading);
    return 1;
  }
  if (word === "day" && next === "after" && third === "tomorrow") {
    named.date = dayFromNow(2, speaking);
    return 3;
  }
  if (word === "working" || word === "last") {
    if (!/^days?$/.test(next)) return unknown(`${word} ${next}`.trim());
    if (word === "last") named.monthDays.push("l");
    else named.weekdays.push(1, 2, 3, 4, 5);
    return 2;
  }
  if (word === "weekly" || word === "monthly") return readAdverb(word, words);
  return readCounted(reading, words, at) || readHalf(reading, words, at);
}

/** They only say that what else is named comes again. */
function readAdverb(word: "weekly" | "monthly", words: readonly string[]): number {
  if (word === "weekly" && words.every((each) => weekdayOf(each) < 0)) throw refused("Weekly on which day?");
  if (word === "monthly" && !words.some((each) => /\d(?:st|nd|rd|th)$/.test(each) || each === "last")) {
    throw refused('Monthly on which day? Say it like "monthly on the 1st at 9:00".');
  }
  return 1;
}

/** "every 2 days at 9:00": the number came as an hour. */
function readCounted({ named, hours }: Reading, words: readonly string[], at: number): number {
  const unit = /^(day|week)(s?)$/.exec(words[at] ?? "");
  if (unit === null) return 0;
  const count = /^\d+$/.test(words[at - 1] ?? "") ? hours.pop() : undefined;
  if (count === undefined && unit[2] === "s") return unknown(words[at] ?? "");
  if (count === undefined && unit[1] === "day") named.daily = true;
  else named.everyDays = (count ?? 1) * (unit[1] === "day" ? 1 : 7);
  if (named.everyDays === 0) throw refused("Every 0 days never comes.");
  return 1;
}

/** `in the morning`, `every evening`. */
function readHalf(reading: Reading, words: readonly string[], at: number): number {
  const word = (words[at] ?? "").replace(/s$/, "");
  const half = { morning: "am", afternoon: "pm", evening: "pm", night: "pm" }[word];
  if (half !== "am" && half !== "pm") return /^o'?clock$/.test(word) ? 1 : 0;
  reading.half = half;
  if (words[at - 1] === "every" || words[at - 1] === "each") reading.named.daily = true;
  return 1;
}

import { refused } from "./cron-expression.ts";
import { addTime, comingWeekday, dateOf, dayFromNow, type Named, nothingNamed, type Speaking, timingOf } from "./day-times.ts";
import { everyLength, inLength, type Length } from "./durations.ts";
import type { Timing } from "../core/timing.ts";
import { dayMs, hourMs, minuteMs } from "./zones.ts";

/** Whether a text has Chinese words in it. */
export function looksChinese(text: string): boolean {
  return /\p{Script=Han}/u.test(text);
}

/** Reads a time in Chinese words. Throws a `Failure` that says what is wrong with it. */
export function chineseTiming(text: string, speaking: Speaking): Timing {
  const said = plain(text);
  const later = /^(?:再?过)?(.+?)(?:之后|以后|后)$/.exec(said)?.[1];
  const laterLength = later === undefined ? null : lengthOf(later);
  if (laterLength !== null) return inLength(laterLength, speaking);
  const each = /^每(?:隔|过)?(.+?)(?:1次)?$/.exec(said)?.[1];
  const eachLength = each === undefined || each === "天" || each === "日" ? null : lengthOf(each);
  if (eachLength !== null && eachLength.ms > 0) return everyLength(eachLength, speaking);
  const bare = lengthOf(said);
  if (bare !== null && /\d/.test(said)) throw refused(`一次还是重复?请说“${text.trim()}后”或“每${text.trim()}”。`);
  return timingOf(readNamed(said, speaking), speaking);
}

/** Half-width, without spaces, with digits for numbers. */
function plain(text: string): string {
  const narrow = text
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/\s+/g, "")
    .replace(/[。.!]$/, "");
  // 一刻 and 半 are parts of an hour, 周一 a day; the rest are numbers.
  return (
    narrow
      .replaceAll(/星期|礼拜/g, "周")
      // 周五九点: the last numeral is the hour's.
      .replaceAll(
        /周([一二三四五六日天、,和到至周-]+?)(二?十[一二三四五六七八九]?|[零〇一二两三四五六七八九])(?=[点时])/g,
        (_, days: string, hour: string) => `周${days}${numberOf(hour)}`,
      )
      .replaceAll(/(?<!周[一二三四五六日天、,和到至-]*)[零〇一二两三四五六七八九十]+/g, (digits) => numberOf(digits))
  );
}

const digits = "零一二三四五六七八九";

function numberOf(text: string): string {
  const said = text.replaceAll("〇", "零").replaceAll("两", "二");
  const ten = said.indexOf("十");
  if (ten < 0) return [...said].map((each) => digits.indexOf(each)).join("");
  const tens = ten === 0 ? 1 : digits.indexOf(said[ten - 1] ?? "");
  const ones = ten + 1 < said.length ? digits.indexOf(said[ten + 1] ?? "") : 0;
  return String(tens * 10 + ones);
}

const unitSizes: Readonly<Record<string, number>> = {
  秒: 1_000,
  分: minuteMs,
  刻: 15 * minuteMs,
  小时: hourMs,
  钟头: hourMs,
  天: dayMs,
  日: dayMs,
  周: 7 * dayMs,
};

/** Reads `30分钟`, `2小时`, `2个半小时`, `半小时`, `1小时30分钟`, `3天`; null for anything else. */
function lengthOf(text: string): Length | null {
  const part = /(\d{1,9}(?:\.\d{1,3})?)?(?:个)?(半)?(?:个)?(秒|分|刻|小时|钟头|天|日|周)(?:钟)?(半)?/gy;
  const parts = [...text.matchAll(part)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join("") !== text) return null;
  let ms = 0;
  let days = 0;
  for (const [, count, half, unit = "", after] of parts) {
    const size = unitSizes[unit] ?? 0;
    const whole = count === undefined ? (half === undefined ? 1 : 0) : Number(count);
    const amount = whole + (half === undefined && after === undefined ? 0 : 0.5);
    if (size >= dayMs && Number.isInteger(amount)) days += (amount * size) / dayMs;
    else ms += Math.round(amount * size);
  }
  return { ms, days };
}

const weekdayMarks = "日一二三四五六";
type Period = "night" | "morning" | "noon" | "afternoon" | "evening";
const periods: readonly (readonly [RegExp, Period])[] = [
  [/^(?:凌晨|半夜)/, "night"],
  [/^(?:早上|早晨|上午|清晨|清早|早)/, "morning"],
  [/^(?:中午|正午)/, "noon"],
  [/^下午/, "afternoon"],
  [/^(?:傍晚|晚上|夜里|夜晚|晚)/, "evening"],
];

interface Reading {
  readonly named: Named;
  readonly speaking: Speaking;
  period: Period | null;
}

type Rule = readonly [RegExp, (match: RegExpExecArray, reading: Reading) => void];

const rules: readonly Rule[] = [
  [/^每(?:个)?(?:天|日)|^天天/, (_, { named }) => void (named.daily = true)],
  [/^(?:每个?)?(?:工作日|平日)/, ({ length }, { named }) => void named.weekdays.push(...(length > 0 ? [1, 2, 3, 4, 5] : []))],
  [/^(?:每个?)?周末/, (_, { named }) => void named.weekdays.push(6, 0)],
  [/^每(?=[早晚])/, (_, { named }) => void (named.daily = true)],
  [/^每?隔(?:天|日)/, (_, { named }) => void (named.everyDays = 2)],
  [/^每(隔|过)?(\d+)(?:个)?(天|日|周)/, everyFew],
  [/^每(?:个)?周((?:[一二三四五六日天](?:[到至-]周?[一二三四五六日天])?[、,和]?(?:周(?=[一二三四五六日天]))?)+)/, weekly],
  [/^每(?:个)?月(?:的)?((?:\d{1,2}[号日]?[、,和]?)+[号日]|最后1?天)/, monthly],
  [/^周([一二三四五六日天][到至-]周?[一二三四五六日天])/, weekly],
  [/^周([一二三四五六日天])/, onceOrWeekly],
  [/^午夜(?:(?:12|0)点(?:整|钟)?)?/, ({ 0: said }, { named }) => addTime(named, 0, 0, null, said)],
  [/^下(?:个)?周([一二三四五六日天])/, (match, reading) => coming(match, reading, true)],
  [/^(?:这|本)(?:个)?周([一二三四五六日天])/, (match, reading) => coming(match, reading, false)],
  [/^大后天/, (_, reading) => on(reading, 3)],
  [/^后天/, (_, reading) => on(reading, 2)],
  [/^明(?:天|日|(?=[早晚]))/, (_, reading) => on(reading, 1)],
  [/^今(?:天|日|(?=[早晚]))/, (_, reading) => on(reading, 0)],
  [/^(?:(\d{4})年)?(\d{1,2})月(\d{1,2})[号日]/, dated],
  [/^(\d{4})-(\d{1,2})-(\d{1,2})/, dated],
  [/^(\d{1,2})(?::(\d{2})|[点时](?:(半)|([123])刻|(\d{2})(?!\d)分?|(\d)分|整|钟)?)/, timed],
  [/^[的在于、,和]/, () => undefined],
];

function readNamed(said: string, speaking: Speaking): Named {
  const reading: Reading = { named: nothingNamed(), speaking, period: null };
  let rest = said;
  while (rest !== "") {
    const period = periods.find(([word]) => word.test(rest));
    const rule = rules.find(([form]) => form.test(rest));
    if (rule !== undefined) {
      const match = rule[0].exec(rest);
      if (match === null) break;
      rule[1](match, reading);
      rest = rest.slice(match[0].length);
    } else if (period !== undefined) {
      reading.period = period[1];
      rest = rest.replace(period[0], "");
      if (period[1] === "noon" && !/^\d/.test(rest)) addTime(reading.named, 12, 0, null, "中午");
    } else {
      throw refused(`我看不懂“${rest.slice(0, 20)}”。${chineseExamples}`);
    }
  }
  return reading.named;
}

const chineseExamples = "请这样说:“每天9点”、“工作日早上9点”、“每两小时”、“30分钟后”、“每周一上午9点半”、“明天8点”。";

/** 每隔一天 leaves one out; what 每隔两天 means, people don't agree on. */
function everyFew([said, apart, digit = "", unit = ""]: RegExpExecArray, { named }: Reading): void {
  const count = Number(digit);
  if (apart === "隔" && count > 1) throw refused(`“${said}”有两种理解。请说“每${count}${unit}”或“每${count + 1}${unit}”。`);
  named.everyDays = (apart === "隔" ? count + 1 : count) * (unit === "周" ? 7 : 1);
  if (named.everyDays === 0) throw refused("每0天永远不会到来。");
}

function weekdayOf(mark: string): number {
  return weekdayMarks.indexOf(mark === "天" ? "日" : mark);
}

function weekly([, marks = ""]: RegExpExecArray, { named }: Reading): void {
  for (const [, from = "", until] of marks.matchAll(/([一二三四五六日天])(?:[到至-]周?([一二三四五六日天]))?/g)) {
    const last = weekdayOf(until ?? from);
    for (let day = weekdayOf(from); ; day = (day + 1) % 7) {
      named.weekdays.push(day);
      if (day === last) break;
    }
  }
}

function onceOrWeekly([said]: RegExpExecArray): never {
  throw refused(`“${said}”是一次还是每周?请说“这${said}”、“下${said}”或“每${said}”。`);
}

function monthly([, days = ""]: RegExpExecArray, { named }: Reading): void {
  if (days.startsWith("最后")) return void named.monthDays.push("l");
  for (const [day] of days.matchAll(/\d+/g)) {
    if (Number(day) < 1 || Number(day) > 31) throw refused(`没有${day}号。`);
    named.monthDays.push(Number(day));
  }
}

/** A week begins on Monday. */
function coming([, mark = ""]: RegExpExecArray, reading: Reading, next: boolean): void {
  const weekday = weekdayOf(mark) === 0 ? 7 : weekdayOf(mark);
  const today = dayFromNow(0, reading.speaking);
  const here = new Date(today).getUTCDay() === 0 ? 7 : new Date(today).getUTCDay();
  reading.named.date = next
    ? comingWeekday(weekday % 7, reading.speaking, weekday > here ? 1 : 0)
    : today + (weekday - here) * dayMs;
}

function on({ named, speaking }: Reading, days: number): void {
  named.date = dayFromNow(days, speaking);
}

function dated([, year, month, day]: RegExpExecArray, { named, speaking }: Reading): void {
  named.date = dateOf(year === undefined ? null : Number(year), Number(month), Number(day), speaking);
}

function timed([said, hourText, clock, half, quarters, two, single]: RegExpExecArray, { named, period }: Reading): void {
  const hour = Number(hourText);
  const minute = half === undefined ? (quarters === undefined ? Number(clock ?? two ?? single ?? 0) : Number(quarters) * 15) : 30;
  addTime(named, inPeriod(hour, period, said), minute, null, said);
}

function inPeriod(hour: number, period: Period | null, said: string): number {
  switch (period) {
    case null:
      return hour;
    case "night":
      if (hour === 12) return 0;
      if (hour > 6) throw refused(`凌晨没有“${said}”。`);
      return hour;
    case "morning":
      if (hour > 12) throw refused(`早上没有“${said}”。`);
      return hour;
    case "noon":
      if (hour > 2 && hour < 11) throw refused(`中午没有“${said}”。`);
      return hour < 3 ? hour + 12 : hour;
    case "afternoon":
      return hour < 12 ? hour + 12 : hour;
    case "evening":
      if (hour === 12) throw refused("晚上12点是哪一天?请说“0:00”并写明那一天。");
      if (hour < 4) throw refused(`晚上${hour}点是哪一天?请说“凌晨${hour}点”。`);
      return hour < 12 ? hour + 12 : hour;
  }
}

import { refused } from "./cron-expression.ts";
import { dateText } from "./next.ts";
import type { Timing } from "../core/timing.ts";
import { dayMs, fromWall, toWall, type WallTime, type Zone } from "./zones.ts";

/** Where and when somebody says a time. */
export interface Speaking {
  readonly zone: Zone;
  /** Epoch milliseconds. */
  readonly now: number;
}

export interface ClockTime {
  readonly hour: number;
  readonly minute: number;
}

/** What a phrase names, in any language: days that come again, or one date, and times of the day. */
export interface Named {
  daily: boolean;
  /** 0 is Sunday. */
  readonly weekdays: number[];
  /** Of the month; `l` is its last. */
  readonly monthDays: (number | "l")[];
  /** One day, as midnight on the wall. */
  date: number | null;
  /** Every so many days or weeks. */
  everyDays: number | null;
  readonly times: ClockTime[];
}

export function nothingNamed(): Named {
  return { daily: false, weekdays: [], monthDays: [], date: null, everyDays: null, times: [] };
}

/** Makes a timing of what was named. Throws what is missing, double or past. */
export function timingOf(named: Named, speaking: Speaking): Timing {
  const { weekdays, monthDays, date, everyDays, daily } = named;
  const kinds = [daily && everyDays === null, weekdays.length > 0, monthDays.length > 0, date !== null].filter(Boolean).length;
  if (kinds > 1) throw refused("That names different kinds of days at once. Make a schedule of each.");
  if (date !== null) return onDate(date, one(named.times), speaking);
  if (everyDays !== null) return everyFewDays(named, everyDays, speaking);
  if (kinds === 0) throw noDay(named.times);
  return repeating(named, speaking);
}

function noDay(times: readonly ClockTime[]): Error {
  const [time] = times;
  if (time === undefined) return refused("That names neither a day nor a time.");
  const said = clockText(time);
  return refused(`Which day? Say "today ${said}" or "tomorrow ${said}" for once, "every day ${said}" for again and again.`);
}

function one(times: readonly ClockTime[]): ClockTime {
  const [time, second] = times;
  if (time === undefined) throw needsTime();
  if (second !== undefined) throw refused("Once is at one time. Make a schedule of each.");
  return time;
}

function needsTime(): Error {
  return refused('At what time? Add one, such as "9:00".');
}

function repeating({ weekdays, monthDays, times }: Named, { zone }: Speaking): Timing {
  const hours = [...new Set(times.map(({ hour }) => hour))].toSorted((a, b) => a - b);
  const minutes = [...new Set(times.map(({ minute }) => minute))].toSorted((a, b) => a - b);
  if (hours.length === 0) throw needsTime();
  const said = new Set(times.map(clockText)).size;
  if (hours.length * minutes.length !== said) throw refused("Times with different minutes need a schedule each.");
  const days = monthDays.length === 0 ? "*" : monthDays.join(",");
  const weekly = weekdays.length === 0 ? "*" : [...new Set(weekdays)].toSorted((a, b) => a - b).join(",");
  return { type: "cron", expression: `${minutes.join(",")} ${hours.join(",")} ${days} * ${weekly}`, zone: zone.name };
}

/** From the first such day that is still to come. */
function everyFewDays({ weekdays, times }: Named, every: number, { zone, now }: Speaking): Timing {
  if (every > mostDays) throw tooFar();
  const [weekday, second] = weekdays;
  if (second !== undefined) throw refused("Every few weeks is on one day. Make a schedule of each.");
  if (weekday !== undefined && every % 7 !== 0) throw refused("A day of the week comes every week: count in weeks.");
  const here = zone.wallAt(now);
  const said = times.length === 0 ? null : one(times);
  if (said === null && weekday !== undefined) throw needsTime();
  const time = said ?? here;
  let day = fromWall({ ...here, hour: 0, minute: 0 });
  const isFirst = () =>
    (weekday === undefined || new Date(day).getUTCDay() === weekday) && instantOf({ ...toWall(day), ...clock(time) }, zone) > now;
  // Without a time of the day it begins one period from now.
  if (said === null) day += every * dayMs;
  else while (!isFirst()) day += dayMs;
  return { type: "days", every, from: dateText(toWall(day)), ...clock(time), zone: zone.name };
}

function clock({ hour, minute }: ClockTime): ClockTime {
  return { hour, minute };
}

function instantOf(wall: WallTime, zone: Zone): number {
  return zone.instantsOf(wall)[0] ?? zone.afterGap(wall);
}

/** Ten years. */
const mostDays = 3_653;

export function tooFar(): Error {
  return refused("That is more than ten years away.");
}

/** One instant on a day, where there is exactly one. */
function onDate(date: number, time: ClockTime, { zone, now }: Speaking): Timing {
  const wall = { ...toWall(date), ...clock(time) };
  return once(exactInstant(wall, zone), { zone, now }, `${clockText(time)} on ${dateText(wall)}`);
}

/** A single instant as a timing, unless it has passed. */
export function once(at: number, { zone, now }: Speaking, said: string): Timing {
  if (at <= now) throw refused(`${said} has passed.`);
  if (at - now > mostDays * dayMs) throw tooFar();
  return { type: "once", at, zone: zone.name };
}

/** The instant of a wall time that somebody means once: a skipped or repeated one is not guessed at. */
export function exactInstant(wall: WallTime, zone: Zone): number {
  const [first, second] = zone.instantsOf(wall);
  const said = `${clockText(wall)} on ${dateText(wall)}`;
  if (first === undefined) {
    const then = clockText(zone.wallAt(zone.afterGap(wall)));
    throw refused(`There is no ${said} in ${zone.name}: the clocks go forward then. From ${then} on there is.`);
  }
  if (second !== undefined) {
    const [early, late] = [first, second].map((at) => isoText(at, zone));
    throw refused(`${said} comes twice in ${zone.name}: the clocks go back then. Write ${early} or ${late}.`);
  }
  return first;
}

/** An instant with its zone's offset: `2026-10-25T02:30+02:00`. */
function isoText(at: number, zone: Zone): string {
  const offset = zone.offsetAt(at);
  const minutes = Math.abs(offset) / 60_000;
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  return `${new Date(at + offset).toISOString().slice(0, 16)}${offset < 0 ? "-" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`;
}

export function clockText({ hour, minute }: ClockTime): string {
  return `${hour}:${String(minute).padStart(2, "0")}`;
}

/** Adds a time of the day, read on a 12-hour clock where `half` says so. */
export function addTime(named: Named, hour: number, minute: number, half: "am" | "pm" | null, said: string): void {
  if (half !== null && (hour < 1 || hour > 12)) throw refused(`There is no "${said}": with am and pm hours go from 1 to 12.`);
  const whole = half === null ? hour : (hour % 12) + (half === "pm" ? 12 : 0);
  if (whole > 23 || minute > 59) {
    const end = whole === 24 && minute === 0 ? " Midnight is 0:00 of the next day." : "";
    throw refused(`There is no "${said}": a day goes from 0:00 to 23:59.${end}`);
  }
  named.times.push({ hour: whole, minute });
}

/** A calendar date, checked. Without a year: the next one to come. */
export function dateOf(year: number | null, month: number, day: number, { zone, now }: Speaking): number {
  const here = zone.wallAt(now);
  const today = fromWall({ ...here, hour: 0, minute: 0 });
  const candidates = year === null ? Array.from({ length: 9 }, (_, index) => here.year + index) : [year];
  const dates = candidates.map((each) => Date.UTC(each, month - 1, day)).filter((date) => new Date(date).getUTCDate() === day);
  const date = dates.find((each) => year !== null || each >= today);
  if (date === undefined || month < 1 || month > 12) {
    throw refused(`There is no ${[year, month, day].filter((part) => part !== null).join("-")} in the calendar.`);
  }
  return date;
}

/** Today or a day soon, as midnight on the wall. */
export function dayFromNow(days: number, { zone, now }: Speaking): number {
  return fromWall({ ...zone.wallAt(now), hour: 0, minute: 0 }) + days * dayMs;
}

/** The next such weekday after today. */
export function comingWeekday(weekday: number, speaking: Speaking, weeksOn = 0): number {
  const today = dayFromNow(0, speaking);
  const ahead = (weekday - new Date(today).getUTCDay() + 7) % 7 || 7;
  return today + (ahead + weeksOn * 7) * dayMs;
}

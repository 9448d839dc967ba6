import { refused } from "./cron-expression.ts";
import { once, type Speaking, tooFar } from "./day-times.ts";
import type { Timing } from "../core/timing.ts";
import { dayMs, hourMs, minuteMs } from "./zones.ts";

/** A length of time as somebody says it: what has a fixed length, and whole days, which follow the calendar. */
export interface Length {
  readonly ms: number;
  readonly days: number;
}

const units: readonly (readonly [RegExp, number])[] = [
  [/^(?:s|secs?|seconds?)$/, 1_000],
  [/^(?:m|mins?|minutes?)$/, minuteMs],
  [/^(?:h|hrs?|hours?)$/, hourMs],
  [/^(?:d|days?)$/, dayMs],
  [/^(?:w|wks?|weeks?)$/, 7 * dayMs],
];
const numbers = "zero one two three four five six seven eight nine ten eleven twelve".split(" ");

/** Reads `2h`, `1h30m`, `90 minutes`, `half an hour`, `an hour and 5 min`, `other day`; null for anything else. */
export function lengthOf(text: string): Length | null {
  const said = text.replace(/^other /, "2 ").replaceAll(/\b(?:an? )?half (?:an? )?hour\b/g, "30 m");
  const words = said.match(/\d+(?:\.\d+)?|[a-z]+|\S/g)?.filter((word) => word !== "and" && word !== ",") ?? [];
  if (words.length === 0 || words.length > 12) return null;
  // "every hour": one of it.
  const pairs = words.length === 1 ? ["1", ...words] : words;
  let ms = 0;
  let days = 0;
  for (let at = 0; at < pairs.length; at += 2) {
    const amount = amountOf(pairs[at] ?? "");
    const size = units.find(([word]) => word.test(pairs[at + 1] ?? ""))?.[1];
    if (amount === null || size === undefined) return null;
    if (size >= dayMs && Number.isInteger(amount)) days += (amount * size) / dayMs;
    else ms += Math.round(amount * size);
  }
  return { ms, days };
}

function amountOf(word: string): number | null {
  if (/^\d/.test(word)) return Number(word);
  if (word === "a" || word === "an") return 1;
  const named = numbers.indexOf(word);
  return named > 0 ? named : null;
}

/** `in 30m`: an instant, by elapsed time. */
export function inLength({ ms, days }: Length, speaking: Speaking): Timing {
  const all = ms + days * dayMs;
  if (all <= 0) throw refused("That is now: just ask.");
  if (!Number.isFinite(all)) throw tooFar();
  return once(speaking.now + all, speaking, "That");
}

/** `every 2h`: by elapsed time; whole days are for the calendar (`timingOf`). */
export function everyLength({ ms, days }: Length, { zone, now }: Speaking): Timing {
  const all = ms + days * dayMs;
  if (all < minuteMs) throw refused("The shortest interval is a minute.");
  if (all > 366 * dayMs) throw refused("The longest interval is a year.");
  return { type: "every", everyMs: all, from: now + all, zone: zone.name };
}

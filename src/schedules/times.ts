import { asFailure } from "../core/failures.ts";
import { chineseTiming, looksChinese } from "./chinese.ts";
import { fiveFields, looksLikeCron, parseCron, refused, refuseLongSteps } from "./cron-expression.ts";
import { clockText, dateOf, exactInstant, once, type Speaking } from "./day-times.ts";
import { englishTiming, examples } from "./english.ts";
import { nextInstant } from "./next.ts";
import type { Timing } from "../core/timing.ts";
import { minuteMs, toWall, type Zone, zoneOf } from "./zones.ts";

/** A longer text is no time. */
const longestTime = 200;

/** Reads a time in any of the ways it can be said. A zone at its end counts for it. Throws a `Failure` in words for whoever said it. */
export function parseTiming(text: string, speaking: Speaking): Timing {
  const said = text.trim();
  if (said === "") throw refused(`When? ${examples}`);
  if (said.length > longestTime) throw refused(`That is too long for a time. ${examples}`);
  const { words, zone } = splitZone(said, speaking.zone);
  const timing = read(words, { ...speaking, zone });
  if (nextInstant(timing, speaking.now) === null) throw refused(`"${said}" never comes.`);
  return timing;
}

function read(said: string, speaking: Speaking): Timing {
  if (looksLikeCron(said)) {
    const expression = fiveFields(said);
    parseCron(expression);
    refuseLongSteps(expression);
    return { type: "cron", expression, zone: speaking.zone.name };
  }
  return isoTiming(said, speaking) ?? (looksChinese(said) ? chineseTiming(said, speaking) : englishTiming(said, speaking));
}

/** `weekdays at 9am Europe/Berlin`, `… UTC`. */
function splitZone(said: string, zone: Zone): { words: string; zone: Zone } {
  const match = /^(.*?\S)\s+(?:in\s+)?([A-Za-z]+(?:_[A-Za-z]+)*(?:\/[\w+-]+)+|UTC|GMT)$/s.exec(said);
  if (match?.[1] !== undefined && match[2] !== undefined) return { words: match[1], zone: zoneOf(match[2]) };
  const short = /\s(EST|EDT|CST|CDT|MST|MDT|PST|PDT|CET|CEST|BST|IST|JST|EET|EEST)$/.exec(said)?.[1];
  if (short !== undefined) throw refused(`${short} means different zones to different people. Write it like Europe/Berlin.`);
  return { words: said, zone };
}

const isoForm = /^(\d{4})-(\d{2})-(\d{2})(?:[T ]\s?(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?\s?(z|[+-]\d{2}(?::?\d{2})?)?$/i;

function isoTiming(said: string, speaking: Speaking): Timing | null {
  const match = isoForm.exec(said);
  if (match === null) return null;
  const [year = 0, month = 0, day = 0] = match.slice(1, 4).map(Number);
  const date = toWall(dateOf(year, month, day, speaking));
  if (match[4] === undefined) throw refused(`At what time on ${said}? Write it like ${said}T09:00.`);
  const [hour, minute, second] = [Number(match[4]), Number(match[5]), Number(match[6] ?? 0)];
  if (hour > 23 || minute > 59 || second > 59)
    throw refused(`There is no ${match[4]}:${match[5]}: a day goes from 0:00 to 23:59.`);
  const wall = { ...date, hour, minute };
  const offset = match[7];
  const at =
    offset === undefined ? exactInstant(wall, speaking.zone) : Date.UTC(year, month - 1, day, hour, minute) - offsetMs(offset);
  return once(
    at + second * 1_000,
    speaking,
    `${said} (${clockText(speaking.zone.wallAt(speaking.now))} now in ${speaking.zone.name})`,
  );
}

function offsetMs(text: string): number {
  if (/^z$/i.test(text)) return 0;
  const hours = Number(text.slice(1, 3));
  const minutes = Number(text.slice(3).replace(":", "") || 0);
  if (hours > 14 || minutes > 59) throw refused(`There is no offset ${text}.`);
  return (text.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * minuteMs;
}

/** A time at the beginning of a text, and what comes after it. */
export interface Begun {
  readonly timing: Timing;
  /** The time as it was written. */
  readonly said: string;
  readonly rest: string;
}

/** Most words, or Chinese characters, that a time at the beginning of a text has. */
const mostWords = 12;
const mostCharacters = 30;

/** Reads `"0 9 * * *" report`, `every 2h check`, `每天9点发日报`: a time in quotes, or else the longest beginning that is one. */
export function splitTiming(text: string, speaking: Speaking): Begun {
  const trimmed = text.trim();
  // A quote may come escaped from where it was copied, and from a phone it comes curly.
  const quoted = /^\\?["“”'‘「『]([^"“”「」『』]{1,200}?)(\\?)["“”'’」』](?:\s+|$)?([\s\S]*)$/.exec(trimmed);
  if (quoted?.[1] !== undefined) {
    // Where the inner one was escaped, the outer pair closes at the end, and is no part of what is wanted.
    const rest = quoted[2] === "" ? quoted[3] : quoted[3]?.replace(/\\?["”]\s*$/, "");
    return { timing: parseTiming(quoted[1], speaking), said: quoted[1].trim(), rest: (rest ?? "").trim() };
  }
  let problem: Error | null = null;
  for (const end of endings(trimmed)) {
    const said = trimmed
      .slice(0, end)
      .trim()
      .replace(/\s*[,:;\uff0c\uff1a\uff1b、]$/, "");
    const rest = trimmed.slice(end).replace(/^\s*[,:;\uff0c\uff1a\uff1b、]?\s*/, "");
    if (rest !== "" && cutsRequest(said, rest)) continue;
    try {
      const timing = parseTiming(said, speaking);
      return { timing, said, rest };
    } catch (error) {
      // The failure of the longest beginning that names all it needs says more than those of its halves.
      problem = better(problem, error, said);
    }
  }
  throw problem ?? refused(`When? ${examples}`);
}

/** After a whole time: a count, an adverb or a part of the day belongs to what is to be done. `at 9 5 facts`, `17:00 weekly report`. */
const afterTime =
  /(?<![\d-])(?:\d{1,2}(?:[:.]\d{2})?(?:\s?[ap]\.?m\.?)?|noon|midday|midnight)\s+(?:\d{1,2}|hourly|daily|weekly|monthly|mornings?|afternoons?|evenings?|nights?)$/i;
/** `9点30|条`, `9点10分|钟`, `9点半|价`, `9点整|理`: what looks like minutes counts or describes what is to be done. */
const inWords = [
  [
    /\d$|十[一二三四五六七八九]?$/u,
    /^[条个句只起张件位名家首段则种项年天周月日号块元度页章道遍篇份次本部组轮期集倍套类封款斤点分小秒%]/u,
  ],
  [/分$/u, /^钟/u],
  [/半$/u, /^[价天年月夜个小场决导程径路]/u],
  [/整$/u, /^[理合体个改点天年月周顿齐套装]/u],
] as const;

/** Whether a time that ends here would take words of the request along. */
function cutsRequest(said: string, rest: string): boolean {
  return afterTime.test(said) || inWords.some(([end, next]) => end.test(said) && next.test(rest));
}

/** Where a time may end, the longest first. */
function endings(text: string): readonly number[] {
  const words = [...text.matchAll(/\S+/g)].slice(0, mostWords).map((match) => match.index + match[0].length);
  if (!looksChinese(text.slice(0, mostCharacters))) return words.toReversed();
  const characters = Array.from({ length: Math.min(text.length, mostCharacters) }, (_, index) => index + 1);
  return [...new Set([...words, ...characters])].toSorted((a, b) => b - a);
}

/** Words that are no part of a time make the longer beginnings fail: what is said of the rest of them is what counts. */
function better(known: Error | null, error: unknown, said: string): Error {
  const failure = asFailure(error);
  const strange = /don't understand|看不懂|does not end|too long|cron expression has five/.test(failure.message);
  if (known === null)
    return strange ? refused(`I can't find a time at the beginning of "${said.slice(0, 60)}". ${examples}`) : failure;
  return strange || !known.message.startsWith("I can't find") ? known : failure;
}

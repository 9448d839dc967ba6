import { Failure } from "../core/failures.ts";
import { missedPolicies, type ScheduleWish } from "../core/schedule.ts";
import { refused } from "./cron-expression.ts";
import { splitTiming } from "./times.ts";
import type { Speaking } from "./day-times.ts";

/** What was typed behind `/cron add` or `/cron edit NAME`. */
export interface TypedWish {
  readonly wish: Partial<ScheduleWish>;
  /** `--yes`: save without asking. */
  readonly sure: boolean;
}

/** Options with a value; others are switches. */
const valued = new Set([
  "name",
  "prompt",
  "time",
  "at",
  "schedule",
  "deliver",
  "to",
  "tz",
  "timezone",
  "zone",
  "skills",
  "skill",
  "script",
  "context-from",
  "missed",
  "repeat",
]);
const switches = new Set(["no-agent", "continuity", "no-continuity", "yes"]);

/**
 * Takes the options out of a text: `--name X`, `--deliver "telegram:1, local"`. What is no option of ours stays where it is, and so does
 * everything behind ` -- `.
 */
function takeOptions(text: string): { readonly options: ReadonlyMap<string, string>; readonly rest: string } {
  const options = new Map<string, string>();
  // A quote within double quotes is doubled.
  const form = /(^|\s)--(?:([a-z][a-z-]*)(?:(?:=|\s+)("(?:[^"]|"")*"|“[^”]*”|'[^']*'|(?!--)\S+))?|(?=\s))/gi;
  let rest = "";
  let at = 0;
  let after = "";
  for (const match of [...text.matchAll(form), null]) {
    if (match?.[2] === undefined) {
      rest += text.slice(at, match?.index);
      after = match === null ? "" : text.slice(match.index + match[0].length);
      break;
    }
    const name = match[2].toLowerCase();
    const given = match[3];
    if (!valued.has(name) && !switches.has(name)) continue;
    if (match.index < at) continue;
    rest += text.slice(at, match.index);
    if (valued.has(name)) {
      if (given === undefined) throw refused(`--${name} needs a value.`);
      options.set(name, valueOf(given));
      at = match.index + match[0].length;
    } else {
      options.set(name, "");
      at = match.index + (match[1] ?? "").length + 2 + name.length;
    }
  }
  return { options, rest: [rest.trim(), after.trim()].filter((part) => part !== "").join(" ") };
}

function valueOf(given: string): string {
  const inner = /^["“']/.test(given) ? given.slice(1, -1) : given;
  return given.startsWith('"') ? inner.replaceAll('""', '"') : inner;
}

/** Reads `/cron add`: options, a time, and what is to be done. */
export function readWish(text: string, speaking: (zone: string | null) => Speaking): TypedWish {
  const { options, rest } = takeOptions(text);
  const zone = options.get("tz") ?? options.get("timezone") ?? options.get("zone") ?? null;
  const time = options.get("time") ?? options.get("at") ?? options.get("schedule") ?? null;
  const begun = time === null ? splitTiming(rest, speaking(zone)) : { said: time, rest };
  const { wish, sure } = readOptions(options);
  return { wish: { ...wish, time: begun.said, prompt: options.get("prompt") ?? unquoted(begun.rest) }, sure };
}

/** Reads `/cron edit NAME`: only options, and words without one are the new prompt. */
export function readChange(text: string): TypedWish {
  const { options, rest } = takeOptions(text);
  const { wish, sure } = readOptions(options);
  const time = options.get("time") ?? options.get("at") ?? options.get("schedule");
  const prompt = options.get("prompt") ?? (rest === "" ? undefined : unquoted(rest));
  return { wish: { ...wish, ...(time === undefined ? {} : { time }), ...(prompt === undefined ? {} : { prompt }) }, sure };
}

function readOptions(options: ReadonlyMap<string, string>): TypedWish {
  const value = (...names: readonly string[]) => names.map((name) => options.get(name)).find((each) => each !== undefined);
  const list = (text: string | undefined) =>
    text
      ?.split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "");
  const [deliver, skills, context] = [list(value("deliver", "to")), list(value("skills", "skill")), list(value("context-from"))];
  const [name, zone, script] = [value("name"), value("tz", "timezone", "zone"), value("script")];
  const missed = value("missed");
  const policy = missedPolicies.find((each) => each === missed?.toLowerCase());
  if (missed !== undefined && policy === undefined) throw refused(`--missed is one of ${missedPolicies.join(", ")}.`);
  const repeat = value("repeat");
  return {
    sure: options.has("yes"),
    wish: {
      ...(name === undefined ? {} : { name }),
      ...(zone === undefined ? {} : { zone }),
      ...(deliver === undefined ? {} : { deliver }),
      ...(skills === undefined ? {} : { skills }),
      ...(context === undefined ? {} : { contextFrom: context }),
      ...(script === undefined ? {} : { script: script === "" ? null : script }),
      ...(policy === undefined ? {} : { missed: policy }),
      ...(repeat === undefined ? {} : { repeat: repeatCount(repeat) }),
      ...(options.has("no-agent") ? { noAgent: true } : {}),
      ...(options.has("continuity") ? { continuity: true } : {}),
      ...(options.has("no-continuity") ? { continuity: false } : {}),
    },
  };
}

/** How often a schedule runs in all; null: without end. */
function repeatCount(text: string): number | null {
  if (/^(?:0|forever|always)$/i.test(text)) return null;
  const count = Number(text);
  if (!/^\d{1,6}$/.test(text) || count < 1) throw refused(`--repeat is a number of runs, not "${text.slice(0, 20)}".`);
  return count;
}

/** A schedule's name or number as it was typed, without the quotes around it. */
export function nameIn(text: string): string {
  const word = text.trim();
  return /^(?:"(?:[^"]|"")*"|“[^”]*”|'[^']*')$/.test(word) ? valueOf(word).trim() : word;
}

function unquoted(text: string): string {
  const whole = /^["“](.*)["”]$/s.exec(text.trim())?.[1];
  return whole === undefined || whole.includes('"') ? text.trim() : whole;
}

/** Whether a thrown value is a refusal in words, to be said as it is. */
export function isRefusal(error: unknown): error is Failure {
  return error instanceof Failure && error.code === "schedule.refused";
}

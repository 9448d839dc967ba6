import { jsonrepair } from "jsonrepair";

/** Whether this is the JSON text of a plain object. */
export function isObjectText(text: string): boolean {
  return isObject(parsed(text));
}

/**
 * A call's arguments as they came, with the slips mended that need no guessing: nothing at all is `{}`, JSON in JSON is unwrapped, line
 * breaks within strings are escaped, and closing marks behind a complete object are dropped. Anything else stays as it is, for the model to
 * read its mistake.
 */
export function settleArguments(text: string): string {
  if (text.trim() === "" || text.trim() === "null") return "{}";
  const value = parsed(text);
  if (isObject(value)) return text;
  if (typeof value === "string" && isObjectText(value)) return value;
  const escaped = escapedControls(text);
  if (escaped !== text && isObjectText(escaped)) return escaped;
  const first = firstObject(text);
  return first !== null && isObjectText(first) ? first : text;
}

/** Arguments that are JSON of an object. `repaired`: something was guessed, so they must not reach a tool that changes anything. */
export interface RepairedArguments {
  readonly text: string;
  readonly repaired: boolean;
}

/**
 * Broken arguments mended as far as that is safe, or null. Refused is what a mender can only guess wrong: an end that is missing within a
 * value (it may have been cut off), a backslash that is no escape (`C:\dir`), and text that is no object.
 */
export function repairArguments(text: string): RepairedArguments | null {
  const settled = settleArguments(text);
  if (isObjectText(settled)) return { text: settled, repaired: false };
  const bare = unwrapped(text);
  if (bare.length > longestMended || !bare.startsWith("{") || hasStrangeEscape(bare) || endsWithin(bare)) return null;
  const mended = mend(bare);
  if (mended === null || nulls(mended) > nullWords(bare)) return null;
  return { text: mended, repaired: true };
}

/** Longer broken arguments are for the model to write again. */
const longestMended = 100_000;

/** Without the fence, tags or prose that some models put around. */
function unwrapped(text: string): string {
  const value = parsed(text);
  return (typeof value === "string" ? value : text)
    .trim()
    .replace(/^(?:```\w*|<arguments>)/, "")
    .replace(/(?:```|<\/\w{1,40}>)$/, "")
    .trim();
}

function mend(text: string): string | null {
  try {
    const mended = jsonrepair(balanced(text, 0) ?? text);
    return isObjectText(mended) ? mended : null;
  } catch {
    return null;
  }
}

/** The text with the line breaks, tabs and other control characters within its strings written as JSON wants them. */
export function escapedControls(text: string): string {
  const parts: string[] = [];
  let taken = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quoteMark) quoted = !quoted;
    else if (code === backslash && quoted) at++;
    else if (code < blank && quoted) {
      parts.push(text.slice(taken, at), JSON.stringify(text.charAt(at)).slice(1, -1));
      taken = at + 1;
    }
  }
  return taken === 0 ? text : parts.join("") + text.slice(taken);
}

const quoteMark = 34;
const backslash = 92;
const blank = 32;

/** A backslash before anything but JSON's escapes: the mender would drop it. */
export function hasStrangeEscape(text: string): boolean {
  return /\\(?:[^"\\/bfnrtu'\n]|u(?![\da-fA-F]{4}))/.test(text.replaceAll("\\\\", ""));
}

/** Whether the text stops where a value may not be complete: anywhere but behind a bracket, a closing quote or a comma. */
function endsWithin(text: string): boolean {
  if (balanced(text, 0) !== null) return false;
  const bare = text.replaceAll(/\\[\s\S]/g, "");
  const quotes = bare.split(bare.includes('"') ? '"' : "'").length - 1;
  return !/["'}\],]$/.test(text) || quotes % 2 === 1;
}

function nulls(text: string): number {
  return text.match(/\bnull\b/g)?.length ?? 0;
}

function nullWords(text: string): number {
  return text.match(/\b(?:null|None|undefined)\b/g)?.length ?? 0;
}

/** The first balanced `{…}` at the start of the text, or null. Two of them are two calls run together: neither is sure. */
function firstObject(text: string): string | null {
  const start = text.length - text.trimStart().length;
  if (text[start] !== "{") return null;
  const first = balanced(text, start);
  return first === null || text.slice(start + first.length).includes("{") ? null : first;
}

/** The balanced `{…}` or `[…]` that begins at this place, or null when it does not end. */
export function balanced(text: string, start: number): string | null {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (quoted) {
      if (character === "\\") at++;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === "{" || character === "[") depth++;
    else if ((character === "}" || character === "]") && --depth === 0) return text.slice(start, at + 1);
  }
  return null;
}

/** The value, or undefined when it is no JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A plain object, not an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

import { parsed } from "./arguments.ts";
import { opening, tokenForms } from "./control-tokens.ts";

/** A zero-width space: nobody sees it, every tokeniser does. */
const mark = "\u200b";

const live = new RegExp(tokenForms.map(({ open, rest }) => `${open}(?=${rest})`).join("|"), "g");
const calmed = new RegExp(tokenForms.map(({ open, rest }) => `(?<=${open})${mark}(?=${rest})`).join("|"), "g");

/**
 * Model servers tokenise the rendered chat with special tokens on, so `<|im_end|>` in somebody's message would really end it and could
 * open a system turn. A mark behind the bracket keeps such text plain (checked on llama-server, September 2026). It depends on nothing but
 * the text, so that equal prompts stay equal.
 */
export function neutralise(text: string): string {
  const whole = text.toWellFormed(); // half a surrogate pair makes llama-server refuse the whole request
  return opening.test(whole) ? whole.replace(live, `$&${mark}`) : whole;
}

/** The text without the marks: a model that repeats what it has read repeats them too, and they must not get into a file or a chat. */
export function restore(text: string): string {
  return text.includes(mark) ? text.replace(calmed, "") : text;
}

/**
 * A piece of streamed text as it is shown, behind this text: what follows a mark is not known yet, so any mark behind a bracket goes. The
 * whole answer is restored by `restore`.
 */
export function restoreDelta(before: string, delta: string): string {
  if (!delta.includes(mark)) return delta;
  const tail = before.slice(-1);
  return `${tail}${delta}`.replace(anyMark, "").slice(tail.length);
}

const anyMark = new RegExp(`(?<=${opening.source})${mark}`, "g");

/** JSON with all of its strings neutralised, also where an escape hides a token (`\u003cs>`, `<\/s>`): templates render the values. */
export function neutraliseJson(text: string): string {
  return inStrings(text, neutralise);
}

/** JSON without the marks in its strings; text that is no JSON without the marks in it. */
export function restoreJson(text: string): string {
  return text.includes(mark) || /\\u200b/i.test(text) ? inStrings(text, restore) : text;
}

/** A JSON value with all of its strings and keys neutralised. */
export function neutraliseValue<T>(value: T): T {
  const text = JSON.stringify(value);
  const calm = neutralise(text);
  // Boundary: the same JSON but for marks within its strings.
  return calm === text ? value : (JSON.parse(calm) as T);
}

/** Changes the text as it stands, so that its bytes stay; it is written anew only where an escape hides something. */
function inStrings(text: string, change: (text: string) => string): string {
  const changed = change(text);
  const plain = text.includes("\\") ? rewritten(changed) : null;
  if (plain === null) return changed;
  const whole = plain.replaceAll(loneSurrogate, "$1\ufffd");
  const calm = change(whole);
  return calm === plain ? changed : calm;
}

/** The JSON with no escape in it that is not needed; null when it is none, or nested deeper than can be written. */
function rewritten(json: string): string | null {
  const value = parsed(json);
  try {
    return value === undefined ? null : JSON.stringify(value);
  } catch {
    return null;
  }
}

/** Escaped, behind backslashes that are escaped themselves: `JSON.stringify` writes no other character of this range so. */
const loneSurrogate = /(?<!\\)((?:\\\\)*)\\ud[89a-f][\da-f]{2}/g;

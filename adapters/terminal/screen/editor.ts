import { signs } from "../../../src/core/cells.ts";

/** What is being written, and where the cursor is, in signs. */
export interface Draft {
  readonly text: readonly string[];
  readonly at: number;
}

/** A key as `node:readline` tells it. */
export interface Key {
  readonly name?: string | undefined;
  readonly ctrl?: boolean | undefined;
  readonly meta?: boolean | undefined;
  readonly shift?: boolean | undefined;
  readonly sequence?: string | undefined;
}

export const emptyDraft: Draft = { text: [], at: 0 };

export function draftOf(text: string): Draft {
  const all = signs(text);
  return { text: all, at: all.length };
}

export function draftText({ text }: Draft): string {
  return text.join("");
}

/** Puts text in at the cursor. */
export function inserted({ text, at }: Draft, more: string): Draft {
  // What joins with its neighbours, such as an accent, is one sign with them.
  const before = signs([...text.slice(0, at), more].join(""));
  const whole = signs([...before, ...text.slice(at)].join(""));
  return { text: whole, at: before.length };
}

/** The draft after a key; null: the key does not edit. */
export function edited(draft: Draft, typed: string | undefined, key: Key): Draft | null {
  const { text, at } = draft;
  const name = nameOf(key);
  const move = moves[name];
  if (move !== undefined) return { text, at: move(draft) };
  const end = cuts[name];
  if (end !== undefined) {
    const [from, to] = [Math.min(at, end(draft)), Math.max(at, end(draft))];
    return { text: [...text.slice(0, from), ...text.slice(to)], at: from };
  }
  if (name === "ctrl+t" && at > 0 && text.length > 1) return swapped(draft);
  if (key.ctrl === true || key.meta === true || typed === undefined || typed === "") return null;
  const plain = typed.replaceAll(/[^\P{Cc}\n\t]/gu, "");
  return plain === "" ? null : inserted(draft, plain);
}

/** The line above (or below), at the same place; null: there is none. */
export function otherLine({ text, at }: Draft, by: -1 | 1): Draft | null {
  const start = lineStart({ text, at });
  const column = at - start;
  if (by === -1) {
    if (start === 0) return null;
    const above = lineStart({ text, at: start - 1 });
    return { text, at: Math.min(above + column, start - 1) };
  }
  const end = lineEnd({ text, at });
  return end === text.length ? null : { text, at: Math.min(end + 1 + column, lineEnd({ text, at: end + 1 })) };
}

function nameOf({ name = "", ctrl, meta }: Key): string {
  return `${ctrl === true ? "ctrl+" : ""}${meta === true ? "meta+" : ""}${name}`;
}

const wordLeft = ({ text, at }: Draft): number => {
  let to = at;
  while (to > 0 && !isWord(text[to - 1])) to -= 1;
  while (to > 0 && isWord(text[to - 1])) to -= 1;
  return to;
};
const wordRight = ({ text, at }: Draft): number => {
  let to = at;
  while (to < text.length && !isWord(text[to])) to += 1;
  while (to < text.length && isWord(text[to])) to += 1;
  return to;
};
const lineStart = ({ text, at }: Draft): number => text.lastIndexOf("\n", at - 1 < 0 ? -Infinity : at - 1) + 1;
const lineEnd = ({ text, at }: Draft): number => {
  const found = text.indexOf("\n", at);
  return found < 0 ? text.length : found;
};
const left = ({ at }: Draft): number => Math.max(0, at - 1);
const right = ({ text, at }: Draft): number => Math.min(text.length, at + 1);

function isWord(sign: string | undefined): boolean {
  return sign !== undefined && /[\p{L}\p{N}_]/u.test(sign);
}

/** Keys that move the cursor, as shells have them. */
const moves: Readonly<Record<string, (draft: Draft) => number>> = {
  left,
  right,
  "ctrl+b": left,
  "ctrl+f": right,
  home: lineStart,
  end: lineEnd,
  "ctrl+a": lineStart,
  "ctrl+e": lineEnd,
  "meta+b": wordLeft,
  "meta+f": wordRight,
  "ctrl+left": wordLeft,
  "ctrl+right": wordRight,
};

/** Keys that take away what is between the cursor and a place. */
const cuts: Readonly<Record<string, (draft: Draft) => number>> = {
  backspace: left,
  "ctrl+h": left,
  delete: right,
  "ctrl+d": right,
  "ctrl+w": wordLeft,
  "meta+backspace": wordLeft,
  "meta+d": wordRight,
  "ctrl+u": lineStart,
  "ctrl+k": lineEnd,
};

function swapped({ text, at }: Draft): Draft {
  const place = Math.min(at, text.length - 1);
  const next = [...text];
  next.splice(place - 1, 2, text[place] ?? "", text[place - 1] ?? "");
  return { text: next, at: place + 1 };
}

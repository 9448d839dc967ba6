import { matchName } from "./names.ts";

/** What a mark begins or ends. */
export type Purpose = "call" | "reasoning" | "close" | "rethink" | "results" | "others";

/** A mark in the text, with what stands around it. */
export interface Place {
  readonly mark: string;
  readonly holds: Purpose;
  /** The character before it, if any, and whether anything but white space stands before it on its line. */
  readonly before: string;
  readonly lineBegun: boolean;
  /** What is known of the text behind it. */
  readonly after: string;
}

/** Tags and bracketed words that a sentence may hold too. Special tokens are nobody's words. */
const wordy = /^(?:<\/?[A-Za-z][\w:-]*(?:>|=| name=)|\[\/?[A-Z_]+\])$/;
const stopsBefore = /[\s([{"'“„‘«*_|,;—–=/，。：（「]/;
const stopsBehind = /^[.,;!?)\]"'”’»…*/，。；：）」]/;
const sameClause = /^[ \t]+["'“„‘«&+/—–|=(-]/;
/** No more is read ahead. */
const farthest = 120;

/**
 * Whether a mark is only spoken of, as in «write <tool_call> before the JSON»: it stands in a sentence, apart from its neighbours, and
 * what follows goes on with the sentence rather than with a call. Null while what follows is not known yet.
 */
export function isMention(place: Place, names: Iterable<string>): boolean | null {
  const { mark, holds, before, lineBegun, after } = place;
  // A turn of somebody else begins a line; within one its token is spoken of.
  if (holds === "others") return lineBegun && stopsBefore.test(before);
  if (!wordy.test(mark)) return false;
  if (!lineBegun && holds !== "call") return false;
  if (lineBegun && !stopsBefore.test(before)) return false;
  if (mark.endsWith("=")) return named(after, lineBegun);
  return goesOn(after, holds === "reasoning" || holds === "rethink", names);
}

/** `<function=N>`: the tag's own end first. */
function named(after: string, lineBegun: boolean): boolean | null {
  const [name = ""] = /^["']?[\w.:-]*["']?/.exec(after) ?? [];
  const rest = after.slice(name.length);
  if (rest === "") return open(after);
  if (rest.startsWith(">")) return goesOn(rest.slice(1), false, []);
  const next = rest.trimStart();
  if (next === "") return open(after);
  return (lineBegun || name === "") && !/^[=,([{>]/.test(next);
}

/** Whether the sentence goes on. A thought begins with a capital, so only a small letter goes on where thinking could begin. */
function goesOn(after: string, thinking: boolean, names: Iterable<string>): boolean | null {
  if (after === "") return null;
  if (after.startsWith(":")) return /^:[ \t]*$/.test(after) ? open(after) : /^:[ \t]+[^\s{[<]/.test(after);
  if (stopsBehind.test(after) || sameClause.test(after)) return true;
  const [blank = ""] = /^[ \t]+/.exec(after) ?? [];
  if (blank === "") return false;
  const rest = after.slice(blank.length);
  if (rest === "") return open(after);
  const [word = ""] = /^[\p{L}\p{N}_.:-]+/u.exec(rest) ?? [];
  if (word === "" || (thinking && !/^\p{Ll}/u.test(word))) return false;
  if (word.length === rest.length) return open(after);
  return !/^[{[<(]/.test(rest.slice(word.length)) && matchName(word, names) === null;
}

/** Not known yet, within reason. */
function open(after: string): boolean | null {
  return after.length < farthest ? null : false;
}

import type { CodeSpans } from "./code-spans.ts";
import { type Finder, purposeOf } from "./marks.ts";
import { isMention } from "./mentions.ts";
import type { Offered } from "./written-calls.ts";

/** What has come so far, as far as the sense of a mark depends on it. */
export interface Setting {
  readonly offered: Offered;
  readonly code: CodeSpans;
  /** A call was begun. */
  readonly called: boolean;
  /** A mark was only spoken of on this line: so are its closing ones. */
  readonly spoken: boolean;
  /** No more will come. */
  readonly last: boolean;
}

/** A mark, a step into code or out of it, text that looks like a mark, text that speaks of one, or not sure yet. */
export type Sense = "mark" | "code" | "text" | "mention" | "unsure";

/** Farther than this no mention needs to be read. */
const ahead = 200;

/** Longer runs of backticks or tildes are taken in parts. */
const longestRun = 100;

/** The sense of what the finder found in the input, of which all before `from` is taken. */
export function senseOf(
  setting: Setting,
  finder: Finder,
  { mark, index }: { readonly mark: string; readonly index: number },
  input: string,
  from: number,
): Sense {
  const { code, last } = setting;
  const end = index + mark.length;
  if (mark === "\n") return "code";
  if (/^[`~]/.test(mark)) return end === input.length && mark.length < longestRun && !last ? "unsure" : "code"; // the run may go on
  if (code.inside) return "text";
  if (!last && finder.mayGrow(input, index)) return "unsure";
  return inSentence(setting, mark, input.slice(from, index), input.slice(end, end + ahead));
}

function inSentence(setting: Setting, mark: string, between: string, after: string): Sense {
  const { code, called, spoken, last, offered } = setting;
  const holds = purposeOf(mark);
  if (holds === "token") return "mark";
  if ((holds === "results" && !called) || (holds === "close" && spoken)) return "text";
  const before = between.at(-1) ?? code.last;
  const place = { mark, holds, before, lineBegun: code.lineBegun || between.trim() !== "", after };
  const mention = isMention(place, offered.keys());
  if (mention === null) return last ? "mark" : "unsure";
  return mention ? "mention" : "mark";
}

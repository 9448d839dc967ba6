import type { Spans } from "./slack-spans.ts";

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
/** How far past the limit to look for the end of a cluster that begins before it. */
const clusterChars = 256;

/** A stretch of a text that stands on a line of its own. */
export interface Piece {
  readonly from: number;
  readonly to: number;
}

/** A stretch in pieces of at most `most` characters: after a sentence, else at a space, outside links, inline code and marks' own signs. */
export function shortPieces(spans: Spans, { from, to }: Piece, most: number): Piece[] {
  const pieces: Piece[] = [];
  let at = from;
  while (to - at > most) {
    const end = softEnd(spans, at, at + most) ?? hardEnd(spans, at, at + most);
    pieces.push({ from: at, to: end });
    at = end;
    while (at < to && spans.text.charAt(at) === " ") at += 1;
  }
  return [...pieces, { from: at, to }];
}

/** A line of a fence in pieces: every sign of it counts. */
export function fencePieces(line: string, most: number): string[] {
  const pieces: string[] = [];
  let rest = line;
  while (rest.length > most) {
    const end = boundary(rest, 0, most);
    pieces.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  return [...pieces, rest];
}

/** What would be a block of another kind at the beginning of a line. */
const blockStart = /^ *(?:(?:[-+*]|#{1,6}|\d{1,9}[.)])(?:\s|$)|>|`{3}|~{3}|[=_-]{2})/;

function softEnd({ text, outside }: Spans, from: number, limit: number): number | null {
  let space: number | null = null;
  for (let at = limit; at > from + (limit - from) / 2; at -= 1) {
    if (text.charAt(at) !== " " || outside(at) !== at || blockStart.test(text.slice(at, at + 12))) continue;
    if (/[.!?…。！？]["')\]*_~]*$/.test(text.slice(Math.max(0, at - 8), at))) return at;
    space ??= at;
  }
  return space;
}

function hardEnd({ text, outside }: Spans, from: number, limit: number): number {
  const end = boundary(text, from, outside(limit));
  // What is longer than a message is cut all the same.
  return end > from ? end : boundary(text, from, limit);
}

/** The last grapheme boundary at or before an offset; between code points where a cluster is longer than all. */
function boundary(text: string, from: number, at: number): number {
  if (at <= from) return from;
  const found = graphemes.segment(text.slice(from, at + clusterChars)).containing(at - from)?.index ?? at - from;
  if (found > 0) return from + found;
  return at - (/[\uD800-\uDBFF]/.test(text.charAt(at - 1)) ? 1 : 0);
}

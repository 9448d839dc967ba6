import { type Line, lineText, sliceLine, wholes } from "./lines.ts";

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
/** How far past the limit to look for the end of a cluster that begins before it. */
const clusterChars = 256;

/**
 * Cuts a line whose first `room` UTF-16 units fit: after a sentence, else at a space, else between graphemes; outside links and inline
 * code unless one is longer than a chunk (`fresh`: the chunk is empty, so it will not fit better elsewhere). Null: nothing fits here.
 */
export function breakLine(of: Line, room: number, fresh: boolean): readonly [Line, Line] | null {
  const text = lineText(of);
  const closed = wholes(of);
  const outside = (at: number): number => closed.find((each) => each.from < at && at < each.to)?.from ?? at;
  const best = softEnd(text, room, outside);
  const cut = best ?? hardEnd(text, outside(room), fresh ? room : 0);
  if (cut <= 0) return null;
  // In a fence every space counts; elsewhere the line break stands for the space.
  const next = of.fence ? cut : text.length - text.slice(cut).trimStart().length;
  return [sliceLine(of, 0, cut), sliceLine(of, next, text.length)];
}

/** The last sentence end, else the last space, in the second half of what fits. */
function softEnd(text: string, room: number, outside: (at: number) => number): number | null {
  const lowest = Math.floor(room / 2);
  let space: number | null = null;
  for (let at = room; at > lowest; at -= 1) {
    if (!/\s/.test(text.charAt(at)) || outside(at) !== at || boundary(text, at) !== at) continue;
    if (/[.!?…。！？][)\]"'”’]*$/.test(text.slice(Math.max(0, at - 4), at))) return at;
    space ??= at;
  }
  return space;
}

function hardEnd(text: string, at: number, fallback: number): number {
  const end = boundary(text, at);
  if (end > 0) return end;
  const inside = boundary(text, fallback);
  // A cluster longer than a chunk is cut between code points.
  return inside > 0 ? inside : fallback - (isPair(text, fallback) ? 1 : 0);
}

/** The last grapheme boundary at or before an offset. */
function boundary(text: string, at: number): number {
  if (at <= 0 || at >= text.length) return Math.max(0, Math.min(at, text.length));
  // Between two plain ASCII characters there always is one.
  if (isPlain(text.charCodeAt(at - 1)) && isPlain(text.charCodeAt(at))) return at;
  return graphemes.segment(text.slice(0, at + clusterChars)).containing(at)?.index ?? at;
}

function isPlain(unit: number): boolean {
  return unit >= 0x20 && unit < 0x7f;
}

function isPair(text: string, at: number): boolean {
  return /[\uD800-\uDBFF][\uDC00-\uDFFF]/.test(text.slice(at - 1, at + 1));
}

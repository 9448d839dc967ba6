const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
/** How far past the limit to look for the end of a cluster that begins before it. */
const clusterChars = 256;

/** A line in pieces of at most `most` characters: after a sentence, else at a space, outside links and inline code; in a fence anywhere. */
export function shortLines(line: string, most: number, inFence: boolean): string[] {
  const pieces: string[] = [];
  let rest = line;
  while (rest.length > most) {
    const soft = inFence ? null : softEnd(rest, most);
    const end = soft ?? boundary(rest, most);
    pieces.push(rest.slice(0, end));
    rest = soft === null ? rest.slice(end) : rest.slice(end).trimStart();
  }
  return [...pieces, rest];
}

function softEnd(text: string, most: number): number | null {
  const closed = [...text.slice(0, most * 2).matchAll(/!?\[[^[\]\n]*\]\([^()\n]*\)|`[^`\n]+`/g)];
  const inside = (at: number): boolean => closed.some(({ 0: whole, index }) => index < at && at < index + whole.length);
  let space: number | null = null;
  for (let at = most; at > most / 2; at -= 1) {
    if (text.charAt(at) !== " " || inside(at)) continue;
    if (/[.!?…。！？]["')\]]*$/.test(text.slice(Math.max(0, at - 4), at))) return at;
    space ??= at;
  }
  return space;
}

/** The last grapheme boundary at or before an offset; between code points where a cluster is longer than all. */
function boundary(text: string, at: number): number {
  const found = graphemes.segment(text.slice(0, at + clusterChars)).containing(at)?.index ?? at;
  if (found > 0) return found;
  return at - (/[\uD800-\uDBFF]/.test(text.charAt(at - 1)) ? 1 : 0);
}

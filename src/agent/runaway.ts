/** A block this long, this many times in a row, is no text that anybody writes. */
const blockChars = 200;
const repeats = 5;
/** Shorter ones come in rules, tables and lines to be learnt, so that more of them are borne: 8,000 characters of nothing else. */
const shortBlockChars = 1_600;
/** Longer blocks are not looked for: a check must stay cheap. */
const longestBlock = 4_000;
/** How much new text between two looks. */
const everyChars = 500;
/** Watches a text that grows. */
export interface RunawayWatch {
  /** Takes the next piece; true when the text has begun to go in circles. */
  push(piece: string): boolean;
  /** The text up to the end of the first of the repeated blocks; all of it where nothing repeats. */
  kept(): string;
}

/** Notices a model that writes the same block again and again without end. */
export function watchRunaway(): RunawayWatch {
  const pieces: string[] = [];
  let tail = "";
  let fresh = "";
  let period = 0;
  return {
    push(piece) {
      pieces.push(piece);
      fresh += piece;
      if (fresh.length < everyChars) return false;
      tail = (tail + fresh).slice(-longestBlock * repeats);
      fresh = "";
      period = periodAtEnd(tail);
      return period > 0;
    },
    kept() {
      const text = pieces.join("");
      return period === 0 ? text : text.slice(0, beginOf(text, period) + period).trimEnd();
    },
  };
}

/** The length of the block that the text ends in `repeats` copies of, or 0. */
function periodAtEnd(text: string): number {
  const same = matchesAtEnd(text);
  for (let shift = 1; shift <= longestBlock && shift < same.length; shift += 1) {
    const repeated = (same[shift] ?? 0) + shift;
    if (repeated < Math.max(shift, blockChars) * repeats) continue;
    if (shift >= blockChars) return shift;
    // All longer blocks that would do are copies of this short one.
    const period = shift * Math.ceil(shortBlockChars / shift);
    return repeated >= period * repeats ? period : 0;
  }
  return 0;
}

/** For each shift, how much of the text's end is the same so many characters before: the Z function, read from the end. */
function matchesAtEnd(text: string): Int32Array {
  const end = text.length - 1;
  const same = new Int32Array(text.length);
  let left = 0;
  let right = 0;
  for (let at = 1; at <= end; at += 1) {
    let length = at < right ? Math.min(right - at, same[at - left] ?? 0) : 0;
    while (at + length <= end && text.charCodeAt(end - length) === text.charCodeAt(end - at - length)) length += 1;
    same[at] = length;
    if (at + length > right) {
      left = at;
      right = at + length;
    }
  }
  return same;
}

/** Where the repetition begins. */
function beginOf(text: string, period: number): number {
  let at = text.length - period - 1;
  while (at >= 0 && text[at] === text[at + period]) at -= 1;
  return at + 1;
}

/** A block this long, this many times in a row, is no text that anybody writes. */
const blockChars = 200;
const repeats = 5;
/** Shorter ones come in rules, tables and lines to be learnt, so that more of them are borne: 8,000 characters of nothing else. */
const shortBlockChars = 1_600;
/** Longer blocks are not looked for: a check must stay cheap. */
const longestBlock = 4_000;
/** How much new text between two looks. */
const everyChars = 500;
/** What the end of the text must match to be worth a comparison, and how many places are tried. */
const probeChars = 48;
const mostProbes = 12;

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
  const end = text.length;
  const probe = text.slice(-probeChars);
  if (probe.length < probeChars) return 0;
  let at = end - probeChars;
  for (let tries = 0; tries < mostProbes; tries += 1) {
    at = text.lastIndexOf(probe, at - 1);
    if (at < 0) return 0;
    const distance = end - probeChars - at;
    const period = distance >= blockChars ? distance : distance * Math.ceil(shortBlockChars / distance);
    if (period * repeats <= end && text.slice(-period * (repeats - 1)) === text.slice(-period * repeats, -period)) return period;
  }
  return 0;
}

/** Where the repetition begins. */
function beginOf(text: string, period: number): number {
  let at = text.length - period - 1;
  while (at >= 0 && text[at] === text[at + period]) at -= 1;
  return at + 1;
}

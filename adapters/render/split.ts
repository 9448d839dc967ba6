import { breakLine } from "./break-line.ts";
import { type Line, lineText, sliceLine } from "./lines.ts";

/** A platform's room for one message and how it counts. */
export interface Measure {
  readonly limit: number;
  /** What a line adds to a chunk that ends with `previous` (null: the chunk is empty), with its line break, gap and markup. */
  cost(line: Line, previous: Line | null): number;
}

/** A chunk that would stay emptier than this is filled before the next one begins, even within a block. */
const wellFilled = 1 / 3;
/** Repeated table heads and carried headings may take this part of a chunk. */
const carriedShare = 1 / 4;

/**
 * Packs blocks of lines into chunks within the limit. A block that fits a chunk is kept whole unless that leaves the chunk before it
 * nearly empty; a longer one is cut between lines, and only a line longer than a chunk is cut itself.
 */
export function splitLines(blocks: readonly (readonly Line[])[], measure: Measure): Line[][] {
  const packer = createPacker(measure);
  for (const block of blocks) {
    const whole = totalCost(block, measure);
    if (whole <= measure.limit && packer.size() >= measure.limit * wellFilled && !packer.fits(block, whole)) packer.turnPage();
    for (const each of block) packer.add(each);
  }
  return packer.end();
}

interface Packer {
  size(): number;
  fits(block: readonly Line[], cost: number): boolean;
  /** Ends the chunk; headings at its end go to the next one. */
  turnPage(): void;
  add(line: Line): void;
  end(): Line[][];
}

function createPacker(measure: Measure): Packer {
  const { limit } = measure;
  const chunks: Line[][] = [];
  let held: Line[] = [];
  let size = 0;
  const costHere = (each: Line): number => size + measure.cost(each, held.at(-1) ?? null);
  const push = (each: Line): void => {
    size = costHere(each);
    held.push(each);
  };
  const close = (): void => {
    if (held.length > 0) chunks.push(held);
    held = [];
    size = 0;
  };
  const turnPage = (): void => {
    const carried = held.splice(headingStart(held, measure));
    close();
    for (const each of carried) push(each);
  };
  /** A new chunk that begins with this line: in the middle of a table its head comes first. */
  const turnPageFor = (each: Line): void => {
    const last = held.at(-1);
    turnPage();
    if (each.fence === null || last?.fence !== each.fence) return;
    const { head } = each.fence;
    if (totalCost(head, measure) <= limit * carriedShare) for (const row of head) push(row);
  };
  /** Cuts what is longer than a chunk; returns what is left of it, or null when nothing of it can be shown. */
  const cutOnce = (long: Line): Line | null => {
    const fresh = held.length === 0;
    const roomy = fresh || size < limit * (1 - wellFilled);
    const parts = roomy
      ? breakLine(
          long,
          longestPrefix(long, (part) => costHere(part) <= limit),
          fresh,
        )
      : null;
    if (!parts) {
      close();
      return fresh ? null : long;
    }
    push({ ...parts[0], glued: false });
    turnPageFor(parts[1]);
    return lineText(parts[1]) === "" ? null : parts[1];
  };
  return {
    size: () => size,
    fits: (block, cost) => size + cost + (block[0]?.gap ?? 0) + 1 <= limit,
    turnPage,
    add(each) {
      if (costHere(each) > limit && measure.cost(each, null) <= limit * (1 - carriedShare)) turnPageFor(each);
      let rest: Line | null = each;
      while (rest && costHere(rest) > limit) rest = cutOnce(rest);
      if (rest) push(rest);
    },
    end() {
      close();
      return chunks;
    },
  };
}

function totalCost(lines: readonly Line[], measure: Measure): number {
  return lines.reduce((sum, each, index) => sum + measure.cost(each, lines[index - 1] ?? null), 0);
}

/** Where the headings begin that end a chunk; its length when there are none, or nothing else, or too many. */
function headingStart(lines: readonly Line[], measure: Measure): number {
  const start = lines.findLastIndex((each) => !each.glued) + 1;
  return start === 0 || totalCost(lines.slice(start), measure) > measure.limit * carriedShare ? lines.length : start;
}

/** The most UTF-16 units of a line that still fit. */
function longestPrefix(of: Line, fits: (part: Line) => boolean): number {
  let [low, high] = [0, lineText(of).length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(sliceLine(of, 0, middle))) low = middle;
    else high = middle - 1;
  }
  return low;
}

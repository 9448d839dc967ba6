import { type Lines, linesOf, plainLetters, reindented } from "./lines.ts";
import { nearestLines } from "./matcher.ts";
import type { Hunk } from "./parser.ts";
import { type Edit, PatchError } from "./text-file.ts";

/** The edits that a patch's hunks make in a file, in order. Throws a `PatchError` for a hunk whose place is missing or not clear. */
export function hunkEdits(path: string, text: string, hunks: readonly Hunk[]): readonly Edit[] {
  const lines = linesOf(text);
  const changes: LineChange[] = [];
  let from = 0;
  for (const [index, hunk] of hunks.entries()) {
    const name = `Hunk ${index + 1} for ${path} (line ${hunk.number} of the patch)`;
    const place = placeOf({ name, text, lines, from }, hunk);
    changes.push(...changesOf(lines, hunk, place));
    from = place.at + place.length;
  }
  return joined(changes).map((change) => editOf(text, lines, change));
}

/** Takes out the lines `[from, to)` and puts others in. */
interface LineChange {
  readonly from: number;
  readonly to: number;
  readonly lines: readonly string[];
}

interface Place {
  readonly at: number;
  readonly length: number;
}

interface Search {
  readonly name: string;
  readonly text: string;
  readonly lines: Lines;
  /** Hunks stand in the file's order. */
  readonly from: number;
}

/** Ways to compare lines, from the strictest to the loosest. */
const ways: readonly ((line: string) => string)[] = [
  (line) => line,
  (line) => line.trimEnd(),
  (line) => line.trim(),
  (line) =>
    plainLetters(line)
      .trim()
      .replaceAll(/[ \t]+/g, " "),
];

function placeOf(search: Search, hunk: Hunk): Place {
  const wanted = hunk.lines.filter(({ kind }) => kind !== "in").map(({ text }) => text);
  const starts = startsUnder(search, hunk.under);
  if (wanted.length === 0) return { at: insertionPlace(search, hunk, starts), length: 0 };
  for (const plain of ways) {
    const places = placesFor(search, hunk, wanted.map(plain), starts, plain);
    const [only, ...others] = places;
    if (only !== undefined && others.length === 0) return { at: only, length: wanted.length };
    if (only !== undefined) throw new PatchError(ambiguous(search, places));
  }
  throw new PatchError(missing(search, wanted));
}

function placesFor(
  { lines, from }: Search,
  { atEnd }: Hunk,
  wanted: readonly string[],
  starts: readonly number[],
  plain: (line: string) => string,
): readonly number[] {
  const there = lines.texts.map(plain);
  const last = there.length - wanted.length;
  const fits = (at: number) => wanted.every((line, index) => there[at + index] === line);
  if (atEnd) return last >= from && fits(last) ? [last] : [];
  const found: number[] = [];
  for (let at = from; at <= last; at += 1) if (fits(at)) found.push(at);
  if (starts.length === 0) return found;
  // Under a line that is named, the first place after it is meant.
  const firsts = starts.flatMap((start) => found.find((at) => at >= start) ?? []);
  return [...new Set(firsts)];
}

/** The lines that the hunk names, innermost, from the current place on; none where it names none, or only lines before that place. */
function startsUnder({ name, lines, from }: Search, under: readonly string[]): readonly number[] {
  let starts: readonly number[] = [];
  for (const header of under) {
    const first = Math.max(from, starts[0] ?? 0);
    const holding = lines.texts.flatMap((line, at) => (line.includes(header) ? [at] : []));
    if (holding.length === 0)
      throw new PatchError(`${name}: no line "${header.slice(0, 100)}" (behind @@). Nothing was changed.`);
    const exact = holding.filter((at) => lines.texts[at]?.trim() === header);
    starts = (exact.length > 0 ? exact : holding).filter((at) => at >= first);
  }
  return starts;
}

/** New lines without any around them go after the line that is named, or to the end. */
function insertionPlace({ name, lines }: Search, { under, atEnd }: Hunk, starts: readonly number[]): number {
  const [only, ...others] = starts;
  if (under.length === 0 || atEnd) return lines.texts.length;
  if (only !== undefined && others.length === 0) return only + 1;
  throw new PatchError(
    `${name}: the line behind @@ is there ${starts.length} times${starts.length === 0 ? " from here on" : `, at lines ${numbers(starts)}`}. Nothing was changed. Give lines around the new ones.`,
  );
}

function ambiguous({ name }: Search, places: readonly number[]): string {
  return `${name}: its lines are there ${places.length} times, at lines ${numbers(places)}. Nothing was changed. Give more of the lines around it, or the line of its function or class behind @@.`;
}

function missing({ name, text, from }: Search, wanted: readonly string[]): string {
  const near = nearestLines(text, wanted.join("\n"));
  const where = from === 0 ? "" : ` after line ${from}`;
  const advice = near.length === 0 ? "" : ` Nearest lines:\n${near.join("\n")}`;
  return `${name}: its lines are not there${where}: ${JSON.stringify((wanted.find((line) => line.trim() !== "") ?? "").slice(0, 120))} … Nothing was changed.${advice}`;
}

function numbers(places: readonly number[]): string {
  return (
    places
      .slice(0, 10)
      .map((at) => at + 1)
      .join(", ") + (places.length > 10 ? ", …" : "")
  );
}

/** Runs of lines that go and come; lines that stay are left as the file has them. */
function changesOf({ texts }: Lines, { lines }: Hunk, place: Place): readonly LineChange[] {
  const old = lines.filter(({ kind }) => kind !== "in").map(({ text }) => text);
  const there = texts.slice(place.at, place.at + place.length);
  const changes: LineChange[] = [];
  let at = place.at;
  for (const { kind, text } of lines) {
    if (kind === "out") changes.push({ from: at, to: at + 1, lines: [] });
    if (kind === "in") changes.push({ from: at, to: at, lines: [reindented(text, old, there)] });
    if (kind !== "in") at += 1;
  }
  return changes;
}

/** Changes that touch become one. */
function joined(changes: readonly LineChange[]): readonly LineChange[] {
  const made: LineChange[] = [];
  for (const change of changes) {
    const last = made.at(-1);
    if (last !== undefined && last.to === change.from) {
      made[made.length - 1] = { from: last.from, to: change.to, lines: [...last.lines, ...change.lines] };
    } else made.push(change);
  }
  return made;
}

/** A file whose last line has no end keeps it that way. */
function editOf(text: string, { texts, starts, closed }: Lines, { from, to, lines }: LineChange): Edit {
  const startOf = (line: number) => starts[line] ?? text.length;
  if (to < texts.length || closed)
    return { start: startOf(from), end: startOf(to), text: lines.map((line) => `${line}\n`).join("") };
  if (from === 0) return { start: 0, end: text.length, text: lines.join("\n") };
  return {
    start: startOf(from) - 1 + (from === texts.length ? 1 : 0),
    end: text.length,
    text: lines.map((line) => `\n${line}`).join(""),
  };
}

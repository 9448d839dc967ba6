import { likeness } from "./likeness.ts";
import { indentOf, type Lines, linesOf, plainLetters, reindented } from "./lines.ts";
import type { Edit } from "./text-file.ts";

/** Where a text is, and by which way of looking it was found. */
export interface Found {
  /** Null: letter by letter. */
  readonly how: string | null;
  readonly edits: readonly Edit[];
}

/**
 * Finds `old` in a text: letter by letter, or the nearest it can be meant. The first way that finds anything counts, so that more than
 * one edit means that the place is not clear. Empty where it is nowhere.
 */
export function findPlaces(text: string, old: string, fresh: string): Found {
  const exact = occurrences(text, old).map((start): Edit => ({ start, end: start + old.length, text: fresh }));
  if (exact.length > 0 || old.trim() === "") return { how: null, edits: exact };
  const search = searchFor(text, old, fresh);
  for (const [how, way] of ways) {
    const edits = way(search);
    if (edits.length > 0) return { how, edits };
  }
  return { how: null, edits: [] };
}

interface Search {
  readonly text: string;
  readonly lines: Lines;
  readonly old: string;
  readonly oldLines: readonly string[];
  /** Whether `old` has its last line's end. */
  readonly closed: boolean;
  readonly fresh: string;
}

type Way = (search: Search) => readonly Edit[];

/** From the strictest to the loosest. */
const ways: readonly (readonly [string, Way])[] = [
  ["apart from the space around lines", byLines((line) => line.trim())],
  ["apart from white space", byLines((line) => line.trim().replaceAll(/[ \t]+/g, " "))],
  ["apart from white space", withinLines],
  ["with its escapes undone", unescapedWay],
  ["apart from blank lines around it", withoutBlankEnds],
  ["apart from quotes, dashes and spaces that look alike", alikeLetters],
  [
    "apart from white space, quotes and dashes",
    byLines((line) =>
      plainLetters(line)
        .trim()
        .replaceAll(/[ \t]+/g, " "),
    ),
  ],
  ["by its first and last line", byAnchors],
  ["by lines much like it", byLikeness],
];

function searchFor(text: string, old: string, fresh: string): Search {
  const { texts, closed } = linesOf(old);
  return { text, lines: linesOf(text), old, oldLines: texts, closed, fresh };
}

/** Where `part` begins in `text`, overlapping places included: those are no clear place either. */
function occurrences(text: string, part: string): number[] {
  const found: number[] = [];
  if (part === "") return found;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) found.push(at);
  return found;
}

/** Whole lines that are the same once `plain` has been applied to them. */
function byLines(plain: (line: string) => string): Way {
  return (search) => {
    const wanted = search.oldLines.map(plain);
    const there = search.lines.texts.map(plain);
    return windows(there.length, wanted.length)
      .filter((at) => wanted.every((line, index) => there[at + index] === line))
      .map((at) => lineEdit(search, at, wanted.length));
  };
}

function windows(lines: number, length: number): number[] {
  return length === 0 ? [] : Array.from({ length: Math.max(0, lines - length + 1) }, (_value, at) => at);
}

/** Replaces whole lines, indented as the file has them. */
function lineEdit({ lines, oldLines, closed, fresh }: Search, at: number, count: number): Edit {
  const last = at + count - 1;
  const start = lines.starts[at] ?? 0;
  const end = (lines.starts[last] ?? 0) + (lines.texts[last] ?? "").length;
  const text = reindented(fresh, oldLines, lines.texts.slice(at, at + count));
  if (!closed) return { start, end, text };
  const open = last === lines.texts.length - 1 && !lines.closed;
  return open ? { start, end, text: text.replace(/\n$/, "") } : { start, end: end + 1, text };
}

/** A part of a line or of several, with runs of spaces and tabs taken for one. */
function withinLines({ text, old, fresh }: Search): readonly Edit[] {
  const wanted = old.replaceAll(/[ \t]+/g, " ");
  if (wanted.trim().length < leastWithin) return [];
  const places: number[] = [];
  let plain = "";
  let at = 0;
  for (const { index, 0: run } of text.matchAll(/[ \t]+/g)) {
    for (let place = at; place < index; place += 1) places.push(place);
    places.push(index);
    plain += `${text.slice(at, index)} `;
    at = index + run.length;
  }
  for (let place = at; place <= text.length; place += 1) places.push(place);
  plain += text.slice(at);
  return occurrences(plain, wanted).map((found) => ({
    start: places[found] ?? 0,
    end: places[found + wanted.length] ?? text.length,
    text: fresh,
  }));
}

/** Less than this is found in too many places by chance. */
const leastWithin = 4;

/** A model that has escaped its text twice: `\n` for a line end. */
function unescapedWay({ text, old, fresh }: Search): readonly Edit[] {
  const meant = unescaped(old);
  if (meant === old || meant.trim() === "") return [];
  const found = occurrences(text, meant).map((start) => ({ start, end: start + meant.length, text: unescaped(fresh) }));
  if (found.length > 0) return found;
  return byLines((line) => line.trim())(searchFor(text, meant, unescaped(fresh)));
}

function unescaped(text: string): string {
  const meanings: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "", "\\": "\\", '"': '"', "'": "'" };
  return text.replaceAll(/\\([ntr"'\\])/g, (whole, letter: string) => meanings[letter] ?? whole);
}

/** Blank lines before and after are the model's own. */
function withoutBlankEnds({ text, old, fresh }: Search): readonly Edit[] {
  const bare = (whole: string) => whole.replace(/^(?:[ \t]*\n)+/, "").replace(/(?:\n[ \t]*)+$/, "");
  const wanted = bare(old);
  if (wanted === old || wanted.trim() === "") return [];
  return byLines((line) => line.trim())(searchFor(text, wanted, bare(fresh)));
}

function alikeLetters({ text, old, fresh }: Search): readonly Edit[] {
  const wanted = plainLetters(old);
  return occurrences(plainLetters(text), wanted).map((start) => ({ start, end: start + wanted.length, text: fresh }));
}

/** A block whose first and last line are there, with much the same between them. */
function byAnchors(search: Search): readonly Edit[] {
  const { lines, oldLines } = search;
  const wanted = oldLines.map((line) => line.trim());
  const [first, last] = [wanted[0] ?? "", wanted.at(-1) ?? ""];
  if (wanted.length < 3 || first === "" || last === "") return [];
  const there = lines.texts.map((line) => line.trim());
  const slack = Math.floor(wanted.length * lengthSlack);
  const inner = wanted.slice(1, -1).join("\n");
  return windows(there.length, 1)
    .filter((at) => there[at] === first)
    .flatMap((at) => {
      const lengths = Array.from({ length: 2 * slack + 1 }, (_value, index) => wanted.length - slack + index);
      const fitting = lengths.filter(
        (length) =>
          length >= 3 &&
          there[at + length - 1] === last &&
          likeness(there.slice(at + 1, at + length - 1).join("\n"), inner) >= alikeBlock,
      );
      return fitting.map((length) => lineEdit(search, at, length));
    });
}

const lengthSlack = 0.25;
/** Of what lies between the anchors; a block that has been much changed since is not the one that was meant. */
const alikeBlock = 0.7;

/** As many lines, each like its counterpart, together very much so. */
function byLikeness(search: Search): readonly Edit[] {
  const { lines, oldLines } = search;
  const wanted = oldLines.map((line) => line.trim());
  if (wanted.length < 3 || wanted.filter((line) => line !== "").length < 3) return [];
  const there = lines.texts.map((line) => line.trim());
  return windows(there.length, wanted.length)
    .filter((at) => {
      let sum = 0;
      for (const [index, line] of wanted.entries()) {
        const alike = likeness(there[at + index] ?? "", line);
        if (alike < alikeLine) return false;
        sum += alike;
      }
      return sum / wanted.length >= alikeLines;
    })
    .map((at) => lineEdit(search, at, wanted.length));
}

const alikeLine = 0.6;
const alikeLines = 0.85;

/** The places in the file most like what was looked for, as `LINE|TEXT`, best first. */
export function nearestLines(text: string, old: string): readonly string[] {
  const sought = linesOf(old).texts.filter((line) => line.trim() !== "");
  const wanted = (sought.find((line) => line.trim().length > 3) ?? sought[0] ?? "").trim();
  const { texts } = linesOf(text);
  return texts
    .map((line, index) => ({ line, number: index + 1, alike: likeness(line.trim(), wanted) }))
    .filter(({ alike }) => alike >= worthShowing)
    .toSorted((one, other) => other.alike - one.alike || one.number - other.number)
    .slice(0, 3)
    .map(({ line, number }) => `${number}|${indentOf(line)}${line.trim().slice(0, 200)}`);
}

const worthShowing = 0.4;

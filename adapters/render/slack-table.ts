import { type Piece, shortPieces } from "./slack-lines.ts";
import type { Spans } from "./slack-spans.ts";

/** What begins a line within quotations or lists. */
export const inset = /^[\s>]*/;
/** The part of a row that is for words, at least. */
const leastRoom = 1 / 4;

/** A line's cells, as offsets into it. */
function cellsOf(line: string): Piece[] {
  const start = inset.exec(line)?.[0].length ?? 0;
  const end = line.trimEnd().length;
  const bars = [...line.matchAll(/(?<!\\)\|/g)].map(({ index }) => index);
  const first = bars.includes(start) ? start : start - 1;
  const last = end - 1 > first && bars.includes(end - 1) ? end - 1 : end;
  const edges = [first, ...bars.filter((at) => at > first && at < last), last];
  return edges.slice(1).map((to, at) => ({ from: (edges[at] ?? 0) + 1, to }));
}

/** Whether these lines begin a table: as many columns in its head as in the rule below. */
export function isTable(head: string, rule: string): boolean {
  const isRule = rule.includes("|") && /^[\s>]*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/.test(rule);
  return isRule && head.includes("|") && cellsOf(head).length === cellsOf(rule).length;
}

/** A table's first two lines, to be said again; an empty head where the own one is longer than `most`. Null: even that is too long. */
export function repeatedHead(head: string, rule: string, most: number): readonly string[] | null {
  const lead = inset.exec(head)?.[0] ?? "";
  const columns = cellsOf(rule).map(({ from, to }) => rule.slice(from, to).trim().replace(/-+/, "---"));
  const rules = rule.length <= most / 2 ? rule : `${lead}|${columns.join("|")}|`;
  const empty = `${lead}|${columns.map(() => " ").join("|")}|`;
  return [head, empty].map((first) => [first, rules]).find((lines) => lines.join("\n").length <= most) ?? null;
}

/**
 * A row as rows of at most `most` characters and as many cells: what is too long for one goes on in the same column of the next. One with
 * so many columns that their bars leave the words no room comes in pieces.
 */
export function shortRows(spans: Spans, row: Piece, most: number): string[] {
  const line = spans.text.slice(row.from, row.to);
  if (line.length <= most) return [line];
  const lead = inset.exec(line)?.[0] ?? "";
  const cells = cellsOf(line).map(({ from, to }) => trimmed(spans.text, { from: row.from + from, to: row.from + to }));
  const signs = 2 * spans.signsWithin(row.from, row.to);
  const room = most - lead.length - 3 * cells.length - 1 - signs;
  if (room < most * leastRoom) return shortPieces(spans, row, most).map(({ from, to }) => spans.text.slice(from, to));
  const rows: string[] = [];
  let rest: readonly Piece[] = cells;
  while (rest.some(({ from, to }) => from < to)) {
    let left = room;
    const taken = rest.map((cell) => {
      const fits = cell.to - cell.from <= left;
      // Only a row's first words are cut: anything else fits better in the next row.
      const [part = cell] = fits ? [cell] : left === room ? shortPieces(spans, cell, room) : [{ from: cell.from, to: cell.from }];
      left = fits ? left - (part.to - part.from) : 0;
      return part;
    });
    rows.push(`${lead}| ${taken.map((part) => closed(spans, part)).join(" | ")} |`);
    rest = rest.map((cell, at) => trimmed(spans.text, { from: taken[at]?.to ?? cell.to, to: cell.to }));
  }
  return rows;
}

/** A stretch with what it has open at its ends opened and closed there. */
function closed({ text, openAt }: Spans, { from, to }: Piece): string {
  if (from >= to) return "";
  return openAt(from).join("") + text.slice(from, to) + openAt(to).toReversed().join("");
}

function trimmed(text: string, { from, to }: Piece): Piece {
  const words = text.slice(from, to);
  const start = from + words.length - words.trimStart().length;
  return { from: Math.min(start, to), to: Math.max(start, from + words.trimEnd().length) };
}

import { cells, signCells, signs } from "../../../src/core/cells.ts";

/** How a piece of text looks. */
export type Look = "bold" | "italic" | "strike" | "dim" | "code" | "link" | "accent" | "bad";

/** Text of one look. Nothing in it can steer a terminal: see `painted`. */
export interface Piece {
  readonly text: string;
  readonly looks: readonly Look[];
}

/** One line of a screen. */
export type Row = readonly Piece[];

export function piece(text: string, ...looks: readonly Look[]): Piece {
  return { text, looks };
}

export function rowCells(row: Row): number {
  return row.reduce((sum, { text }) => sum + cells(shownText(text)), 0);
}

/** A row as a terminal takes it. Whatever control characters were in its text are gone: nobody who writes text moves the cursor. */
export function painted(row: Row, plain: boolean): string {
  const whole = row.map(({ text, looks }) => {
    const shown = shownText(text);
    if (plain || looks.length === 0 || shown === "") return shown;
    return `\u001b[${looks.map((look) => codes[look]).join(";")}m${shown}\u001b[0m`;
  });
  return whole.join("");
}

/** Text as it can be shown: no control characters, nothing that turns the reading direction round. */
export function shownText(text: string): string {
  if (isHarmless.test(text)) return text;
  return text
    .toWellFormed()
    .replaceAll("\t", "    ")
    .replaceAll(/[\n\r\u2028\u2029]+/g, " ")
    .replaceAll(steering, "");
}

const isHarmless = /^[\u0020-\u007E]*$/;
/** C0, DEL and C1; marks of direction; unseen characters, but for the joiner that emoji are made with. */
const steering = /[\p{Cc}\u061C\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB]/gu;

const codes: Readonly<Record<Look, string>> = {
  bold: "1",
  italic: "3",
  strike: "9",
  dim: "2",
  code: "36",
  link: "4",
  accent: "33",
  bad: "31",
};

/** Breaks a row into those that fit: between words, or between signs where there are none; what follows is set in by `hang`. */
export function wrapped(row: Row, width: number, hang: Row = []): readonly Row[] {
  if (rowCells(row) <= width) return [row];
  const inset = rowCells(hang) < width / 2 ? hang : [];
  const rows: Row[] = [];
  let line: Sign[] = [];
  let used = 0;
  const room = () => width - (rows.length === 0 ? 0 : rowCells(inset));
  const end = (kept: readonly Sign[]) => void rows.push([...(rows.length === 0 ? [] : inset), ...joined(kept)]);
  for (const next of row.flatMap(signsOf)) {
    line.push(next);
    used += next.cells;
    if (used <= room()) continue;
    if (next.sign === " ") {
      end(line.slice(0, -1));
      line = [];
    } else {
      const at = breakIn(line);
      end(trimmed(line.slice(0, at)));
      line = line.slice(at);
    }
    used = line.reduce((sum, sign) => sum + sign.cells, 0);
  }
  if (line.length > 0) end(line);
  return rows;
}

interface Sign {
  readonly sign: string;
  readonly cells: number;
  readonly looks: readonly Look[];
}

function signsOf({ text, looks }: Piece): readonly Sign[] {
  return signs(shownText(text)).map((sign) => ({ sign, cells: signCells(sign), looks }));
}

/** Where a line that is too long by its last sign is to end. */
function breakIn(line: readonly Sign[]): number {
  for (let at = line.length - 1; at > 0; at -= 1) {
    const before = line[at - 1];
    const here = line[at];
    const isEnd = before?.sign === " " || before?.cells === 2 || (here?.cells === 2 && before !== undefined);
    // A mark that ends a clause stays with what it ends.
    if (isEnd && !/^[，。、；：！？）」』】,.;:!?)]/.test(here?.sign ?? "")) return at;
  }
  return Math.max(1, line.length - 1);
}

function trimmed(line: readonly Sign[]): readonly Sign[] {
  const last = line.findLastIndex(({ sign }) => sign !== " ");
  return last < 0 ? line : line.slice(0, last + 1);
}

function joined(line: readonly Sign[]): Row {
  const pieces: { text: string; looks: readonly Look[] }[] = [];
  for (const { sign, looks } of line) {
    const last = pieces.at(-1);
    if (last !== undefined && last.looks === looks) last.text += sign;
    else pieces.push({ text: sign, looks });
  }
  return pieces;
}

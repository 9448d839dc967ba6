import type { AlignType, Table, TableRow } from "mdast";
import { inlineLines } from "./inline.ts";
import { type Fence, line, type Line, plain } from "./lines.ts";

/** Cells longer than this are not padded for: one long cell must not make every row as long. */
const paddedChars = 32;

/** A table in monospace. Its head is repeated where a chunk begins in the middle. */
export function tableLines(table: Table): Line[] {
  const rows = table.children.map(cells);
  const widths = columnWidths(rows);
  const [head = [], ...body] = rows;
  const rule = widths.map((width) => "─".repeat(Math.max(width, 1))).join("─┼─");
  const row = (of: readonly string[]): Line => line([plain(rowText(of, widths, table.align ?? []))]);
  const top = [row(head), line([plain(rule)])];
  const framed: Line[] = [];
  const fence: Fence = { type: "fence", language: null, head: framed };
  // Said again, the head belongs to the same frame: what goes on below it does, too.
  framed.push(...top.map((each) => ({ ...each, fence })));
  return [...top, ...body.map(row)].map((each) => ({ ...each, fence }));
}

function cells(row: TableRow): string[] {
  return row.children.map((cell) =>
    inlineLines(cell.children)
      .map((spans) => spans.map((span) => span.text).join(""))
      .join(" ")
      .trim(),
  );
}

function columnWidths(rows: readonly (readonly string[])[]): number[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries())
      widths[index] = Math.max(widths[index] ?? 0, Math.min(paddedChars, shownWidth(cell)));
  }
  return widths;
}

function rowText(row: readonly string[], widths: readonly number[], align: readonly AlignType[]): string {
  const padded = widths.map((width, index) => pad(row[index] ?? "", width, align[index] ?? null));
  return padded.join(" │ ").trimEnd();
}

function pad(text: string, width: number, align: AlignType): string {
  const room = Math.max(0, width - shownWidth(text));
  const left = align === "right" ? room : align === "center" ? Math.floor(room / 2) : 0;
  return " ".repeat(left) + text + " ".repeat(room - left);
}

const wide =
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE4F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Emoji_Presentation}/u;
const unseen = /[\p{Mn}\p{Me}\u200B-\u200F\uFE00-\uFE0F]/u;

/** Columns a text takes in monospace: East Asian characters and emoji take two. */
function shownWidth(text: string): number {
  if (/^[\u0000-\u007F]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += unseen.test(character) ? 0 : wide.test(character) ? 2 : 1;
  return width;
}

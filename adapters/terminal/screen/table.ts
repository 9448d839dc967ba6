import type { AlignType } from "mdast";
import { piece, type Row, rowCells, wrapped } from "./rows.ts";

/** A table in columns that fit the width: cells that are too long are broken. One that can't fit is a list of its rows. */
export function tableRows(rows: readonly (readonly Row[])[], align: readonly AlignType[], width: number): readonly Row[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = columnWidths(rows, count, width - (count - 1) * gap.length);
  const [head = [], ...body] = rows;
  if (widths === null) return listed(head, body, width);
  const rule: Row = [piece(widths.map((cells) => "─".repeat(cells)).join("─┼─"), "dim")];
  const bold = head.map((cell): Row => cell.map(({ text, looks }) => ({ text, looks: [...looks, "bold"] })));
  return [...lines(bold, widths, align), rule, ...body.flatMap((row) => lines(row, widths, align))];
}

const gap = " │ ";
/** A column that is narrower breaks every word. */
const leastCells = 6;

/** As wide as each needs, the widest made narrower until all fit; null: they can't. */
function columnWidths(rows: readonly (readonly Row[])[], count: number, room: number): readonly number[] | null {
  const widths = Array.from({ length: count }, (_, at) => Math.max(1, ...rows.map((row) => rowCells(row[at] ?? []))));
  let excess = widths.reduce((sum, cells) => sum + cells, 0) - room;
  while (excess > 0) {
    const widest = Math.max(...widths);
    if (widest <= leastCells) return null;
    const at = widths.indexOf(widest);
    const next = Math.max(leastCells, ...widths.filter((cells) => cells < widest));
    const less = Math.max(1, Math.min(excess, widest - next));
    widths[at] = widest - less;
    excess -= less;
  }
  return widths;
}

/** One row of the table, as many lines high as its highest cell. */
function lines(row: readonly Row[], widths: readonly number[], align: readonly AlignType[]): readonly Row[] {
  const cells = widths.map((width, at) => wrapped(row[at] ?? [], width));
  const height = Math.max(1, ...cells.map((each) => each.length));
  return Array.from({ length: height }, (_, line) =>
    cells.flatMap((each, at) => [
      ...(at === 0 ? [] : [piece(gap, "dim")]),
      ...padded(each[line] ?? [], widths[at] ?? 0, align[at] ?? null, at === widths.length - 1),
    ]),
  );
}

function padded(row: Row, width: number, align: AlignType, last: boolean): Row {
  const room = Math.max(0, width - rowCells(row));
  const left = align === "right" ? room : align === "center" ? Math.floor(room / 2) : 0;
  return [piece(" ".repeat(left)), ...row, piece(last ? "" : " ".repeat(room - left))];
}

function listed(head: readonly Row[], body: readonly (readonly Row[])[], width: number): readonly Row[] {
  return body.flatMap((row, at) => [
    ...(at === 0 ? [] : [[]]),
    ...row.flatMap((cell, column) => wrapped([...(head[column] ?? []), piece(": ", "dim"), ...cell], width, [piece("  ")])),
  ]);
}

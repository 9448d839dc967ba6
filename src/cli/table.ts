import { cells, fit } from "../core/cells.ts";
import { unhiddenLine } from "../core/markdown.ts";

/** A column of a table: the last one with `flexible` gives way where the lines would be too long. */
export interface Column {
  readonly head: string;
  readonly flexible?: boolean;
}

/** Columns of whatever the output goes to; 80 where nobody knows. */
function outputWidth(): number {
  return Math.max(leastWidth, process.stdout.columns ?? usualWidth);
}

const usualWidth = 80;
const leastWidth = 20;
const leastColumn = 8;
const gap = "  ";

/** Rows under their heads, a line each, none longer than `width`: what does not fit is cut with "…". */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width = outputWidth(),
): readonly string[] {
  const lines = [columns.map(({ head }) => head), ...rows.map((row) => columns.map((_, at) => unhiddenLine(row[at] ?? "")))];
  const widths = fitting(
    columns,
    columns.map((_, at) => Math.max(...lines.map((line) => cells(line[at] ?? "")))),
    width,
  );
  return lines.map((line) =>
    cut(
      line
        .map((cell, at) => padded(cut(cell, widths[at] ?? 0), widths[at] ?? 0))
        .join(gap)
        .trimEnd(),
      width,
    ),
  );
}

/** The wide ones give way first, from the right. */
function fitting(columns: readonly Column[], natural: readonly number[], width: number): readonly number[] {
  const widths = [...natural];
  let over = widths.reduce((sum, each) => sum + each, gap.length * (widths.length - 1)) - width;
  for (let at = columns.length - 1; at >= 0 && over > 0; at -= 1) {
    const now = widths[at] ?? 0;
    if (columns[at]?.flexible !== true) continue;
    const less = Math.max(Math.min(now, leastColumn), now - over);
    widths[at] = less;
    over -= now - less;
  }
  return widths;
}

/** Nothing stands between the last word and the sign that more would follow. */
function cut(text: string, most: number): string {
  return fit(text, most).replace(/[ …]+…$/, "…");
}

function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - cells(text)));
}

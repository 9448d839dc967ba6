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
    columns.map((_, at) => Math.max(...lines.map((line) => cellsOf(line[at] ?? "")))),
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

const segments = new Intl.Segmenter(undefined, { granularity: "grapheme" });
/** Signs that take two cells of a terminal. */
const wide =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|.\ufe0f)/u;

function cellOf(segment: string): number {
  return wide.test(segment) ? 2 : 1;
}

/** How many cells of a terminal a text takes. */
function cellsOf(text: string): number {
  let cells = 0;
  for (const { segment } of segments.segment(text)) cells += cellOf(segment);
  return cells;
}

function cut(text: string, most: number): string {
  if (text.length <= most / 2 || cellsOf(text) <= most) return text;
  let kept = "";
  let cells = 0;
  for (const { segment } of segments.segment(text)) {
    if (cells + cellOf(segment) > most - 1) break;
    cells += cellOf(segment);
    kept += segment;
  }
  return `${kept.replace(/[ …]+$/, "")}…`;
}

function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - cellsOf(text)));
}

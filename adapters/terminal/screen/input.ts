import { signCells } from "../../../src/core/cells.ts";
import type { Draft } from "./editor.ts";
import { piece, type Row } from "./rows.ts";

/** Text that is being written, as rows with the cursor's place. At most so many are shown: those around the cursor. */
export function inputRows(
  { text, at }: Draft,
  prompt: string,
  width: number,
  most: number,
): { readonly rows: readonly Row[]; readonly cursor: { readonly row: number; readonly column: number } } {
  const lines: string[] = [""];
  let column = prompt.length;
  let cursor = { row: 0, column };
  const next = () => {
    lines.push("");
    column = prompt.length;
  };
  for (const [index, sign] of [...text, ""].entries()) {
    const shown = sign === "\t" ? "    " : sign;
    const cells = sign === "\n" ? 0 : shown === "    " ? 4 : signCells(shown);
    if (column + cells > width - 1) next();
    if (index === at) cursor = { row: lines.length - 1, column };
    if (sign === "\n") {
      next();
      continue;
    }
    lines[lines.length - 1] += shown;
    column += cells;
  }
  const from = Math.max(0, Math.min(cursor.row - Math.floor(most / 2), lines.length - most));
  const rows = lines
    .slice(from, from + most)
    .map((line, row): Row => [piece(from + row === 0 ? prompt : " ".repeat(prompt.length), "accent"), piece(line)]);
  return { rows, cursor: { row: cursor.row - from, column: cursor.column } };
}

import { wrapped } from "./rows.ts";
import { piece, type Row, rowCells } from "./rows.ts";

const title = "╭─ ⚕ Hermes ";

/** The edges of an answer. Its text has none at the sides, so that it can be copied. */
export function boxTop(width: number): Row {
  return [piece(`${title}${"─".repeat(Math.max(0, width - rowCells([piece(title)]) - 1))}╮`, "accent")];
}

export function boxBottom(width: number): Row {
  return [piece(`╰${"─".repeat(Math.max(0, width - 2))}╯`, "accent")];
}

export function rule(width: number): Row {
  return [piece("─".repeat(width), "dim")];
}

/** What a person has said, between rules. */
export function questionRows(text: string, width: number): readonly Row[] {
  const lines = text.split("\n");
  const shown = lines.length > mostLines ? [...lines.slice(0, mostLines), `… ${lines.length - mostLines} more lines`] : lines;
  const rows = shown.flatMap((line, at) =>
    wrapped([piece(at === 0 ? "● " : "  ", "accent"), piece(line, "bold")], width, [piece("  ")]),
  );
  return [rule(width), ...rows, rule(width)];
}

/** A long paste need not push everything else off the screen. */
const mostLines = 20;

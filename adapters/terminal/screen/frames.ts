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

/** What a terminal is greeted with. */
export function greetingRows(version: string, seat: string, width: number): readonly Row[] {
  const beside = /^\d+$/.test(seat) ? ` This is terminal ${seat}, with a conversation of its own.` : "";
  return [
    [piece(`⚕ Hermes Team ${version}`, "bold")],
    ...wrapped([piece(`/help says what I know, Tab completes it; /new begins anew, Ctrl-D leaves.${beside}`, "dim")], width),
    [],
  ];
}

/** What a person has said, between rules; with the files that go with it. */
export function questionRows(text: string, width: number, files: readonly string[] = []): readonly Row[] {
  const lines = text === "" && files.length > 0 ? [] : text.split("\n");
  const shown = lines.length > mostLines ? [...lines.slice(0, mostLines), `… ${lines.length - mostLines} more lines`] : lines;
  const rows = shown.flatMap((line, at) =>
    wrapped([piece(at === 0 ? "● " : "  ", "accent"), piece(line, "bold")], width, [piece("  ")]),
  );
  const along = files.flatMap((file) => wrapped([piece("📎 ", "accent"), piece(file)], width, [piece("   ")]));
  return [rule(width), ...rows, ...along, rule(width)];
}

/** A long paste need not push everything else off the screen. */
const mostLines = 20;

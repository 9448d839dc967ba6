import { bar, duration, thousands } from "../../../src/core/figures.ts";
import type { TerminalState } from "../../../src/core/terminal.ts";
import { fit } from "../../../src/core/cells.ts";
import { type Piece, piece, type Row, rowCells } from "./rows.ts";

export interface StatusFigures {
  readonly state: TerminalState | null;
  readonly now: number;
  /** How long the last turn took, or the one that runs has; null: there was none. */
  readonly turnMs: number | null;
}

/** A long name is cut shorter before anything else gives way. */
const nameCells = [26, 18, 12];
const between = " │ ";

/** The line below the conversation: model, window, session time, last turn. What still does not fit is left out, from the end. */
export function statusRow(figures: StatusFigures, width: number): Row {
  const { state } = figures;
  if (state === null) return [];
  const rows = nameCells.map((cells) => wholeRow({ ...figures, state }, cells));
  const fitting = rows.find((row) => rowCells(row) <= width);
  if (fitting !== undefined) return fitting;
  const kept: Piece[] = [];
  for (const part of rows.at(-1) ?? []) {
    if (rowCells([...kept, part]) > width) break;
    kept.push(part);
  }
  return kept.at(-1)?.text === between ? kept.slice(0, -1) : kept;
}

function wholeRow({ state, now, turnMs }: StatusFigures & { readonly state: TerminalState }, cells: number): Row {
  const { model, used, window, since } = state;
  const name = model.split(/[\\/]/).findLast(Boolean) ?? model;
  const share = used === null || window === null ? null : used / window;
  const parts = [
    piece(`⚕ ${fit(name, cells)}`, "dim"),
    share === null ? null : piece(`${thousands(used ?? 0)}/${thousands(window ?? 0)}`, "dim"),
    share === null ? null : share >= nearlyFull ? piece(bar(share), "bad") : piece(bar(share), "dim"),
    piece(sessionTime(now - since), "dim"),
    turnMs === null ? null : piece(`⏲ ${duration(turnMs)}`, "dim"),
  ].filter((part) => part !== null);
  return parts.flatMap((part, at) => (at === 0 ? [part] : [piece(between, "dim"), part]));
}

/** Then it is soon shortened. */
const nearlyFull = 0.8;

/** Minutes are enough for what is looked at for hours. */
function sessionTime(ms: number): string {
  return duration(ms < 60_000 ? ms : Math.floor(ms / 60_000) * 60_000);
}

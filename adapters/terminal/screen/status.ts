import { bar, duration, thousands } from "../../../src/core/figures.ts";
import type { TerminalState } from "../../../src/core/terminal.ts";
import { fit } from "./cells.ts";
import { piece, type Row, rowCells } from "./rows.ts";

export interface StatusFigures {
  readonly state: TerminalState | null;
  readonly now: number;
  /** How long the last turn took, or the one that runs has; null: there was none. */
  readonly turnMs: number | null;
}

const nameCells = 26;
const between = " │ ";

/** The line below the conversation: model, window, session time, last turn. What does not fit is left out, from the end. */
export function statusRow({ state, now, turnMs }: StatusFigures, width: number): Row {
  if (state === null) return [];
  const { model, used, window, since } = state;
  const full = used !== null && window !== null && used / window >= nearlyFull;
  const parts = [
    { text: `⚕ ${fit(model.split(/[\\/]/).findLast(Boolean) ?? model, nameCells)}`, looks: [] },
    used === null || window === null ? null : { text: `${thousands(used)}/${thousands(window)}`, looks: [] },
    used === null || window === null ? null : { text: bar(used / window), looks: full ? (["bad"] as const) : [] },
    { text: sessionTime(now - since), looks: [] },
    turnMs === null ? null : { text: `⏲ ${duration(turnMs)}`, looks: [] },
  ].filter((part) => part !== null);
  const row: Row[number][] = [];
  for (const { text, looks } of parts) {
    const next = [...row, piece(row.length === 0 ? "" : between, "dim"), piece(text, "dim", ...looks)];
    if (rowCells(next) > width) break;
    row.push(...next.slice(row.length));
  }
  return row;
}

/** Then it is soon shortened. */
const nearlyFull = 0.8;

/** Minutes are enough for what is looked at for hours. */
function sessionTime(ms: number): string {
  return duration(ms < 60_000 ? ms : Math.floor(ms / 60_000) * 60_000);
}

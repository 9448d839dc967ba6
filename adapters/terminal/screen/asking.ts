import type { OutboundButton } from "../../../src/core/outbound.ts";
import { piece, type Row, wrapped } from "./rows.ts";

/** What can be answered, with the numbers that answer it. */
export function optionRows(buttons: readonly OutboundButton[], width: number): readonly Row[] {
  const pieces = buttons.flatMap(({ label }, at) => [
    piece(at === 0 ? "" : "   "),
    piece(`${at + 1}`, "accent", "bold"),
    piece(` ${label}`),
  ]);
  return wrapped([...pieces, piece("   (the number and Enter)", "dim")], width);
}

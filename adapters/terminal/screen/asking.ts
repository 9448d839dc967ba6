import type { OutboundButton } from "../../../src/core/outbound.ts";
import { leaveLabels } from "../../../src/core/question.ts";
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

/** The button that words mean: its number, its label, or yes and no where leave is asked for; null: they mean none. */
export function answerTo(buttons: readonly OutboundButton[], text: string): OutboundButton | null {
  const words = text.trim().toLowerCase();
  const label = (wanted: string) => buttons.find((each) => each.label.toLowerCase() === wanted) ?? null;
  const numbered = /^[1-9]\d?$/.test(words) ? buttons[Number(words) - 1] : undefined;
  if (numbered !== undefined) return numbered;
  const deny = label(leaveLabels.deny.toLowerCase());
  if (deny !== null && /^(?:n|no|deny)$/.test(words)) return deny;
  if (deny !== null && /^(?:y|yes|ok|once)$/.test(words)) return label(leaveLabels.once.toLowerCase());
  return label(words);
}

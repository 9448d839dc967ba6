import type { TerminalCommand } from "../../../src/core/terminal.ts";
import { type Draft, draftOf, draftText } from "./editor.ts";
import { fit } from "../../../src/core/cells.ts";
import { piece, type Row } from "./rows.ts";

/** What can stand where the cursor is. */
export interface Completion {
  readonly draft: Draft;
  /** Of several, what to choose from. */
  readonly choices: readonly { readonly text: string; readonly about: string }[];
}

/** The command whose argument is being written; null: none is, or it is no command. */
export function argumentIn(draft: Draft): { readonly command: string; readonly typed: string } | null {
  const match = /^\/(\S+)\s+([^\n]*)$/.exec(draftText(draft));
  return match?.[1] === undefined ? null : { command: match[1], typed: match[2] ?? "" };
}

/** Completes a command's name; null: there is none to complete. */
export function completeName(draft: Draft, commands: readonly TerminalCommand[]): Completion | null {
  const typed = draftText(draft);
  if (!/^\/\S*$/.test(typed)) return null;
  const found = commands.filter(({ name }) => `/${name}`.startsWith(typed.toLowerCase()));
  const [only] = found;
  if (only === undefined) return null;
  if (found.length === 1) return { draft: draftOf(`/${only.name}${only.argument ? " " : ""}`), choices: [] };
  return {
    draft: draftOf(commonStart(found.map(({ name }) => `/${name}`))),
    choices: found.map(({ name, about }) => ({ text: `/${name}`, about })),
  };
}

/** Completes an argument from what the service knows, or the disk; `shown` says what of each is shown. */
export function completeArgument(
  draft: Draft,
  list: readonly string[],
  shown: (text: string) => string = (text) => text,
): Completion | null {
  const asked = argumentIn(draft);
  const [only] = list;
  if (asked === null || only === undefined) return null;
  const whole = (text: string) => draftOf(`/${asked.command} ${text}`);
  if (list.length === 1) return { draft: whole(only), choices: [] };
  const start = commonStart(list);
  const more = start.toLowerCase().startsWith(asked.typed.toLowerCase()) && start.length > asked.typed.length;
  return { draft: more ? whole(start) : draft, choices: list.map((text) => ({ text: shown(text), about: "" })) };
}

/** The choices as rows, at most so many. */
export function choiceRows(choices: Completion["choices"], width: number, most: number): readonly Row[] {
  const room = Math.min(28, Math.max(8, ...choices.map(({ text }) => text.length + 2)));
  const shown = choices
    .slice(0, most)
    .map(({ text, about }): Row => [
      piece("  "),
      piece(fit(text, width - 4).padEnd(room), "accent"),
      piece(fit(about, width - room - 4), "dim"),
    ]);
  const rest = choices.length - shown.length;
  return rest > 0 ? [...shown, [piece(`  … ${rest} more`, "dim")]] : shown;
}

function commonStart(texts: readonly string[]): string {
  const [first = "", ...others] = texts;
  let length = first.length;
  for (const other of others) while (!other.toLowerCase().startsWith(first.slice(0, length).toLowerCase())) length -= 1;
  return first.slice(0, length);
}

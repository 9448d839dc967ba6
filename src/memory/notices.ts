import type { Language } from "../core/language.ts";
import { literal } from "../core/markdown.ts";
import type { MemoryEdit, MemoryRules, MemoryScope, MemoryTarget } from "../core/memory.ts";
import type { MemoryWords } from "../core/spoken.ts";
import type { Outbound, OutboundButton } from "../core/outbound.ts";
import { withoutHidden } from "../core/threats.ts";
import { fileNames } from "./entries.ts";

/** A change as a chat is told of it. */
export interface Told extends MemoryEdit {
  readonly id: number;
  readonly scope: MemoryScope;
  readonly target: MemoryTarget;
  readonly undone: boolean;
  readonly replyTo: string | null;
}

/** More would be a wall of buttons; the others are taken back by `/memory undo`. */
const mostButtons = 6;

/** The message that tells a chat what was saved, with a button to take each change back; null where chats are not told. */
export function noticeOf(
  changes: readonly Told[],
  { notices }: Pick<MemoryRules, "notices">,
  { memory: words, code }: Language,
): Outbound | null {
  const [first] = changes;
  if (notices === "off" || first === undefined) return null;
  const several = changes.length > 1;
  const lines = changes.map((change, index) => {
    const line = `${several ? `${index + 1}. ` : ""}${lineOf(change, notices === "verbose", words)}`;
    return change.undone ? `~~${line}~~${words.undone}` : line;
  });
  const buttons = changes.flatMap(({ id, undone }, index): readonly OutboundButton[] =>
    undone ? [] : [{ label: several ? `${words.undo} ${index + 1}` : words.undo, data: `/memory undo ${id}` }],
  );
  return { markdown: `💾 ${lines.join("\n")}`, replyTo: first.replyTo, language: code, buttons: buttons.slice(0, mostButtons) };
}

/** An entry for a person to read: nothing in it formats, links or hides. */
export function quoted(entry: string): string {
  return `“${literal(withoutHidden(entry).replaceAll(/\s*\n\s*/g, " / "))}”`;
}

function lineOf({ before, after, scope, target }: Told, verbose: boolean, words: MemoryWords): string {
  const where = verbose ? words.inFile(scope, fileNames[target]) : scope === "team" ? words.forTeam : "";
  if (after === null) return words.forgotten(where, quoted(before ?? ""));
  return words.saved(where, quoted(after), before === null ? null : quoted(before));
}

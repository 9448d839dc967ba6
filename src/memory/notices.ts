import { literal } from "../core/markdown.ts";
import type { MemoryEdit, MemoryRules, MemoryScope, MemoryTarget } from "../core/memory.ts";
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
export function noticeOf(changes: readonly Told[], { notices }: Pick<MemoryRules, "notices">): Outbound | null {
  const [first] = changes;
  if (notices === "off" || first === undefined) return null;
  const several = changes.length > 1;
  const lines = changes.map((change, index) => {
    const line = `${several ? `${index + 1}. ` : ""}${lineOf(change, notices === "verbose")}`;
    return change.undone ? `~~${line}~~ (undone)` : line;
  });
  const buttons = changes.flatMap(({ id, undone }, index): readonly OutboundButton[] =>
    undone ? [] : [{ label: several ? `Undo ${index + 1}` : "Undo", data: `/memory undo ${id}` }],
  );
  return { markdown: `💾 ${lines.join("\n")}`, replyTo: first.replyTo, buttons: buttons.slice(0, mostButtons) };
}

/** An entry for a person to read: nothing in it formats, links or hides. */
export function quoted(entry: string): string {
  return `“${literal(withoutHidden(entry).replaceAll(/\s*\n\s*/g, " / "))}”`;
}

function lineOf({ before, after, scope, target }: Told, verbose: boolean): string {
  const where = verbose ? ` in ${places[scope]} ${fileNames[target]}` : scope === "team" ? " for the team" : "";
  if (after === null) return `Forgotten${where}: ${quoted(before ?? "")}`;
  return before === null ? `Saved${where}: ${quoted(after)}` : `Saved${where}: ${quoted(after)} instead of ${quoted(before)}`;
}

const places: Readonly<Record<MemoryScope, string>> = { person: "your own", team: "the team's", chat: "this chat's" };

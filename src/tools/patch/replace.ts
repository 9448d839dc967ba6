import { lineAt, linesOf } from "./lines.ts";
import { type Found, findPlaces, nearestLines } from "./matcher.ts";
import { type Edit, PatchError } from "./text-file.ts";

/** The edits that replace `old` by `fresh`: at its only place, or everywhere. Throws a `PatchError` where the place is not clear. */
export function replacements(path: string, text: string, old: string, fresh: string, everywhere: boolean): Found {
  if (old === "") throw new PatchError("old_string is empty. Give the text to replace; write_file makes a new file.");
  if (old === fresh) throw new PatchError("old_string and new_string are the same: there is nothing to change.");
  const found = findPlaces(text, old, fresh);
  if (found.edits.length === 0) throw new PatchError(notFound(path, text, old, fresh));
  if (everywhere) return { ...found, edits: apart(found.edits) };
  if (found.edits.length > 1) throw new PatchError(ambiguous(path, text, found));
  return found;
}

/** Without those that overlap an earlier one. */
function apart(edits: readonly Edit[]): readonly Edit[] {
  const kept: Edit[] = [];
  for (const edit of edits) if (edit.start >= (kept.at(-1)?.end ?? 0)) kept.push(edit);
  return kept;
}

function ambiguous(path: string, text: string, { edits, how }: Found): string {
  const lines = linesOf(text);
  const places = edits.map(({ start }) => lineAt(lines, start));
  const shown = places.slice(0, 10).join(", ") + (places.length > 10 ? ", …" : "");
  const way = how === null ? "" : ` (${how})`;
  return `old_string is in ${path} ${edits.length} times${way}: lines ${shown}. Nothing was changed. Give more of the lines around the one you mean, or replace_all.`;
}

function notFound(path: string, text: string, old: string, fresh: string): string {
  const done = fresh.trim() === "" ? -1 : text.indexOf(fresh);
  if (done >= 0)
    return `old_string is not in ${path}, but new_string is, at line ${lineAt(linesOf(text), done)}: perhaps it is done already.`;
  const near = nearestLines(text, old);
  const advice = near.length === 0 ? " Nothing in it is much like it." : ` Nearest lines:\n${near.join("\n")}`;
  return `old_string is not in ${path}. Nothing was changed.${advice}`;
}

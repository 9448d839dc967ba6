import type { MemoryChange, MemoryEdit, MemoryOwner, MemoryRules, MemoryTarget } from "../core/memory.ts";
import type { Db } from "../store/hold.ts";
import { changeMemory, type ChangeAbout, readMemory } from "../store/memories.ts";
import {
  applyChange,
  applyEdits,
  type Changed,
  checkedContent,
  editsBetween,
  entrySeparator,
  type MemoryFile,
  parseEntries,
  refuseExcess,
} from "./entries.ts";
import { renderBlock } from "./block.ts";
import { fileOf, filesOf } from "./scopes.ts";

/** The blocks of a memory as a prompt shows them; empty ones left out. */
export async function blocksOf(db: Db, owners: readonly MemoryOwner[], rules: MemoryRules): Promise<readonly string[]> {
  const blocks = await Promise.all(
    owners.map(async (owner) => {
      const files = filesOf(owner, rules);
      const stored = files.length === 0 ? null : await readMemory(db, owner);
      return files.map((file) => renderBlock(file, stored?.[file.target].text ?? ""));
    }),
  );
  return blocks.flat().filter((block) => block !== "");
}

/** Makes one change to a memory, and notes whose it was. Throws for the model. */
export async function keep(
  db: Db,
  about: Omit<ChangeAbout, "target">,
  change: MemoryChange,
  rules: MemoryRules,
): Promise<Changed> {
  const file = fileOf(about.owner, change.target, rules);
  return await changeMemory(db, { ...about, target: change.target }, (text) => applyChange(text, change, file));
}

/** Edits of one file, tried on a copy. */
export interface Tried {
  readonly target: MemoryTarget;
  readonly edits: readonly MemoryEdit[];
}

/** Makes what was tried on a copy, as far as it still fits: where somebody has changed or taken away the entry since, theirs stands. */
export async function keepTried(
  db: Db,
  about: Omit<ChangeAbout, "target">,
  { target, edits }: Tried,
  rules: MemoryRules,
): Promise<void> {
  const file = fileOf(about.owner, target, rules);
  await changeMemory(db, { ...about, target }, (text) => {
    const now = parseEntries(text);
    const fit = edits.filter(({ before }) => before === null || now.includes(before));
    const next = applyEdits(now, fit);
    const joined = next.join(entrySeparator);
    refuseExcess(joined, text, now, file);
    return { text: joined, edits: editsBetween(now, next).length === 0 ? [] : fit };
  });
}

/**
 * Brings what somebody made of a file into it. What they took away and added counts, wherever the file has got to since they read it as
 * `base`: nobody else's change is lost. Throws where an entry may not stand or there is no room.
 */
export async function rewrite(
  db: Db,
  about: ChangeAbout,
  { base, wanted }: { readonly base: string; readonly wanted: string },
  file: MemoryFile,
): Promise<{ readonly added: number; readonly removed: number }> {
  const known = parseEntries(base);
  const entries = [...new Set(parseEntries(wanted))];
  for (const entry of entries) if (!known.includes(entry)) checkedContent(entry);
  const wish = editsBetween(known, entries);
  const { edits } = await changeMemory(db, about, (text) => {
    const now = parseEntries(text);
    const next = applyEdits(now, wish);
    const joined = next.join(entrySeparator);
    refuseExcess(joined, text, now, file);
    return { text: joined, edits: editsBetween(now, next) };
  });
  const removed = edits.filter(({ after }) => after === null).length;
  return { added: edits.length - removed, removed };
}

/** What came of bringing entries along from elsewhere. */
export interface Brought {
  readonly target: MemoryTarget;
  readonly added: number;
  /** Those for which there was no room. */
  readonly left: readonly string[];
}

/** Adds a file's entries to a memory, in order, as far as they fit; those that are there already are passed over. */
export async function bringIn(db: Db, about: ChangeAbout, given: string, file: MemoryFile): Promise<Brought> {
  const left: string[] = [];
  const { edits } = await changeMemory(db, about, (text) => {
    left.length = 0;
    let entries = parseEntries(text);
    for (const entry of parseEntries(given)) {
      const next = applyEdits(entries, [{ before: null, after: entry }]);
      if ([...next.join(entrySeparator)].length <= file.limit) entries = next;
      else left.push(entry);
    }
    return { text: entries.join(entrySeparator), edits: editsBetween(parseEntries(text), entries) };
  });
  return { target: about.target, added: edits.length, left };
}

import type { MemoryChange, MemoryEdit, MemoryScope, MemoryTarget } from "../core/memory.ts";
import { threatsIn } from "../core/threats.ts";

/** Stands on a line of its own between two entries of MEMORY.md and USER.md. */
export const entrySeparator = "\n§\n";

/** The files' names, as the original has them. */
export const fileNames = { memory: "MEMORY.md", user: "USER.md" } as const satisfies Record<MemoryTarget, string>;

/** The file's entries, in order. */
export function parseEntries(text: string): readonly string[] {
  return text
    .split(/\r?\n[ \t]*§[ \t]*\r?\n/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

/** Length as the limits count it: characters, not UTF-16 units. */
function memoryLength(text: string): number {
  return [...text].length;
}

/** A file, the most it holds, and whose it is. */
export interface MemoryFile {
  readonly scope: MemoryScope;
  readonly target: MemoryTarget;
  readonly limit: number;
}

/** A file after a change, what has changed in it, and the line the model reads. */
export interface Changed {
  readonly text: string;
  readonly edits: readonly MemoryEdit[];
  readonly reply: string;
}

/** Thrown where a file would outgrow its limit: whoever writes is to make room first. */
export class MemoryFull extends Error {
  constructor(message: string) {
    super(message);
    this.name = "MemoryFull";
  }
}

/** The file after a change. Throws an Error the model reads when the change can't be made; a `MemoryFull` where there is no room. */
export function applyChange(text: string, change: MemoryChange, file: MemoryFile): Changed {
  const entries = parseEntries(text);
  const edits = editsOf(entries, change, file);
  if (edits.length === 0) {
    return { text, edits, reply: `That is there already; nothing changed. ${usage(text, file)}` };
  }
  const next = applyEdits(entries, edits).join(entrySeparator);
  refuseExcess(next, text, entries, file);
  const done = { add: "Added.", replace: "Replaced.", remove: "Removed." }[change.action];
  return { text: next, edits, reply: `${done} ${usage(next, file)}` };
}

/** The entries after edits, as far as these still fit: what an edit is to change and is not there stays away. */
export function applyEdits(entries: readonly string[], edits: readonly MemoryEdit[]): readonly string[] {
  return edits.reduce((now, { before, after }) => {
    if (before === null) return after === null || now.includes(after) ? now : [...now, after];
    const at = now.indexOf(before);
    const rest = now.filter((_entry, index) => index !== at);
    if (after === null || at === -1 || rest.includes(after)) return rest;
    return now.map((entry, index) => (index === at ? after : entry));
  }, entries);
}

/** What makes one file of another: entries that went, and that came. */
export function editsBetween(before: readonly string[], after: readonly string[]): readonly MemoryEdit[] {
  const gone = before.filter((entry) => !after.includes(entry)).map((entry) => ({ before: entry, after: null }));
  const come = after.filter((entry) => !before.includes(entry)).map((entry) => ({ before: null, after: entry }));
  return [...gone, ...come];
}

/** The entries as they were before an edit; null when it has been written over since. */
export function takeBack(entries: readonly string[], { before, after }: MemoryEdit): readonly string[] | null {
  if (after !== null && !entries.includes(after)) return null;
  return applyEdits(entries, [{ before: after, after: before }]);
}

/** Throws a `MemoryFull` where a file has outgrown its limit. One that is too long already can only shrink. */
export function refuseExcess(next: string, before: string, entries: readonly string[], file: MemoryFile): void {
  const excess = memoryLength(next) - file.limit;
  if (excess <= 0 || memoryLength(next) <= memoryLength(before)) return;
  throw new MemoryFull(
    `${nameOf(file)} holds at most ${count(file.limit)} characters, and this is ${count(excess)} too many. ` +
      `Shorten it, or merge or remove entries first.${listed(entries)}`,
  );
}

/** Why an entry may not be read by a model as its own memory; null where it may. */
export function whyBlocked(entry: string): string | null {
  const threat = threatsIn(entry).find(({ grade }) => grade === "high");
  if (threat === undefined) return null;
  return threat.excerpt === "" ? `it ${threat.what}` : `it ${threat.what} (“${threat.excerpt}”)`;
}

/** What is wrong with a text as an entry. Throws an Error that the model reads. */
export function checkedContent(content: string): string {
  const trimmed = content.replaceAll("\r\n", "\n").trim().toWellFormed();
  if (trimmed === "") throw new Error("content is empty. Say in content what to remember.");
  if (parseEntries(`\n${trimmed}\n`).length !== 1 || /^[ \t]*§[ \t]*$/m.test(trimmed)) {
    throw new Error("content has a line that is only §, which separates entries. Add each entry by a call of its own.");
  }
  if (/^[ \t]*═{3,}[ \t]*$/m.test(trimmed))
    throw new Error("content has a ruler like those of the memory's header. Leave it out.");
  const why = whyBlocked(trimmed);
  if (why !== null) throw new Error(`This is not saved: ${why}. Save the plain fact alone, in plain text.`);
  return trimmed;
}

/** `MEMORY.md: 45% — 990/2,200 chars.` */
function usage(text: string, file: MemoryFile): string {
  return `${nameOf(file)}: ${measure(text, file.limit)}.`;
}

/** `45% — 990/2,200 chars`, as the header and the replies say it. */
export function measure(text: string, limit: number): string {
  const used = memoryLength(text);
  return `${Math.round((used / limit) * 100)}% — ${count(used)}/${count(limit)} chars`;
}

/** The edits that a change comes to; none when nothing would change. */
function editsOf(entries: readonly string[], change: MemoryChange, file: MemoryFile): readonly MemoryEdit[] {
  switch (change.action) {
    case "add": {
      const content = checkedContent(change.content);
      return entries.includes(content) ? [] : [{ before: null, after: content }];
    }
    case "replace": {
      const content = checkedContent(change.content);
      const before = meantEntry(entries, change.oldText, file);
      // The new wording may be there already under another entry: one is enough.
      return before === content ? [] : [{ before, after: entries.includes(content) ? null : content }];
    }
    case "remove":
      return [{ before: meantEntry(entries, change.oldText, file), after: null }];
  }
}

/** The one entry that is meant by a part of it. Throws an Error the model reads when it is none or several. */
function meantEntry(entries: readonly string[], oldText: string, file: Pick<MemoryFile, "scope" | "target">): string {
  const wanted = oldText.trim();
  if (wanted === "") throw new Error(`old_text is empty. Give a part of the entry you mean.${listed(entries)}`);
  if (entries.includes(wanted)) return wanted;
  const found = entries.filter((entry) => entry.includes(wanted));
  const [first] = found;
  if (first === undefined) throw new Error(`No entry of ${nameOf(file)} contains ${JSON.stringify(wanted)}.${listed(entries)}`);
  if (found.length > 1) {
    throw new Error(
      `${JSON.stringify(wanted)} is in ${found.length} entries of ${nameOf(file)}. Give a longer part of one.${listed(found)}`,
    );
  }
  return first;
}

function nameOf({ scope, target }: Pick<MemoryFile, "scope" | "target">): string {
  const names = { person: fileNames[target], team: "the team's MEMORY.md", chat: "this chat's MEMORY.md" };
  return names[scope];
}

function listed(entries: readonly string[]): string {
  if (entries.length === 0) return " It has no entries.";
  return ` Entries:\n${entries.map((entry) => `- ${entry}`).join("\n")}`;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

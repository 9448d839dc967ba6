import type { MemoryChange, MemoryTarget } from "../core/tool.ts";

/** Stands on a line of its own between two entries of MEMORY.md and USER.md. */
const entrySeparator = "\n§\n";

const fileNames = { memory: "MEMORY.md", user: "USER.md" } as const satisfies Record<MemoryTarget, string>;

const titles = { memory: "MEMORY (your own notes)", user: "USER PROFILE (who you talk with)" } as const satisfies Record<
  MemoryTarget,
  string
>;

const ruler = "═".repeat(12);

/** Characters that hide text from a reader or turn its order round: never part of an honest note. */
const invisible =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/u;

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

/** The file after a change, and the line the model reads. Throws an Error the model reads when the change can't be made. */
export function applyChange(
  text: string,
  change: MemoryChange,
  limit: number,
): { readonly text: string; readonly reply: string } {
  const entries = parseEntries(text);
  const changed = changedEntries(entries, change);
  if (changed === null) return { text, reply: `That is there already; nothing changed. ${usage(change.target, text, limit)}` };
  const next = changed.join(entrySeparator);
  const excess = memoryLength(next) - limit;
  if (excess > 0 && memoryLength(next) > memoryLength(text)) throw tooLong(change.target, entries, excess, limit);
  const done = { add: "Added.", replace: "Replaced.", remove: "Removed." }[change.action];
  return { text: next, reply: `${done} ${usage(change.target, next, limit)}` };
}

/** A memory file as the prompt shows it; empty when there is nothing in it. The same text always gives the same bytes. */
export function renderBlock(target: MemoryTarget, text: string, limit: number): string {
  const entries = parseEntries(text);
  if (entries.length === 0) return "";
  const body = entries.join(entrySeparator);
  return `${ruler}\n${titles[target]} [${measure(body, limit)}]\n${ruler}\n${body}`;
}

/** The new entries; null when nothing would change. */
function changedEntries(entries: readonly string[], change: MemoryChange): readonly string[] | null {
  switch (change.action) {
    case "add": {
      const content = checkedContent(change.content);
      return entries.includes(content) ? null : [...entries, content];
    }
    case "replace": {
      const content = checkedContent(change.content);
      const at = indexOfEntry(entries, change.oldText, change.target);
      if (entries[at] === content) return null;
      // The new wording may be there already under another entry: one is enough.
      return entries
        .map((entry, index) => (index === at ? content : entry))
        .filter((entry, index) => index === at || entry !== content);
    }
    case "remove": {
      const at = indexOfEntry(entries, change.oldText, change.target);
      return entries.filter((_entry, index) => index !== at);
    }
  }
}

function checkedContent(content: string): string {
  const trimmed = content.replaceAll("\r\n", "\n").trim();
  if (trimmed === "") throw new Error("content is empty. Say in content what to remember.");
  if (invisible.test(trimmed)) throw new Error("content has invisible control characters. Write it again in plain text.");
  if (parseEntries(`\n${trimmed}\n`).length !== 1 || /^[ \t]*§[ \t]*$/m.test(trimmed)) {
    throw new Error("content has a line that is only §, which separates entries. Add each entry by a call of its own.");
  }
  return trimmed;
}

function indexOfEntry(entries: readonly string[], oldText: string, target: MemoryTarget): number {
  const wanted = oldText.trim();
  if (wanted === "") throw new Error(`old_text is empty. Give a part of the entry you mean.${listed(entries)}`);
  const exact = entries.indexOf(wanted);
  if (exact !== -1) return exact;
  const found = entries.flatMap((entry, index) => (entry.includes(wanted) ? [index] : []));
  const [first] = found;
  if (first === undefined)
    throw new Error(`No entry of ${fileNames[target]} contains ${JSON.stringify(wanted)}.${listed(entries)}`);
  if (found.length > 1) {
    const matches = found.flatMap((index) => entries[index] ?? []);
    throw new Error(
      `${JSON.stringify(wanted)} is in ${found.length} entries of ${fileNames[target]}. Give a longer part of one.${listed(matches)}`,
    );
  }
  return first;
}

function tooLong(target: MemoryTarget, entries: readonly string[], excess: number, limit: number): Error {
  return new Error(
    `${fileNames[target]} holds at most ${count(limit)} characters, and this is ${count(excess)} too many. ` +
      `Shorten it, or merge or remove entries first.${listed(entries)}`,
  );
}

function listed(entries: readonly string[]): string {
  if (entries.length === 0) return " It has no entries.";
  return ` Entries:\n${entries.map((entry) => `- ${entry}`).join("\n")}`;
}

function usage(target: MemoryTarget, text: string, limit: number): string {
  return `${fileNames[target]}: ${measure(text, limit)}.`;
}

/** `45% — 990/2,200 chars`, as the header and the replies say it. */
function measure(text: string, limit: number): string {
  const used = memoryLength(text);
  return `${Math.round((used / limit) * 100)}% — ${count(used)}/${count(limit)} chars`;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

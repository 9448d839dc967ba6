import type { Language } from "../core/language.ts";
import type { MemoryOwner, MemoryRules, MemoryTarget, MemoryView, ShownEntry } from "../core/memory.ts";
import type { Db } from "../store/hold.ts";
import { readMemory } from "../store/memories.ts";
import { entrySeparator, fileNames, measure, parseEntries, whyBlocked } from "./entries.ts";
import { quoted } from "./notices.ts";
import { filesOf } from "./scopes.ts";

/** A memory with its files' texts. */
export interface WholeView extends MemoryView {
  readonly texts: Readonly<Partial<Record<MemoryTarget, string>>>;
}

/** A memory as a person is shown it, with all entries, also those that are kept out of prompts. */
export async function viewMemory(db: Db, owner: MemoryOwner, rules: MemoryRules): Promise<WholeView> {
  const stored = await readMemory(db, owner);
  const files = filesOf(owner, rules).map((file) => ({
    ...file,
    ...stored[file.target],
    entries: parseEntries(stored[file.target].text),
  }));
  const entries = files.flatMap(({ target, entries, visible }) =>
    entries.map((text) => ({ target, text, blocked: whyBlocked(text), visible: visible.includes(text) })),
  );
  return {
    scope: owner.scope,
    entries: entries.map((entry, index): ShownEntry => ({ ...entry, number: index + 1 })),
    use: files.map(({ target, entries, limit }) => `${fileNames[target]} ${measure(entries.join(entrySeparator), limit)}`),
    texts: Object.fromEntries(files.flatMap(({ target, text }) => (text === "" ? [] : [[target, text]]))),
  };
}

/** The one entry that a person means by its number or a part of it; words to say where it is none or several. */
export function meantBy(
  entries: readonly ShownEntry[],
  which: string,
  { replies: { memory: words } }: Language,
): ShownEntry | string {
  const wanted = which.trim().replace(/^["“](.*)["”]$/s, "$1");
  if (wanted === "") return words.which;
  const number = /^#?(\d{1,6})$/.exec(wanted)?.[1];
  const numbered = entries.find((entry) => String(entry.number) === number);
  if (numbered) return numbered;
  const found = entries.filter(({ text }) => text === wanted || text.toLowerCase().includes(wanted.toLowerCase()));
  const [first] = found;
  if (first === undefined) return number === undefined ? words.noText : words.noNumber(number);
  if (found.length === 1) return first;
  return [words.several(found.length), "", ...found.slice(0, 10).map((entry) => `${entry.number}. ${quoted(entry.text)}`)].join(
    "\n",
  );
}

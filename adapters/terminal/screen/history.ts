import { appendFile, chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What was typed before, in this home. */
export interface History {
  /** Keeps a line for later. What begins with a space is not kept, as in shells. */
  add(text: string): void;
  /** The entry so many steps back, from 1; null: there is none. */
  back(steps: number): string | null;
  /** The newest entry that holds the words, and how far back it is, looking from `from` steps back. */
  find(words: string, from: number): { readonly text: string; readonly steps: number } | null;
  /** Resolves when all that was added is on the disk, as far as that can be. */
  saved(): Promise<unknown>;
}

const mostKept = 1_000;
const name = "chat_history";

/** Nothing of it is worth a failure: where it can't be read or written, one goes without. */
export async function openHistory(home: string): Promise<History> {
  const path = join(home, name);
  const entries = linesOf(await readFile(path, "utf8").catch(() => ""));
  if (entries.length > mostKept) {
    entries.splice(0, entries.length - mostKept);
    await writeFile(path, entries.map(lineOf).join(""), { mode: 0o600 }).catch(() => undefined);
  }
  await chmod(path, 0o600).catch(() => undefined);
  let last: Promise<unknown> = Promise.resolve();
  return {
    add(text) {
      if (text.trim() === "" || text.startsWith(" ") || text === entries.at(-1)) return;
      entries.push(text);
      last = last.then(() => appendFile(path, lineOf(text), { mode: 0o600 })).catch(() => undefined);
    },
    saved: () => last,
    back: (steps) => (steps < 1 ? null : (entries.at(-steps) ?? null)),
    find(words, from) {
      if (words === "") return null;
      for (let steps = from; steps <= entries.length; steps += 1) {
        const text = entries.at(-steps) ?? "";
        if (text.toLowerCase().includes(words.toLowerCase())) return { text, steps };
      }
      return null;
    },
  };
}

function lineOf(text: string): string {
  return `${JSON.stringify(text)}\n`;
}

function linesOf(file: string): string[] {
  return file.split("\n").flatMap((line) => {
    try {
      const text: unknown = JSON.parse(line);
      return typeof text === "string" ? [text] : [];
    } catch {
      return [];
    }
  });
}

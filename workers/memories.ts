import { languageOfPerson, usualLanguage } from "../src/commands/languages/chosen.ts";
import type { Log } from "../src/core/log.ts";
import type { MemoryRules } from "../src/core/memory.ts";
import type { Queues } from "../src/core/queue.ts";
import { noticeOf } from "../src/memory/notices.ts";
import type { Db } from "../src/store/hold.ts";
import { tellChanges, type Untold } from "../src/store/memory-changes.ts";
import { wakeDeliveries } from "./asking.ts";

interface TellingParts {
  readonly db: Db;
  readonly queues: Queues;
  readonly log: Log;
  readonly memory: MemoryRules;
  /** Of those who have picked none and whose client tells none. */
  readonly language: string;
}

/** Tells chats what was saved there, once, with a button to undo it. */
export async function tellMemories(parts: TellingParts, which: Untold): Promise<void> {
  const { memory, language } = parts;
  const chats = await tellChanges(parts.db, which, async (changes, author, on) =>
    noticeOf(changes, memory, author === null ? usualLanguage(language) : await languageOfPerson(on, author, language)),
  );
  await wakeDeliveries(parts, chats);
}

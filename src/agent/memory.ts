import { chatKey, type ChatRef } from "../core/chats.ts";
import { errandPlatforms } from "../core/errand.ts";
import type { MemoryChange, MemoryRules, MemoryWish } from "../core/memory.ts";
import { type Changed, MemoryFull } from "../memory/entries.ts";
import { blocksOf, keep } from "../memory/keeping.ts";
import { type MemoryReader, ownerHere, ownerWished, readableHere } from "../memory/scopes.ts";
import type { Db } from "../store/hold.ts";
import { resultsLike } from "../store/journal.ts";
import type { Turn } from "../store/turns.ts";

/** The memory blocks of a new session's prompt: the team's, then the person's in private, or the chat's where several read. */
export async function memoryBlocks(db: Db, reader: MemoryReader, rules: MemoryRules): Promise<readonly string[]> {
  return await blocksOf(db, readableHere(reader), rules);
}

/** How often in one turn the model may try to make room. */
const mostFullTries = 3;

/** How a turn's calls change memory; returns what the model reads, throws what it should mend. */
export function rememberIn(
  db: Db,
  reader: MemoryReader,
  rules: MemoryRules,
  turn: Pick<Turn, "id" | "request">,
): (change: MemoryChange, wish: MemoryWish) => Promise<string> {
  let triesHere = 0;
  return async (change, wish) => {
    const owner = ownerWished(wish, reader, rules);
    // What is in a private memory is not read out where others listen, not even in an error.
    const unseen = owner.scope === "person" && ownerHere(reader).scope !== "person";
    if (unseen && change.action !== "add")
      throw new Error("A person's own memory is changed in their private chat. From here you can only add to it.");
    const { request, id } = turn;
    const told = isSpokenTo(reader.chat) ? chatKey(reader.chat) : null;
    const about = { owner, author: reader.person.id, origin: "tool", turn: id, chat: told, replyTo: request.messageId } as const;
    try {
      const { edits, reply }: Changed = await keep(db, about, change, rules);
      if (!unseen) return reply;
      return edits.length === 0 ? "That is there already; nothing changed." : "Added to the person's own memory.";
    } catch (error) {
      if (!(error instanceof MemoryFull)) throw error;
      if (unseen)
        throw new Error("The person's own memory is full. Tell them to make room in their private chat: /memory.", {
          cause: error,
        });
      triesHere += 1;
      const tries = Math.max(triesHere, 1 + (await resultsLike(db, id, "memory", "holds at most")));
      if (tries > mostFullTries) throw new Error(skip(tries - 1), { cause: error });
      throw error;
    }
  };
}

/** Errands without a home have nobody who could be told. */
function isSpokenTo(chat: ChatRef): boolean {
  return !Object.values(errandPlatforms).includes(chat.platform);
}

function skip(tries: number): string {
  return `The memory is still full after ${tries} tries in this request. Skip it: save nothing more now, go on with the request, and say so.`;
}

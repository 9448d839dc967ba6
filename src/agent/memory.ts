import { chatKey, type ChatRef } from "../core/chats.ts";
import { errandPlatforms } from "../core/errand.ts";
import type { MemoryChange, MemoryOwner, MemoryRules, MemoryWish } from "../core/memory.ts";
import { MemoryFull } from "../memory/entries.ts";
import { importOnce } from "../memory/home.ts";
import { blocksOf, keep } from "../memory/keeping.ts";
import { type MemoryReader, ownerHere, ownerWished, readableHere } from "../memory/scopes.ts";
import type { Db } from "../store/hold.ts";
import { resultsLike } from "../store/journal.ts";
import { anyPrivateChatOf } from "../store/schedule-targets.ts";
import type { Turn } from "../store/turns.ts";

/** The memory blocks of a new session's prompt: the team's, then the person's in private, or the chat's where several read. */
export async function memoryBlocks(db: Db, reader: MemoryReader, rules: MemoryRules): Promise<readonly string[]> {
  const { person, kind } = reader;
  if (rules.home !== null && kind === "private" && person.role === "owner") await importOnce(db, rules.home, person.id, rules);
  return await blocksOf(db, readableHere(reader), rules);
}

/** What a turn's calls change memory with. */
export interface Remembering {
  readonly db: Db;
  readonly reader: MemoryReader;
  readonly rules: MemoryRules;
  readonly turn: Pick<Turn, "id" | "request">;
  /** Called once the turn has changed something. */
  changed(): void;
}

/** How a turn's calls change memory; returns what the model reads, throws what it should mend. */
export function rememberIn(parts: Remembering): (change: MemoryChange, wish: MemoryWish) => Promise<string> {
  const state = { fullTries: 0 };
  return async (change, wish) => {
    const { reader, rules } = parts;
    const owner = ownerWished(wish, reader, rules);
    // What is in a private memory is not read out where others listen, not even in an error.
    const unseen = owner.scope === "person" && ownerHere(reader).scope !== "person";
    if (unseen && change.action !== "add") throw new Error(onlyAdds);
    try {
      const { edits, reply } = await keep(parts.db, await aboutOf(parts, owner), change, rules);
      if (edits.length > 0) parts.changed();
      return unseen ? "It is in the person's own memory." : reply;
    } catch (error) {
      if (!(error instanceof MemoryFull)) throw error;
      throw unseen ? new Error(ownFull, { cause: error }) : await withPatience(parts, state, error);
    }
  };
}

const onlyAdds = "A person's own memory is changed in their private chat. From here you can only add to it.";
const ownFull = "The person's own memory is full. Tell them to make room in their private chat: /memory.";

async function aboutOf({ db, reader, turn }: Remembering, owner: MemoryOwner) {
  const chat = await toldIn(db, reader, owner);
  const told = { chat: chat && chatKey(chat), replyTo: turn.request.messageId };
  return { owner, author: reader.person.id, origin: "tool", turn: turn.id, ...told } as const;
}

/** Where a change is told: here, or of an errand without a home, whose own chat is nobody's, in its person's private one. */
async function toldIn(db: Db, { chat, person }: MemoryReader, { scope }: MemoryOwner): Promise<ChatRef | null> {
  if (!Object.values(errandPlatforms).includes(chat.platform)) return chat;
  return scope === "chat" ? null : await anyPrivateChatOf(db, person.id);
}

/** How often in one turn the model may fail to make room. */
const mostFullTries = 3;

/** A full memory lists its entries for the model to make room; a model that can't is told to leave it, also after a change of workers. */
async function withPatience({ db, turn }: Remembering, state: { fullTries: number }, full: MemoryFull): Promise<Error> {
  state.fullTries += 1;
  const tries = Math.max(state.fullTries, 1 + (await resultsLike(db, turn.id, "memory", "holds at most")));
  return tries <= mostFullTries ? full : new Error(skipIt, { cause: full });
}

const skipIt = `The memory is still full after ${mostFullTries} tries in this request. Skip it: save nothing more now, go on with the request, and say that there was no room.`;

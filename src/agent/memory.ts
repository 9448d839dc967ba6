import type { ChatKind, Person } from "../core/chats.ts";
import type { MemoryChange, MemoryTarget } from "../core/tool.ts";
import { applyChange, renderBlock } from "../memory/index.ts";
import type { Db } from "../store/hold.ts";
import { changeMemory, type MemoryOwner, readMemories } from "../store/memories.ts";

/** Which of the two files are kept, and their limits in characters; null turns a file off. */
export type MemoryLimits = Readonly<Record<MemoryTarget, number | null>>;

/** In a private chat the person's own memory; in a shared one the chat's: what somebody said in private stays there. */
export function memoryOwner(kind: ChatKind, person: Person, conversation: string): MemoryOwner {
  return kind === "private" ? { scope: "person", owner: person.id } : { scope: "conversation", owner: conversation };
}

/** The memory blocks of a new session's prompt. */
export async function memoryBlocks(db: Db, owner: MemoryOwner, limits: MemoryLimits): Promise<readonly string[]> {
  const texts = await readMemories(db, owner);
  const targets: readonly MemoryTarget[] = ["memory", "user"];
  return targets.flatMap((target) => {
    const limit = limits[target];
    return limit === null || texts[target] === "" ? [] : [renderBlock(target, texts[target], limit)];
  });
}

/** Changes one file of an owner; returns what the model reads, throws what it should mend. */
export async function remember(db: Db, owner: MemoryOwner, limits: MemoryLimits, change: MemoryChange): Promise<string> {
  const limit = limits[change.target];
  if (limit === null) throw new Error(`Memory "${change.target}" is turned off here.`);
  if (owner.scope === "conversation" && change.target === "user") {
    throw new Error('A shared chat keeps no profile of a person. Use target "memory" for what everybody here may know.');
  }
  const result = await changeMemory(db, owner, change.target, (text) => applyChange(text, change, limit));
  return result.reply;
}

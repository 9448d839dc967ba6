import { type ChatKind, chatKey, type ChatRef, isAtLeast, type Person } from "../core/chats.ts";
import { type MemoryOwner, type MemoryRules, type MemoryTarget, type MemoryWish, teamMemory } from "../core/memory.ts";
import type { ReviewedTalks } from "../store/memory-reviews.ts";
import type { MemoryFile } from "./entries.ts";

/** Who reads or writes, and where. All that may be read or written follows from this alone. */
export interface MemoryReader {
  readonly person: Person;
  readonly chat: ChatRef;
  readonly kind: ChatKind;
}

/** A person's own memory in private; where several read, the chat's: what somebody said in private stays there. */
export function ownerHere({ person, chat, kind }: MemoryReader): MemoryOwner {
  return kind === "private" ? personal(person) : { scope: "chat", owner: chatKey(roomOf(chat)) };
}

/** Everything that a prompt here may hold, in its order. */
export function readableHere(reader: MemoryReader): readonly MemoryOwner[] {
  return [teamMemory, ownerHere(reader)];
}

/** The memory that a wish means. Throws for the model where this person may not write it. */
export function ownerWished(wish: MemoryWish, reader: MemoryReader, rules: MemoryRules): MemoryOwner {
  switch (wish) {
    case "here":
      return ownerHere(reader);
    case "person":
      return personal(reader.person);
    case "team":
      if (mayWriteTeam(reader.person, rules)) return teamMemory;
      throw new Error(
        `Only ${writers[rules.teamWriters]} may change the team's memory. Save it with scope "here", or tell the person.`,
      );
  }
}

/** What this person may change from here, and so take back: their own, the chat's they are in, the team's by role. */
export function changeableHere(reader: MemoryReader, rules: MemoryRules): readonly MemoryOwner[] {
  return [personal(reader.person), ownerHere(reader), ...(mayWriteTeam(reader.person, rules) ? [teamMemory] : [])];
}

/** Whether a person may change the team's memory. */
export function mayWriteTeam({ role }: Person, { teamWriters }: MemoryRules): boolean {
  return isAtLeast(role, teamWriters);
}

/** The file and its limit. Throws for the model where it is turned off, or there is none. */
export function fileOf(owner: MemoryOwner, target: MemoryTarget, rules: MemoryRules): MemoryFile {
  if (target === "user" && owner.scope !== "person") {
    const whose = owner.scope === "team" ? "The team's memory" : "A shared chat";
    throw new Error(`${whose} keeps no profile of a person. Use target "memory" for what everybody here may know.`);
  }
  const limit = limitOf(owner, target, rules);
  if (limit === null)
    throw new Error(`${owner.scope === "team" ? "The team's memory" : `Memory "${target}"`} is turned off here.`);
  return { scope: owner.scope, target, limit };
}

/** The files of a memory that are kept, in order. */
export function filesOf(owner: MemoryOwner, rules: MemoryRules): readonly MemoryFile[] {
  const targets: readonly MemoryTarget[] = owner.scope === "person" ? ["memory", "user"] : ["memory"];
  return targets.flatMap((target) => {
    const limit = limitOf(owner, target, rules);
    return limit === null ? [] : [{ scope: owner.scope, target, limit }];
  });
}

/** The talks that may be looked through for what this memory should hold: no others may ever be. */
export function talksHere({ person, chat, kind }: MemoryReader): ReviewedTalks {
  return kind === "private" ? { kind, person: person.id } : { kind, ...chat, allThreads: !threadsApart(chat) };
}

/** A person's own. */
export function personal(person: Pick<Person, "id">): MemoryOwner {
  return { scope: "person", owner: person.id };
}

function limitOf({ scope }: MemoryOwner, target: MemoryTarget, rules: MemoryRules): number | null {
  return scope === "team" ? rules.team : rules[target];
}

function roomOf(chat: ChatRef): ChatRef {
  return threadsApart(chat) ? chat : { ...chat, thread: null };
}

/** A thread shares its chat's memory; a Discord one has its own, for it may be closed to some who read the channel. */
function threadsApart({ platform }: ChatRef): boolean {
  return platform === "discord";
}

const writers = { owner: "an owner", admin: "an owner or admin", member: "somebody of the team" } as const;

import type { Role } from "./chats.ts";

/** The two memory files' names as the model says them: MEMORY.md and USER.md. */
export type MemoryTarget = "memory" | "user";

/** Whose memory: one person's own, everybody's, or a shared chat's. Only a person's has a USER.md. */
export type MemoryScope = "person" | "team" | "chat";

/** One memory. `owner` is a person's id or a chat's key; the team's is always the same. */
export interface MemoryOwner {
  readonly scope: MemoryScope;
  readonly owner: string;
}

/** Where something is to be kept. `here`: with the person in private, with the chat where several read. */
export type MemoryWish = "here" | "person" | "team";

/** What the memory tool may ask for. `oldText` is a unique substring of the entry meant. */
export type MemoryChange =
  | { readonly action: "add"; readonly target: MemoryTarget; readonly content: string }
  | { readonly action: "replace"; readonly target: MemoryTarget; readonly oldText: string; readonly content: string }
  | { readonly action: "remove"; readonly target: MemoryTarget; readonly oldText: string };

/** One entry as it was and as it is; null: not there. */
export interface MemoryEdit {
  readonly before: string | null;
  readonly after: string | null;
}

/** Which files are kept, their limits in characters (null turns a file off), and who may write the team's. */
export interface MemoryRules {
  readonly memory: number | null;
  readonly user: number | null;
  readonly team: number | null;
  readonly teamWriters: Exclude<Role, "guest">;
  /** A home where an existing Hermes Agent may have kept its memory; null: nowhere. */
  readonly home: string | null;
  /** Whether a chat is told what was saved, and with how many words. */
  readonly notices: "off" | "on" | "verbose";
}

/** One entry as a person is shown it. */
export interface ShownEntry {
  /** By which `/memory forget` finds it; counted over both files. */
  readonly number: number;
  readonly target: MemoryTarget;
  readonly text: string;
  /** Why it is kept out of prompts; null where it is not. */
  readonly blocked: string | null;
  /** Whether shared chats are told of it when its person writes there. */
  readonly visible: boolean;
}

/** A memory as a person is shown it. */
export interface MemoryView {
  readonly scope: MemoryScope;
  readonly entries: readonly ShownEntry[];
  /** Each file with how full it is. */
  readonly use: readonly string[];
}

/** `here`: the person's own in private, the chat's where several read. */
export type MemoryPlace = "here" | "team";

/** What `/memory` may do, bound to the chat it was typed in and the person who typed it. All but `show` give words to say back. */
export interface MemoryPorts {
  show(place: MemoryPlace): Promise<MemoryView>;
  /** By its number or by a text that only one entry has. */
  forget(place: MemoryPlace, which: string): Promise<string>;
  /** Sends the files into the chat. */
  export(place: MemoryPlace): Promise<string>;
  /**
   * Takes back one change, or (null) the newest of this person's, of the team's memory alone where that is meant; null: the message that told
   * of it shows that by itself.
   */
  undo(place: MemoryPlace, id: number | null): Promise<string | null>;
  /** Whether shared chats may be told of an entry of one's own. */
  share(which: string, visible: boolean): Promise<string>;
}

/** The team's only memory. */
export const teamMemory: MemoryOwner = { scope: "team", owner: "team" };

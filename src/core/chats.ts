/** Where messages appear, and who writes them: the address words that every part shares. */

/** A chat, or one thread of it. `thread` is null for the chat itself. */
export interface ChatRef {
  /** The platform's name as in `adapters/registry.ts`, e.g. `telegram`, `web`. */
  readonly platform: string;
  readonly chat: string;
  readonly thread: string | null;
}

/** `private`: one person and the agent. `shared`: a group, channel or thread that several people read. */
export type ChatKind = "private" | "shared";

/** A platform account, before it is known which person it belongs to. */
export interface Account {
  readonly platform: string;
  /** The platform's own stable id of the account, never a name that can change hands. */
  readonly id: string;
  /** What to call them; untrusted text. */
  readonly name: string;
  /** The language of their client as a BCP 47 tag, where the platform tells it; untrusted text. */
  readonly language?: string;
}

/** A role, strongest first. Guests are known but may not speak to the agent. */
export type Role = "owner" | "admin" | "member" | "guest";

/** All roles, strongest first. */
export const roles: readonly Role[] = ["owner", "admin", "member", "guest"];

/** Whether a role is `least` or stronger. */
export function isAtLeast(role: Role, least: Role): boolean {
  return roles.indexOf(role) <= roles.indexOf(least);
}

/** A person the agent knows. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
}

/**
 * Who is reading. Every query that returns what somebody said takes one; the record gives nothing that this viewer may not see.
 * `system` is for upkeep that moves rows without showing them to a model or a person.
 */
export type Viewer =
  | { readonly kind: "person"; readonly person: string; readonly conversation: string }
  | { readonly kind: "shared"; readonly conversation: string }
  | { readonly kind: "system" };

/** One string for a chat, usable as a key: `telegram:-100123:7`. Parts are percent-encoded so that `:` separates. */
export function chatKey(ref: ChatRef): string {
  const parts = [ref.platform, ref.chat, ...(ref.thread === null ? [] : [ref.thread])];
  return parts.map((part) => encodeURIComponent(part)).join(":");
}

/** The inverse of `chatKey`. Throws on a string that `chatKey` could not have made. */
export function parseChatKey(key: string): ChatRef {
  const [platform, chat, thread, ...rest] = key.split(":").map((part) => decodeURIComponent(part));
  if (!platform || !chat || rest.length > 0) throw new Error(`not a chat key: ${key}`);
  return { platform, chat, thread: thread ?? null };
}

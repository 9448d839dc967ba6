import type { ChatKind, ChatRef, Person, Role } from "../core/chats.ts";
import type { SkillReach } from "../core/skill.ts";
import type { SkillSetting } from "../skills/offered.ts";
import type { Db } from "../store/hold.ts";

/** What skills need of the process; the configuration as it is at each use. */
export interface SkillWork {
  readonly db: Db;
  readonly inspect: SkillReach["inspect"];
  settings(): Promise<SkillRules>;
  /** Where commands run: linux, macos, windows. */
  platform(): Promise<string>;
  /** Names of the skills that ship with this version. */
  shipped(): Promise<readonly string[]>;
  /** Wakes deliveries. */
  wake(chats: readonly string[]): Promise<void>;
}

/** What the configuration says of skills. */
export interface SkillRules {
  readonly approvers: Exclude<Role, "guest">;
  /** The values that skills may be given, by their names. */
  readonly variables: ReadonlyMap<string, string>;
}

/** Whose turn it is, and where. */
export interface SkillAsker {
  readonly session: string;
  readonly person: Person;
  readonly chat: ChatRef;
  readonly kind: ChatKind;
  readonly replyTo: string | null;
  readonly signal: AbortSignal;
  /** The tools of the session's prompt, with their sets. */
  readonly has: Pick<SkillSetting, "tools" | "toolsets">;
}

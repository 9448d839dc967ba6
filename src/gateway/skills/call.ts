import type { ChatRef, Person } from "../../core/chats.ts";
import type { SkillOwner, SkillReach, SkillReply, SkillViewer } from "../../core/skill.ts";
import type { DecidingParts } from "../../skills/proposing.ts";
import type { Reading, SkillPlaces } from "../../skills/sources/index.ts";
import type { Db } from "../../store/hold.ts";

/** What looking after the skills needs; the configuration as it is at each use. */
export interface SkillDesk {
  readonly db: Db;
  rules(): Promise<{ readonly approvers: DecidingParts["approvers"]; readonly places: SkillPlaces; readonly reach: SkillReach }>;
  /** Wakes deliveries. */
  wake(chats: readonly string[]): Promise<void>;
}

/** Who stands at the desk. */
export interface Visitor {
  /** Null: whoever runs the service, at its command line. */
  readonly person: Person | null;
  readonly viewer: SkillViewer;
  /** Null at the command line. */
  readonly chat: ChatRef | null;
  readonly shared: boolean;
  readonly replyTo: string | null;
}

/** A call of one sub-command. */
export interface DeskCall {
  readonly desk: SkillDesk;
  readonly visitor: Visitor;
  readonly deciding: DecidingParts;
  readonly reading: Reading;
  readonly words: readonly string[];
  /** What was asked for beside words: `mine`, `force`. */
  readonly flags: ReadonlySet<string>;
}

/** What was not done, and why. */
export function refused(text: string): SkillReply {
  return { ok: false, text, data: { error: text } };
}

/** What was done. */
export function done(text: string, data: unknown = {}): SkillReply {
  return { ok: true, text, data };
}

/** Whose skills a call is about: the team's, or with `--mine` one's own. */
export function ownerFor({ visitor, flags }: Pick<DeskCall, "visitor" | "flags">): SkillOwner {
  if (!flags.has("mine")) return { scope: "team" };
  if (visitor.person === null) throw new Error("--mine is for people in chats; the command line looks after the team's skills.");
  if (visitor.shared) throw new Error("Skills of your own are looked after in a private chat with me.");
  return { scope: "person", person: visitor.person.id };
}

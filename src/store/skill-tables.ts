import type { ColumnType, Generated, JSONColumnType } from "kysely";
import type { ProposalAction, SkillFinding, SkillMeta, SkillOrigin, SkillVerdict } from "../core/skill.ts";

type Stamp = ColumnType<Date, Date | undefined, Date>;
type MaybeStamp = ColumnType<Date | null, Date | null | undefined, Date | null>;
type Json<T extends object> = JSONColumnType<T, string, string>;

/** `owner`: empty for the team's, else a person. */
interface Owned {
  scope: "team" | "person";
  owner: string;
  name: string;
}

/** The tables of skills. */
export interface SkillTables {
  /** What a skill is, by the hash of all its files. */
  skill_bundles: { hash: string; meta: Json<SkillMeta>; created_at: Stamp };
  skill_files: { bundle: string; path: string; bytes: Uint8Array; executable: boolean };
  /** Those in use: the lock. */
  skills: Owned & {
    id: Generated<number>;
    bundle: string;
    origin: Json<SkillOrigin>;
    verdict: SkillVerdict;
    added_by: string | null;
    added_at: Stamp;
    updated_at: Stamp;
  };
  /** What waits for a person's yes: the quarantine. */
  skill_proposals: Owned & {
    id: string;
    action: ProposalAction;
    /** Null: it is to be removed. */
    bundle: string | null;
    /** What stood when it was proposed; null: nothing did. */
    base: string | null;
    origin: Json<SkillOrigin>;
    verdict: SkillVerdict;
    findings: Json<readonly SkillFinding[]>;
    proposed_by: string | null;
    /** Outbox keys of its messages. */
    messages: Json<readonly string[]>;
    status: Generated<"open" | "accepted" | "rejected">;
    decided_by: string | null;
    created_at: Stamp;
    decided_at: MaybeStamp;
  };
  /** Which skills a session has read: their variables reach its commands. */
  skill_reads: { session_id: string; name: string; bundle: string; read_at: Stamp };
  /** What was taken from the home's `skills/`, as it was then. */
  skill_imports: { path: string; hash: string; taken_at: Stamp };
}

import type { ColumnType, Generated, JSONColumnType } from "kysely";
import type { MemoryScope, MemoryTarget } from "../core/memory.ts";

type Stamp = ColumnType<Date, Date | undefined, Date>;
type MaybeStamp = ColumnType<Date | null, Date | null | undefined, Date | null>;

/** Who or what made a change: the model in a turn, a look back, a person's command, a file that was edited or brought along. */
export type ChangeOrigin = "tool" | "review" | "command" | "edit" | "import";

interface Owned {
  scope: MemoryScope;
  owner: string;
}

/** The tables of memory. */
export interface MemoryTables {
  memories: Owned & {
    target: MemoryTarget;
    text: string;
    /** Entries that shared chats may be told of, word for word: one that is changed is no longer among them. */
    visible: JSONColumnType<readonly string[], string | undefined, string>;
    updated_at: Stamp;
  };
  /** Every entry that came, changed or went. */
  memory_changes: Owned & {
    id: Generated<number>;
    target: MemoryTarget;
    before: string | null;
    after: string | null;
    author: string | null;
    origin: ChangeOrigin;
    turn_id: string | null;
    /** Where it was learnt, and so where it is told. */
    chat_key: string | null;
    reply_to: string | null;
    created_at: Stamp;
    /** The outbox key of the message that tells of it; empty where nobody is to be told; null: still to be. */
    notice_key: string | null;
    undone_at: MaybeStamp;
  };
  /** How far an owner's talks have been looked through for what to remember. */
  memory_reviews: Owned & {
    /** The last request, by its inbox row. */
    reviewed_to: Generated<number>;
    attempts: Generated<number>;
    fence: Generated<number>;
    claimed_until: MaybeStamp;
  };
}

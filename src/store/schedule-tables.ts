import type { ColumnType, Generated, JSONColumnType } from "kysely";
import type { ChatKind } from "../core/chats.ts";
import type { MissedPolicy, RunStatus, ScheduleStatus, ScheduleWork } from "../core/schedule.ts";
import type { Timing } from "../core/timing.ts";

type Stamp = ColumnType<Date, Date | undefined, Date>;
type MaybeStamp = ColumnType<Date | null, Date | null | undefined, Date | null>;
type Json<T extends object> = JSONColumnType<T, string, string>;

/** The tables of schedules. */
export interface ScheduleTables {
  schedules: {
    id: string;
    /** By which people name it. */
    number: Generated<number>;
    person_id: string;
    name: string;
    prompt: string;
    /** The time as it was said. */
    said: string;
    timing: Json<Timing>;
    /** Chats' keys, or `origin`, `home`, `home:PLATFORM`, `local`. */
    deliver: Json<readonly string[]>;
    /** The chat it was made in. */
    origin: string | null;
    origin_kind: ChatKind;
    work: Json<ScheduleWork>;
    missed: Generated<MissedPolicy>;
    /** Runs that are left; null: no end. */
    remaining: number | null;
    status: ScheduleStatus;
    /** Why it is paused, where nobody has paused it. */
    why: string | null;
    next_at: MaybeStamp;
    /** Failures in a row. */
    failures: Generated<number>;
    last_failure: string | null;
    /** The outbox entry that told of it. */
    told_key: string | null;
    created_at: Stamp;
    updated_at: Stamp;
  };
  /** Changes that wait for a yes. */
  schedule_edits: { schedule_id: string; person_id: string; token: string; change: Json<object>; created_at: Stamp };
  schedule_runs: {
    id: string;
    schedule_id: string;
    instant: ColumnType<Date, Date, never>;
    cause: "clock" | "hand";
    status: Generated<RunStatus>;
    attempt: Generated<number>;
    not_before: Stamp;
    /** Who may see what it came to: its owner, or whoever is where it was told. */
    kind: ChatKind | null;
    errand_id: string | null;
    script_began: MaybeStamp;
    /** What it came to; until then what its script has printed. */
    output: string | null;
    failure: string | null;
    holder: string | null;
    lease_until: MaybeStamp;
    fired_at: Stamp;
    ended_at: MaybeStamp;
  };
  /** What channels are called, as far as their platforms have told. */
  chat_names: { platform: string; chat: string; name: string };
}

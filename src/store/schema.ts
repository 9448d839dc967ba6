import type { ColumnType, Generated, JSONColumnType } from "kysely";
import type { ChatKind, ChatRef, Role } from "../core/chats.ts";
import type { ErrandResult, ErrandStatus, ErrandTerms, ErrandType, ShownIn } from "../core/errand.ts";
import type { FileKind } from "../core/files.ts";
import type { Inbound } from "../core/inbound.ts";
import type { ModelChoice, ModelMessage, ToolSpec } from "../core/model.ts";
import type { Outbound } from "../core/outbound.ts";
import type { Question, QuestionKind } from "../core/question.ts";
import type { ToolKind } from "../core/tool.ts";
import type { MemoryTables } from "./memory-tables.ts";
import type { ScheduleTables } from "./schedule-tables.ts";
import type { SkillTables } from "./skill-tables.ts";

/** `timestamptz`, filled by the database's clock where left out: the one clock that several machines share. */
type Stamp = ColumnType<Date, Date | undefined, Date>;
type MaybeStamp = ColumnType<Date | null, Date | null | undefined, Date | null>;
type Json<T extends object> = JSONColumnType<T, string, string>;

/** The prompt's stable head, frozen when a session begins so that its bytes never change. */
export interface FrozenPrompt {
  readonly system: string;
  readonly tools: readonly ToolSpec[];
}

/** `new`: stored, not yet routed. `waiting`: has a session, no turn yet. `taken`: part of a turn. `done`: nothing left to do. */
export type InboxStatus = "new" | "waiting" | "taken" | "done";
/** `parked`: waits for a person's answer; no worker holds it. */
export type TurnStatus = "running" | "parked" | "answered" | "stopped" | "failed";
/** `parked`: it has asked a person and has done nothing yet. `unknown`: an effectful call whose worker died in it. */
export type CallStatus = "started" | "parked" | "done" | "failed" | "unknown";
/** `sending`: an attempt is under way, or died; only its lease tells. `refused`: the platform will never take it. */
export type OutboxStatus = "pending" | "sending" | "sent" | "refused";

export type QuestionStatus = "open" | "answered" | "expired";

/** A person's `/compress`: what to keep above all, and where the answer goes. `key` makes that answer a single one. */
export interface CompressRequest {
  readonly key: string;
  readonly person: string;
  readonly chat: ChatRef;
  readonly replyTo: string | null;
  readonly focus: string;
}

/** An errand's terms, who shows it, and what its landing needs. */
export interface ErrandSpec {
  readonly terms: ErrandTerms;
  readonly shownIn: ShownIn | null;
  readonly details: Readonly<Record<string, unknown>>;
  /** How many of its turn's errands run side by side. */
  readonly atOnce: number;
  /** What its turn and all of its errands may take beyond the step they are begun in, and what this one was to have at the most. */
  readonly stepsLeft?: number;
  readonly most?: number | null;
}

/** The record. One key a table, named in the words of DESIGN.md section 2. */
export interface Schema extends MemoryTables, ScheduleTables, SkillTables {
  people: { id: string; name: string; role: Role; created_at: Stamp };
  identities: { platform: string; account: string; person_id: string; name: string; created_at: Stamp };
  pairings: {
    code: string;
    platform: string;
    account: string;
    name: string;
    chat_key: string;
    created_at: Stamp;
    expires_at: ColumnType<Date, Date, never>;
  };
  conversations: {
    id: string;
    platform: string;
    chat: string;
    /** Empty for the chat itself: part of a unique key, so never null. */
    thread: string;
    kind: ChatKind;
    /** How many errands have begun here. */
    last_errand: Generated<number>;
    created_at: Stamp;
  };
  sessions: {
    id: string;
    conversation_id: string;
    created_at: Stamp;
    ended_at: MaybeStamp;
    prompt: JSONColumnType<FrozenPrompt, string | null, string> | null;
    title: string | null;
    /** The model its people picked; null: the configured one. */
    choice: ColumnType<ModelChoice | null, string | null | undefined, string | null>;
    /** Somebody has asked for the history to be shortened; null when nobody waits for it. */
    compress_requested: ColumnType<CompressRequest | null, string | null | undefined, string | null>;
    holder: string | null;
    lease_until: MaybeStamp;
    fence: Generated<number>;
  };
  inbox: {
    id: Generated<number>;
    key: string;
    chat_key: string;
    inbound: Json<Inbound>;
    status: Generated<InboxStatus>;
    session_id: string | null;
    person_id: string | null;
    turn_id: string | null;
    received_at: Stamp;
  };
  turns: {
    id: string;
    session_id: string;
    person_id: string;
    inbox_id: number;
    status: Generated<TurnStatus>;
    step: Generated<number>;
    tool: string | null;
    stop_requested: Generated<boolean>;
    attempts: Generated<number>;
    failure: string | null;
    created_at: Stamp;
    ended_at: MaybeStamp;
  };
  messages: {
    id: Generated<number>;
    session_id: string;
    turn_id: string;
    person_id: string | null;
    message: Json<ModelMessage>;
    created_at: Stamp;
  };
  tool_calls: {
    turn_id: string;
    step: number;
    position: number;
    call_id: string;
    name: string;
    kind: ToolKind;
    status: CallStatus;
    started_at: Stamp;
    ended_at: MaybeStamp;
  };
  compactions: {
    id: Generated<number>;
    session_id: string;
    /** Whose private conversation it is made of; null: a shared one. */
    person_id: string | null;
    /** The last message of the head that is kept; 0: none is. */
    head_id: number;
    /** The last message that the summary stands for; equal to `head_id` where there is no summary. */
    upto_id: number;
    /** Messages in between that are kept all the same. */
    kept: Json<readonly number[]>;
    /** Tool results shown by a line in their place. */
    pruned: Json<readonly number[]>;
    summary: string | null;
    messages_before: number;
    messages_after: number;
    tokens_before: number;
    tokens_after: number;
    created_at: Stamp;
  };
  outbox: {
    id: Generated<number>;
    key: string;
    platform: string;
    chat_key: string;
    turn_id: string | null;
    body: Json<Outbound>;
    status: Generated<OutboxStatus>;
    /** Platform ids of the chunks already sent, in order. */
    sent: Json<readonly string[]>;
    attempts: Generated<number>;
    holder: string | null;
    lease_until: MaybeStamp;
    not_before: Stamp;
    failure: string | null;
    created_at: Stamp;
    sent_at: MaybeStamp;
  };
  questions: {
    id: string;
    turn_id: string;
    session_id: string;
    step: number;
    position: number;
    digest: string;
    kind: QuestionKind;
    question: Json<Question>;
    /** Outbox keys of its messages. */
    messages: Json<readonly string[]>;
    status: Generated<QuestionStatus>;
    choice: number | null;
    reply: Generated<string>;
    decided_by: string | null;
    created_at: Stamp;
    expires_at: ColumnType<Date, Date, never>;
    decided_at: MaybeStamp;
  };
  /** Background processes whose session wants to be told of them; gone when there is nothing left to tell. */
  watched_processes: {
    /** The sandbox owner's key and label. */
    owner: string;
    label: string;
    id: string;
    backend: string;
    session_id: string;
    /** The turn that began it: whose it is, and where. */
    turn_id: string;
    command: string;
    /** Empty: to be told of the end. */
    patterns: Json<readonly string[]>;
    /** How far its output has been looked through. */
    looked_at: Generated<number>;
    /** Lines that matched and have not been told. */
    pending: Generated<string>;
    notices: Generated<number>;
    noticed_at: MaybeStamp;
    /** How many times running there was more to tell than may be told. */
    overflows: Generated<number>;
    overflowing: Generated<boolean>;
    watcher: string | null;
    watch_until: Stamp;
  };
  /** What has been allowed for longer than once; without a session: for good. */
  grants: {
    id: Generated<number>;
    owner: string;
    person_id: string;
    session_id: string | null;
    class: string;
    backend: string;
    granted_by: string | null;
    created_at: Stamp;
  };
  /** Files of messages that no turn has taken yet. */
  files: {
    inbox_id: number;
    position: number;
    kind: FileKind;
    name: string;
    /** Null where it could not be had: then `missing` says why. */
    bytes: Uint8Array | null;
    missing: string | null;
    created_at: Stamp;
  };
  /** Turns that no chat message began. */
  errands: {
    id: string;
    key: string;
    type: ErrandType;
    number: number;
    person_id: string;
    session_id: string;
    home_id: string | null;
    /** The call that waits for it. */
    turn_id: string | null;
    step: number | null;
    position: number | null;
    spec: Json<ErrandSpec>;
    status: Generated<ErrandStatus>;
    /** Not to begin before another of its turn has ended: its inbox row has no person meanwhile. */
    held: Generated<boolean>;
    /** Somebody or something wants its end: why. */
    stop_why: string | null;
    result: ColumnType<ErrandResult | null, string | null | undefined, string | null>;
    failure: string | null;
    created_at: Stamp;
    deadline_at: MaybeStamp;
    began_at: MaybeStamp;
    ended_at: MaybeStamp;
    /** When what follows its end was done. */
    landed_at: MaybeStamp;
  };
  /** The bytes of files in the outbox. */
  sent_files: { outbox_key: string; bytes: Uint8Array; created_at: Stamp };
  /** Files that went over the local page. */
  page_files: { id: string; kind: FileKind; name: string; bytes: Uint8Array; created_at: Stamp };
  previews: { turn_id: string; message: string };
  settings: { key: string; value: string };
  /** What a person, and what a chat, has chosen for itself. */
  person_settings: { person_id: string; name: string; value: string; updated_at: Stamp };
  chat_settings: { chat_key: string; name: string; value: string; updated_at: Stamp };
  /** The shared conversations that people have spoken in; kept by the record itself. */
  members: { conversation_id: string; person_id: string };
  /** When people last wrote in a shared chat, all its threads together, and that they have left it. */
  presences: { person_id: string; platform: string; chat: string; seen_at: Stamp; left_at: Date | null };
  /** Turns that were taken back: the journal keeps them, nobody is shown them. */
  undone_turns: { session_id: string; turn_id: string; key: string; created_at: Stamp };
  /** Worker processes, each with when it was last heard of. */
  workers: { id: string; seen_at: Stamp };
  model_calls: {
    id: Generated<number>;
    /** Null for a call outside of any turn. */
    turn_id: string | null;
    session_id: string | null;
    /** `turn`, or the auxiliary task. */
    task: Generated<string>;
    step: number;
    model: string;
    server: string;
    prompt_tokens: number | null;
    completion_tokens: number | null;
    cached_tokens: number | null;
    first_token_ms: number | null;
    total_ms: number;
    queued_ms: Generated<number>;
    prompt_per_second: number | null;
    tokens_per_second: number | null;
    /** Tool calls asked for; those that named a tool and passed its schema; those that came as text. */
    calls: Generated<number>;
    valid_calls: Generated<number>;
    text_calls: Generated<number>;
    /** The failure's code; null for an answer. */
    failure: string | null;
    created_at: Stamp;
  };
}

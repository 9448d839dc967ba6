import type { ChatKind, ChatRef } from "./chats.ts";
import type { ModelChoice } from "./model.ts";
import type { Outbound } from "./outbound.ts";
import { redact } from "./redact.ts";

/**
 * A turn that no chat message began. `run`: a schedule's firing. `subagent`: a task that a turn delegates. `background`: a task that a
 * person sends ahead of the conversation.
 */
export type ErrandType = "run" | "subagent" | "background";

/** Marks an inbox row as an errand's request. */
export interface ErrandRef {
  readonly type: ErrandType;
  readonly id: string;
}

/** An errand lives in a conversation of its own, on a platform that no adapter serves: what its turn says live goes to nobody by itself. */
export const errandPlatforms: Readonly<Record<ErrandType, string>> = {
  run: "schedule",
  subagent: "subagent",
  background: "background",
};

/** `waiting`: its turn has not begun; a held one waits until another of its turn has ended. */
export type ErrandStatus = "waiting" | "running" | "answered" | "failed" | "stopped";

/** Under which terms an errand's turn runs. Nothing here widens what its person may do: each line can only narrow it. */
export interface ErrandTerms {
  /** How others name it, e.g. `Subagent`: in questions that it asks, and in lists. */
  readonly label: string;
  /** What it is about, in a few words. */
  readonly about: string;
  /** What its prompt says of this kind of work, after the usual rules. */
  readonly rules: string;
  /** Whether its prompt holds what the person's (in a shared chat: the chat's) memory says. */
  readonly memory: boolean;
  /** Only these sets of tools, if not null; and never those of `without`. Names as in `toolsets`. */
  readonly only: readonly string[] | null;
  readonly without: readonly string[];
  /** Null: the configured one. */
  readonly model: ModelChoice | null;
  /** At most so many steps; null: `agent.max_turns`. */
  readonly maxSteps: number | null;
  /** It is stopped when it has not ended so long after it was begun (a held one: after it was let go), in milliseconds; null: never. */
  readonly timeoutMs: number | null;
  /** Whether somebody is there who could be asked; where nobody is, what needs leave is refused. */
  readonly attended: boolean;
  /** How many subagents stand between it and a chat. */
  readonly depth: number;
  /** JSON Schema that its answer has to fit; it is told once where it does not. */
  readonly outputSchema?: Readonly<Record<string, unknown>>;
}

/** The turn that shows an errand's progress in a chat. */
export interface ShownIn {
  readonly turn: string;
  readonly chat: ChatRef;
  readonly replyTo: string | null;
}

/** The chat that an errand belongs to: whose sandbox and memory it uses, where it asks, and where it is listed. */
export interface ErrandHome {
  readonly conversation: string;
  readonly chat: ChatRef;
}

/** What its turn came to. The keys of the outbox for answer and files are `answerKey(turn, 0)`, `answerKey(turn, 1)` and so on. */
export interface ErrandResult {
  readonly turn: string;
  readonly answer: Outbound;
  readonly files: readonly Outbound[];
}

/** An errand as the record has it. */
export interface Errand {
  readonly id: string;
  readonly type: ErrandType;
  /** Within its home, from 1; they come round again after 99. 0 where it has no home. */
  readonly number: number;
  readonly person: string;
  readonly kind: ChatKind;
  readonly session: string;
  /** Null: nobody's chat. Then it has the person's sandbox and memory if its kind is private, else an empty one of its own. */
  readonly home: ErrandHome | null;
  /** The call that waits for it. */
  readonly parent: { readonly turn: string; readonly step: number; readonly position: number } | null;
  readonly terms: ErrandTerms;
  readonly shownIn: ShownIn | null;
  /** What its landing needs; whoever began it knows the form. */
  readonly details: Readonly<Record<string, unknown>>;
  readonly status: ErrandStatus;
  readonly held: boolean;
  /** Why it was stopped, e.g. `it took longer than 10 minutes`. */
  readonly stopWhy: string | null;
  readonly result: ErrandResult | null;
  readonly failure: string | null;
}

/** What follows an errand's end. Called at least once for each, by any worker: what it does must be a single time by its keys. */
export type Landing = (errand: Errand) => Promise<void>;

/** The label of a side question, which is a background task otherwise. */
export const asideLabel = "Side question";

/** An errand's name with its number, in a language's words where they are given; a run goes by its schedule's name. */
export function nameOf(
  { type, number, terms: { label } }: Pick<Errand, "type" | "number" | "terms">,
  words?: { readonly subagent: string; readonly background: string; readonly aside: string },
): string {
  if (type === "run" || number === 0) return label;
  const said = words?.[type === "background" && label === asideLabel ? "aside" : type] ?? label;
  return `${said} ${number}`;
}

/** What a task is about: its beginning on one line. It is shown, so it holds no secret. */
export function aboutOf(prompt: string): string {
  const line = redact(prompt.slice(0, 10 * aboutChars))
    .replaceAll(/[\p{Cc}\s]+/gu, " ")
    .trim();
  return line.length <= aboutChars
    ? line
    : `${line
        .slice(0, aboutChars)
        .replace(/\s+\S*$/, "")
        .toWellFormed()} …`;
}

const aboutChars = 60;

/** An errand as `/agents` lists it. */
export interface ErrandLine {
  readonly number: number;
  readonly type: ErrandType;
  readonly name: string;
  readonly about: string;
  /** Who it is for. */
  readonly by: string;
  readonly state: "waiting" | "working" | "asking";
  /** Since when, epoch milliseconds. */
  readonly since: number;
  readonly step: number;
  /** Steps that it may take, those of its own subagents included; null: as many as any request. */
  readonly mostSteps: number | null;
  readonly tool: string | null;
}

/** A chat's errands, as a command there may see and change them. */
export interface ErrandPorts {
  /** Those that have not ended. */
  list(): Promise<readonly ErrandLine[]>;
  /** Stops one by its number, or (null) all, and theirs; those that were stopped. */
  stop(number: number | null): Promise<readonly ErrandLine[]>;
  /** Begins a background task; its number, or (null) there are too many already. */
  begin(prompt: string): Promise<number | null>;
  /** Begins one that knows what was said in the chat's conversation so far; the conversation learns nothing of it. */
  aside(question: string): Promise<number | null>;
}

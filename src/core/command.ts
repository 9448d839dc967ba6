import type { ChatPorts } from "./chat-settings.ts";
import type { ChatKind, ChatRef, Person, Role } from "./chats.ts";
import type { ErrandPorts } from "./errand.ts";
import type { SkillCommands } from "./skill.ts";
import type { LeaveChoice } from "./question.ts";
import type { ArgumentOffer, Language } from "./language.ts";
import type { MemoryPorts } from "./memory.ts";
import type { Effort, ModelChoice, ProviderListing } from "./model.ts";
import type { OutboundButton } from "./outbound.ts";
import type { PersonalPorts } from "./personal.ts";
import type { ScheduleCommands } from "./schedule.ts";
import type { SessionPorts } from "./sessions.ts";

/** A session as `/status` shows it. */
export interface SessionStatus {
  readonly session: string;
  /** Null before its first answer. */
  readonly title: string | null;
  readonly startedAt: number;
  readonly messages: number;
  /** Null when nothing runs. */
  readonly running: { readonly since: number; readonly step: number; readonly tool: string | null } | null;
  readonly waiting: number;
  /** Whether the conversation is being shortened, or is to be. */
  readonly shortening: boolean;
  readonly model: string;
  readonly server: string;
  readonly sandbox: string;
}

/** Something that was allowed for longer than once. */
export interface StandingGrant {
  /** By which it is taken back; it stays the same. */
  readonly number: number;
  /** To whom. */
  readonly person: string;
  readonly personId: string;
  readonly class: string;
  readonly backend: string;
  /** Only until its conversation ends. */
  readonly passing: boolean;
  /** The platform of the shared chat where it counts; null: in private. */
  readonly shared: string | null;
  /** Who allowed it; empty when nobody knows any more. */
  readonly by: string;
  /** The day. */
  readonly on: string;
}

/** What a command may do, bound to the chat it was typed in and the person who typed it. */
export interface CommandPorts {
  readonly skills: SkillCommands;
  readonly sessions: SessionPorts;
  readonly chat: ChatPorts;
  /** Asks the agent, whatever the chat's own way with messages during a turn is; whether something runs here that it comes into, or after. */
  ask(text: string, busy: "queue" | "steer"): Promise<boolean>;
  /** How much is thought in this conversation; null: as configured. */
  effort(): Promise<Effort | null>;
  chooseEffort(effort: Effort | null): Promise<void>;
  /** The version, and facts for a report of a fault that are nobody's secret. */
  about(): Promise<{ readonly version: string; readonly lines: readonly string[] }>;
  /** What the person has chosen for themselves. */
  readonly personal: PersonalPorts;
  readonly schedules: ScheduleCommands;
  /** What is remembered, as far as this person may see and change it here. */
  readonly memories: MemoryPorts;
  /** Subagents and background tasks. */
  readonly errands: ErrandPorts;
  status(): Promise<SessionStatus>;
  /** Where commands run, why, and within what limits: a line each. */
  sandbox(): Promise<readonly string[]>;
  /** Stops the running turn, if any, and drops what waits behind it; also the shortening of the history. */
  stop(): Promise<{ readonly running: boolean; readonly shortening: boolean; readonly dropped: number }>;
  /** Ends the session; the next message begins a new one. */
  newSession(): Promise<void>;
  /** Answers what the running turn asks leave for; the words to say back, or null. */
  leave(choice: LeaveChoice): Promise<string | null>;
  /** What may run without a question because somebody allowed it, as far as it is this person's to see: in a shared chat what counts there. */
  grants(): Promise<readonly StandingGrant[]>;
  /** Takes one of them back, or (null) all of this person's; how many there were. */
  revokeGrants(number: number | null): Promise<number>;
  /** What was asked in the last days, and how fast and well the model worked, on one platform or all: numbers only. */
  insights(days: string, platform: string | null): Promise<{ readonly markdown: string; readonly picture: Uint8Array | null }>;
  /** Asks the last request again; false when there is none. */
  retry(): Promise<boolean>;
  /**
   * Has the conversation shortened by whoever works on it, and the outcome told; `focus` is to be kept above all. `after_turn`: once the
   * running turn is over. `already`: that has been asked for before.
   */
  compress(focus: string): Promise<"nothing" | "begun" | "after_turn" | "already">;
  /** What answers here, and what there is. */
  models(): Promise<ModelMenu>;
  /** Picks this conversation's model from its next turn on; null goes back to the default. */
  chooseModel(choice: ModelChoice | null): Promise<void>;
  /** Makes a model everybody's default; says what took effect. */
  makeDefaultModel(choice: ModelChoice): Promise<string>;
}

/** What `/model` shows. */
export interface ModelMenu {
  readonly model: string;
  readonly server: string;
  /** This conversation's own choice; null: the default. */
  readonly choice: ModelChoice | null;
  readonly providers: readonly ProviderListing[];
}

/**
 * Markdown, with buttons where there is something to pick (one whose data is a command is that command) and a picture (PNG) where there is
 * something to see; or null for silence.
 */
export type CommandAnswer =
  | string
  | { readonly markdown: string; readonly buttons?: readonly OutboundButton[]; readonly picture?: Uint8Array | null }
  | null;

export interface CommandCall {
  readonly person: Person;
  readonly chat: ChatRef;
  readonly kind: ChatKind;
  /** Of whoever typed it. */
  readonly language: Language;
  /** What follows the command's name, trimmed. */
  readonly args: string;
  /** Whether files came with it. */
  readonly files: boolean;
  readonly ports: CommandPorts;
  /** All commands this person may use: for `/help`. */
  readonly commands: readonly Command[];
}

/**
 * A slash command: one file, one line in `src/commands/index.ts`. It runs at the gateway, so that `/stop` never waits behind the turn
 * it stops.
 */
export interface Command {
  readonly name: string;
  readonly aliases: readonly string[];
  /**
   * What may follow its name, for platforms that ask for it natively; `offers` is listed while it is typed. Its words, and those of what the
   * command does, are in `src/commands/languages`.
   */
  readonly argument?: { readonly offers?: ArgumentOffer };
  /** Only of a command that is no code of ours, such as a skill's: its words in whatever language it has. */
  readonly description?: string;
  /** It is refused while anything runs or waits in the chat: it would act on what is about to change. Others run at once. */
  readonly whenIdle?: true;
  /**
   * What it does, its answer and the note that it is done are one transaction: taken up again after a failure, it is not done twice. Its
   * ports may then reach nothing but the record (see `src/gateway/whole.ts`). Others are known to the record by their message, change
   * nothing, or set what they would set again.
   */
  readonly whole?: true;
  /** It waits for nothing that came before it in its chat, such as a file that is still on its way: what it concerns runs already. */
  readonly urgent?: true;
  /** It asks something of the agent: a stop drops it where it waits, as any request. */
  readonly asks?: true;
  /** The weakest role that may use it. */
  readonly role: Role;
  run(call: CommandCall): Promise<CommandAnswer>;
}

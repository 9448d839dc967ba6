/** What the bot says to people beside its commands, in one language. Words that the model reads are none of these. */
import type { Action, ActionBackend, CommandClass, SmartDoubt } from "./approval.ts";
import type { Role } from "./chats.ts";
import type { FailureCode } from "./failures.ts";
import type { MemoryScope } from "./memory.ts";
import type { NoticeAbout } from "./notices.ts";
import type { StoredFailure } from "./outbound.ts";
import type { LeaveChoice } from "./question.ts";

/** Everything that is said beside the commands. */
export interface Spoken {
  readonly asking: AskingWords;
  readonly access: AccessWords;
  readonly progress: ProgressWords;
  readonly endings: EndingWords;
  readonly troubles: TroubleWords;
  readonly alarms: AlarmWords;
  readonly memory: MemoryWords;
  readonly reports: ReportWords;
}

/** What stands around a schedule's report. */
export interface ReportWords {
  /** Behind its name. */
  late(time: string): string;
  readonly paused: string;
  readonly last: string;
  next(instant: string): string;
  /** Of its instants, for `Intl`. */
  readonly locale: string;
}

/** What a chat is told of what was saved, its entries in their quotes. */
export interface MemoryWords {
  saved(where: string, entry: string, before: string | null): string;
  forgotten(where: string, entry: string): string;
  /** `where`, as it stands in one of these. */
  inFile(scope: MemoryScope, file: string): string;
  readonly forTeam: string;
  /** Behind a line that was taken back. */
  readonly undone: string;
  /** On a button; a number may follow. */
  readonly undo: string;
}

/** Approvals and questions. Labels go on buttons: at most 75 characters (Slack's limit; Discord's is 80). */
export interface AskingWords {
  readonly leave: Readonly<Record<LeaveChoice, string>>;
  /** What a class of command does: the end of "It …". */
  readonly does: Readonly<Record<CommandClass, string>>;
  /** What was found, as one sentence. */
  found(does: readonly string[]): string;
  mayI(kind: Action["kind"], person: string, backend: ActionBackend, directory: string): string;
  /** Why the model that judges commands left it to a person: its own words, or what was wrong with them. */
  because(why: string): string;
  readonly doubts: Readonly<Record<SmartDoubt, string>>;
  goodFor(ms: number): string;
  /** Before a question of somebody that is not the chat's own turn. */
  from(name: string): string;
  readonly orWords: string;
  readonly nobodyAnswered: string;
  readonly stopped: string;
  answeredBy(name: string): string;
  readonly nothingWaits: string;
  readonly onlyOnce: string;
  readonly onlyAsker: string;
  needs(least: Exclude<Role, "guest">, another: boolean): string;
  /** What runs beside the conversation. */
  readonly errands: { readonly subagent: string; readonly background: string; readonly aside: string };
}

/** Who may come in. Labels as above. */
export interface AccessWords {
  code(code: string): string;
  /** To those who may let somebody in. */
  wouldLike(who: string, code: string): string;
  who(name: string, platform: string, account: string): string;
  readonly letIn: string;
  readonly ignore: string;
  readonly ignored: string;
  readonly notYours: string;
  readonly codeGone: string;
  isIn(name: string): string;
  readonly welcome: string;
  invited(name: string, role: Role): string;
  ownsToo(who: string): string;
  readonly guest: string;
  readonly shared: string;
  readonly closed: string;
  readonly full: string;
  readonly codeSeen: string;
  readonly codeElsewhere: string;
  readonly codeLate: string;
}

/** What a chat shows while it waits. */
export interface ProgressWords {
  reading(done: number, total: number): string;
  queued(ahead: number, waitMs: number | null): string;
  /** Behind a subagent's name: what it is at, and that it waits for an answer. */
  step(step: number): string;
  readonly asks: string;
  /** On a button. */
  readonly stop: string;
  /** Null: as its text has it. */
  notice(about: NoticeAbout): string | null;
}

/** How an answer ends that is not a whole one. */
export interface EndingWords {
  readonly nothing: string;
  readonly stopped: string;
  readonly stoppedHere: string;
  readonly didUntilThen: string;
  callsBefore(count: number): string;
  /** One line on what went wrong and one on the mend. */
  failed(failure: StoredFailure): string;
  /** A file that an answer names; `why` null: as `detail` says. */
  fileNotTaken(path: string, why: "many" | "empty" | null, detail: string): string;
  /** A file that the platform did not take; `place` is where it is in the workspace, or empty. */
  fileNotSent(name: string, why: "gone" | "none_taken" | null, detail: string, place: string): string;
  readonly shortening: ShorteningWords;
}

/** What came of shortening a conversation. */
export interface ShorteningWords {
  done(before: Sized, after: Sized): string;
  nothing(now: Sized, window: number, protectedMessages: number): string;
  failed(failure: StoredFailure): string;
  /** Nobody had asked for it. */
  failedItself(failure: StoredFailure): string;
}

/** How long a conversation is. */
export interface Sized {
  readonly messages: number;
  readonly tokens: number;
}

/** What is said past the outbox, or by an adapter itself. */
export interface TroubleWords {
  readonly store: string;
  readonly queue: string;
  /** To whoever has pressed or typed a command of the platform's own. */
  readonly later: string;
  readonly elsewhere: string;
  /** In the place of a command that has waited for its answer as long as the platform lets it. */
  readonly longer: string;
}

/** What the owners are told of the model's figures, which come as they are to be shown. */
export interface AlarmWords {
  readonly worse: string;
  readonly well: string;
  readonly more: string;
  toolAccuracy(percent: string, calls: number): string;
  tokensPerSecond(rate: string, answers: number): string;
  iterations(mean: string, tasks: number): string;
  /** After one of these: what it should be, and what to do. */
  toolAccuracyMend(limit: string): string;
  tokensPerSecondMend(limit: string): string;
  iterationsMend(limit: string): string;
  /** After one that is well again; null: nobody knows for how long it was not. */
  lasted(minutes: number | null): string;
}

/** What a code says by itself, where nothing more is known. */
export type CodeWords = Readonly<Record<FailureCode, { readonly what: string; readonly mend: string }>>;

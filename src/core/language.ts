/** What people read, in one language: of the slash commands here, all else in `spoken.ts`. */

import type { Replies } from "./replies.ts";
import type { Spoken } from "./spoken.ts";

/** The words of one command. */
export interface CommandWords {
  /** What it does, in one line of at most 100 characters (Discord's limit): the platforms' menus and `/help` show it. */
  readonly line: string;
  /** What may follow its name; given exactly where something may. At most 100 characters. */
  readonly argument?: string;
}

/** A language that ships: one file in `src/commands/languages`. */
export interface Language extends Spoken {
  /** As in BCP 47: `en`, `zh`. */
  readonly code: string;
  /** What its speakers call it. */
  readonly name: string;
  /** By the command's name. */
  readonly commands: Readonly<Record<string, CommandWords>>;
  readonly help: HelpWords;
  readonly answers: AnswerWords;
  readonly replies: Replies;
}

/** What `/help`, and the answer to a command that nobody knows, are made of. */
export interface HelpWords {
  readonly inPrivate: string;
  readonly inShared: string;
  /** Below the list: that `/help NAME` tells more of one command. */
  readonly more: string;
  /** Heads the other names of a command. */
  readonly aliases: string;
  unknown(name: string): string;
  /** Several commands begin with what was typed. */
  ambiguous(name: string, among: readonly string[]): string;
  /** The command is for a stronger role. */
  forbidden(name: string): string;
  /** Said of a language that nobody picked. */
  readonly asClient: string;
  readonly languageAuto: string;
  /** The languages follow. */
  readonly noLanguage: string;
  /** The command has to wait for the end of what runs here. */
  busy(name: string): string;
}

/** What the commands that everybody uses answer. */
export interface AnswerWords {
  /** Of `/start`. */
  hello(name: string, where: "private" | "shared"): string;
  /** Of `/new`. */
  readonly begun: string;
  readonly shorteningStopped: string;
  /** So many messages that waited will not be answered. */
  dropped(count: number): string;
  /** Of `/stop`; so many background tasks run beside the conversation. */
  nothingRuns(beside: number): string;
  readonly nothingToRetry: string;
  readonly queueWhat: string;
  readonly comesNext: string;
  readonly steerWhat: string;
  readonly steered: string;
  /** Of `/undo`. */
  readonly nothingToUndo: string;
  readonly undoSummarised: string;
  readonly undoOthers: string;
  undone(request: string): string;
}

/** A slash command as a platform's own menu shows it. */
export interface OfferedCommand {
  readonly name: string;
  readonly aliases: readonly string[];
  /** True where only owners and admins may use it. */
  readonly ruling?: boolean;
  /** True for a skill: calling it is a request. */
  readonly skill?: true;
  /** In the language of whoever has none that ships. */
  readonly description: string;
  readonly argument?: { readonly description: string; readonly offers?: ArgumentOffer };
  /** By language code, the one of `description` left out. */
  readonly translations?: Readonly<Record<string, CommandWords>>;
}

/** What is offered while a command's argument is typed, where the platform can. */
export type ArgumentOffer = "models" | "skills" | "schedules" | "sessions" | "languages";

import { type Account, type ChatRef, chatKey } from "./chats.ts";
import type { ProgressMode } from "./chat-settings.ts";
import type { TurnEvent } from "./events.ts";
import type { OutboundButton } from "./outbound.ts";
import { choicePrefix } from "./question.ts";

/** What `hermes chat` and the service say to each other: one line of JSON each, over the home's socket. */

/** The platform's name. */
export const terminalPlatform = "terminal";

/** Whoever may open this home's page or socket: one person, so that both share one memory. */
export const homeAccount: Account = { platform: "web", id: "local", name: "Local page" };

/** The seat of the first terminal; others have conversations of their own. */
export const mainSeat = "main";

/** The chat of a seat: the main one, or a thread of it. */
export function seatChat(seat: string): ChatRef {
  return { platform: terminalPlatform, chat: mainSeat, thread: seat === mainSeat ? null : seat };
}

/** The seat of a chat; null for another platform's. */
export function seatOf({ platform, chat, thread }: ChatRef): string | null {
  return platform === terminalPlatform && chat === mainSeat ? (thread ?? mainSeat) : null;
}

/** Seats where one question is asked begin so. */
export const onceSeat = "q-";

/** Where belongs what comes later, such as a schedule's reports: nobody sits any more where one question was asked. */
export function lastingChat(chat: ChatRef): ChatRef {
  return seatOf(chat)?.startsWith(onceSeat) === true ? seatChat(mainSeat) : chat;
}

/** Where it is kept that a conversation has to do with some sets of tools. */
export function narrowedKey(chat: ChatRef): string {
  return `toolsets:${chatKey(chat)}`;
}

/** What a terminal wants when it comes. */
export interface TerminalCall {
  /** Where it wants to sit. `main`: there, or beside it when somebody sits there. */
  readonly seat: string;
  /** Only these sets of tools in this conversation; null: all. */
  readonly only: readonly string[] | null;
  /** Which conversation to go on with, by its id; `last`: the newest; null: what the seat has. */
  readonly resume: string | null;
  /** The language of its environment as a BCP 47 tag. */
  readonly language: string | null;
  /** True where a person looks on: then it is told of commands, of what it has missed and of what runs. */
  readonly looks: boolean;
}

/** As much may be said at once, in characters: far more than anybody pastes; a model's window is full long before. */
export const mostSaid = 2_000_000;

/** What a terminal says. `id` is its own, unique over all. */
export type TerminalSays =
  /** A file, in base64, for a message that names it by this id. */
  | { readonly type: "file"; readonly id: string; readonly name: string; readonly bytes: string }
  /** The text may be empty where there are files. */
  | { readonly type: "say"; readonly id: string; readonly text: string; readonly files?: readonly string[] }
  | { readonly type: "stop"; readonly id: string }
  | { readonly type: "press"; readonly id: string; readonly data: string }
  /** It has shown this post: a later one need not be told of it again. */
  | { readonly type: "seen"; readonly post: string }
  /** How it stands with the conversation, and (if given) what came of a message. */
  | { readonly type: "look"; readonly message: string | null }
  | { readonly type: "suggest"; readonly id: string; readonly command: string; readonly typed: string };

/** A file that goes with a message, as it was when it was attached. */
export interface TerminalFile {
  readonly id: string;
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A message to a terminal. `id` is null where it is none of the record's. */
export interface TerminalPost {
  readonly id: string | null;
  /** The message that it answers. */
  readonly answers: string | null;
  readonly markdown: string;
  readonly footer: string | null;
  readonly buttons: readonly OutboundButton[];
  /** Whether a turn waits for what it asks, as far as is known. */
  readonly asks: boolean;
  /** An earlier attempt may have arrived too. */
  readonly repeated: boolean;
  /** Where its file has been put; null: it has none. */
  readonly file: string | null;
}

/** Whether a message's buttons answer what a turn waits for; others, such as one that undoes something, wait for nobody. */
export function asksNow({ buttons }: Pick<TerminalPost, "buttons">): boolean {
  return buttons.some(({ data }) => data.startsWith(choicePrefix));
}

/** A command, for completion, and to know that one is meant. */
export interface TerminalCommand {
  readonly name: string;
  /** Its other names; absent: none, or from an older service. */
  readonly aliases?: readonly string[];
  readonly about: string;
  readonly argument: boolean;
  /** Whether it is a skill: then it is a request, with files too. */
  readonly skill: boolean;
}

/** A turn's event, with what tells attempts apart. */
export interface TerminalEvent {
  readonly turn: string;
  readonly replyTo: string | null;
  readonly fence: number;
  readonly seq: number;
  readonly event: TurnEvent;
}

/** How a conversation stands, for the line below it. */
export interface TerminalState {
  readonly session: string | null;
  readonly title: string | null;
  /** Epoch milliseconds. */
  readonly since: number;
  readonly model: string;
  readonly demonstration: boolean;
  /** Tokens that its newest prompt and answer took; null: not known. */
  readonly used: number | null;
  readonly window: number | null;
  /** Whether a turn runs or waits here. */
  readonly busy: boolean;
  /** What turns show here of their tools. */
  readonly toolProgress: ProgressMode;
  /** Posts of this chat that ask something, and are not answered. Looked up where a message is asked about whose turn is not over. */
  readonly asking: readonly string[];
  /** Of the message that was asked about, once its turn is over. */
  readonly outcome: TerminalOutcome | null;
}

/** What came of a message. */
export interface TerminalOutcome {
  readonly turn: string;
  /** The post that has its answer; null: there is none any more. */
  readonly post: string | null;
  readonly end: "answered" | "stopped" | "failed";
  /** Of a failed one. */
  readonly failure: string | null;
  readonly ms: number;
  readonly tools: readonly { readonly tool: string; readonly ok: boolean | null; readonly ms: number }[];
  readonly usage: {
    readonly calls: number;
    readonly promptTokens: number;
    readonly cachedTokens: number;
    readonly completionTokens: number;
  };
  /** Files of its answer that are still on their way. */
  readonly filesToCome: number;
}

/** What the service says. */
export type TerminalHears =
  | {
      readonly type: "hello";
      readonly seat: string;
      readonly version: string;
      /** What turns show here of their tools. */
      readonly toolProgress: ProgressMode;
      readonly commands: readonly TerminalCommand[];
      /** What was said while nobody looked, oldest first, and the questions that are open. */
      readonly missed: readonly TerminalPost[];
      /** What turns that run have said so far. */
      readonly events: readonly TerminalEvent[];
    }
  /** `id`: of what was not taken; null: the whole call. `again`: it may be in a moment. */
  | { readonly type: "refused"; readonly id: string | null; readonly why: string; readonly again: boolean }
  | { readonly type: "taken"; readonly id: string }
  | ({ readonly type: "event" } & TerminalEvent)
  | ({ readonly type: "post" } & TerminalPost)
  /** A question's message says something else now, and asks no more. */
  | { readonly type: "edit"; readonly post: string; readonly markdown: string }
  | ({ readonly type: "state" } & TerminalState)
  | { readonly type: "suggestions"; readonly id: string; readonly list: readonly string[] };

/** The control command that begins such a talk. */
export const chatCommand = "chat";

/** How a terminal wants to reach the service. */
export interface TerminalReach {
  /** Where it sat before the service went away; null: it comes for the first time. */
  readonly seat: string | null;
  /** Whether a service may be opened in this process: while nothing is to be said, one that is away is waited for. */
  mayOpen(): boolean;
  readonly signal: AbortSignal;
}

/** A terminal's talk with the service. */
export interface TerminalLink {
  /** Says it; a message after its files, and after those that were said before it. */
  say(message: TerminalSays, files?: readonly TerminalFile[]): void;
  /** What it hears from now on; `gone` comes once, when nothing more will. */
  listen(heard: (message: TerminalHears) => void, gone: () => void): void;
  /** Hangs up. Where the service was opened for this terminal alone, it is ended; resolves when it has. */
  leave(): Promise<void>;
}

/** What a talk at a terminal needs. */
export interface TalkOptions {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Begins anew before the first question. */
  readonly fresh: boolean;
  /** What goes with the first question. */
  readonly files: readonly TerminalFile[];
  /** Reads a file of this machine; a `Failure` says why it can't go along. */
  fileAt(path: string, wanted: "any" | "picture"): TerminalFile;
  /** Reaches the service, or opens one; again when it has gone away. */
  connect(reach: TerminalReach): Promise<TerminalConnection>;
}

/** A service that has been reached. */
export interface TerminalConnection {
  readonly link: TerminalLink;
  readonly hello: TerminalHears & { readonly type: "hello" };
}

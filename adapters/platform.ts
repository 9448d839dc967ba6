import type { Adapter, NamedChannel } from "../src/core/adapter.ts";
import type { Account, ChatRef } from "../src/core/chats.ts";
import type { ProgressMode } from "../src/core/chat-settings.ts";
import type { Inbound } from "../src/core/inbound.ts";
import type { OfferedCommand } from "../src/core/language.ts";
import type { Log } from "../src/core/log.ts";
import type { Config } from "../src/config/keys.ts";
import type { TerminalPost, TerminalState } from "../src/core/terminal.ts";
import type { HistoryItem, PageFiles, PageStatus, Probes } from "./web/options.ts";

/** What a platform may use when it is made. */
export interface PlatformParts {
  readonly config: Config;
  /** With the team's skills that there were at the start. */
  readonly commands: readonly OfferedCommand[];
  /** The same with those that there are now. */
  offered(): Promise<readonly OfferedCommand[]>;
  /** A chat has another id from now on. Rejects when that can't be stored now. */
  moved(platform: string, from: string, to: string): Promise<void>;
  /** A channel is called otherwise from now on. */
  renamed(platform: string, channel: NamedChannel): void;
  /** The accounts of owners and admins on a platform. */
  rulers(platform: string): Promise<readonly string[]>;
  /** What a command's argument can be, for whoever types it and where; nothing for those who may not know. Never rejects. */
  suggest(at: Pick<Inbound, "sender" | "chat" | "kind">, command: string, typed: string): Promise<readonly string[]>;
  /** Small facts that outlive the process. */
  readonly settings: { get(key: string): Promise<string | null>; set(key: string, value: string): Promise<void> };
  readonly page: PageParts;
  readonly terminal: TerminalParts;
  readonly log: Log;
}

/** What terminals need of the record, of the service and of the home's socket. */
export interface TerminalParts {
  readonly version: string;
  /** Lets this one talk with those who come from now on; null: nobody any more. */
  host(host: ((call: string, visit: TerminalVisit) => void) | null): void;
  /** What was said in a chat after the post with this number, and the questions that are open. */
  missed(chat: ChatRef, after: number): Promise<readonly MissedPost[]>;
  state(chat: ChatRef, message: string | null): Promise<TerminalState>;
  /** What turns show there of their tools. */
  toolProgress(chat: ChatRef): Promise<ProgressMode>;
  /** Where files are that came with messages. */
  readonly files: PageFiles;
  /** Goes on in this chat with a conversation of the owner's, by its id, or the `last` one; false: there is none such. */
  resume(chat: ChatRef, which: string): Promise<boolean>;
}

/** A post of the record; of one with a file its name tells where the adapter has put it. */
export interface MissedPost extends Omit<TerminalPost, "file"> {
  readonly fileName: string | null;
}

/** Somebody at the other end of the home's socket. */
export interface TerminalVisit {
  say(message: object): void;
  leave(): void;
  listen(heard: (message: unknown) => void, gone: () => void): void;
}

/** What the local page shows of the record and of the service. */
export interface PageParts {
  readonly token: string;
  readonly probes: Probes;
  history(chat: ChatRef, viewer: Account): Promise<readonly HistoryItem[]>;
  status(): Promise<PageStatus>;
  readonly files: PageFiles;
}

/** A platform as the registry lists it: whether the configuration turns it on, and how to make its adapter. */
export interface Platform {
  readonly name: string;
  /** True when people on it have proven themselves before they get here (the page's token). */
  readonly local: boolean;
  /** True for what is spoken to over the home's socket: only a process that holds it has it. */
  readonly atSocket?: boolean;
  wanted(config: Config): boolean;
  load(): Promise<{ create(parts: PlatformParts): Promise<Adapter> }>;
}

import type { Account, ChatRef } from "../../src/core/chats.ts";
import type { FileKind } from "../../src/core/files.ts";
import type { Log } from "../../src/core/log.ts";
import type { OutboundButton } from "../../src/core/outbound.ts";
import { homeAccount } from "../../src/core/terminal.ts";

/** A file as the page shows it: its bytes are at `/api/files/ID`. */
export interface PageFile {
  readonly id: string;
  readonly kind: FileKind;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}

/** Where files are that went over the page, either way. */
export interface PageFiles {
  keep(file: Omit<PageFile, "size">, bytes: Uint8Array): Promise<void>;
  /** Which of these there are. */
  of(ids: readonly string[]): Promise<readonly PageFile[]>;
  read(id: string): Promise<{ readonly name: string; readonly bytes: Uint8Array } | null>;
}

/** One line of the conversation as the record has it; `history` gives them oldest first. */
export interface HistoryItem {
  /** For a person's message the `messageId` it came in with, so that a page loading at that very moment shows it once. */
  readonly id: string;
  readonly role: "person" | "agent";
  readonly markdown: string;
  /** A quiet line below it, plain text. */
  readonly footer?: string;
  readonly files?: readonly PageFile[];
  /** What was run for it. `ok` is null where nobody knows how it ended. */
  readonly tools?: readonly { readonly call: string; readonly tool: string; readonly ok: boolean | null; readonly ms: number }[];
  /** Of a question that still waits for its answer. */
  readonly buttons?: readonly OutboundButton[];
  /** Epoch milliseconds. */
  readonly at: number;
}

/** What the page's head and banner show. */
export interface PageStatus {
  readonly model: string;
  readonly server: string;
  /** True when the built-in script answers because no model server was found. */
  readonly demonstration: boolean;
  readonly sandbox: string;
  readonly version: string;
  readonly platforms: readonly string[];
}

/** What a probe found; `ok: false` is answered with 503. */
export interface Probe {
  readonly ok: boolean;
  readonly details: Readonly<Record<string, unknown>>;
}

/** What `/health`, `/ready` and `/metrics` answer with. */
export interface Probes {
  health(): Promise<Probe>;
  ready(): Promise<Probe>;
  /** Prometheus text. */
  metrics(): Promise<string>;
}

/** What the page needs from outside. */
export interface WebOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 8420; 0 takes a free one. */
  readonly port?: number;
  /** The secret of the printed address; long, random, kept by the caller over restarts. */
  readonly token: string;
  /** The conversation so far, as far as this account may see it. */
  readonly history: (chat: ChatRef, viewer: Account) => Promise<readonly HistoryItem[]>;
  readonly status: () => Promise<PageStatus>;
  readonly files: PageFiles;
  readonly probes: Probes;
  readonly log: Log;
}

/** The page has one chat; every tab shows it. */
export const webChat: ChatRef = { platform: "web", chat: "main", thread: null };

/** Whoever holds the token: the page knows no other accounts. */
export const webAccount: Account = homeAccount;

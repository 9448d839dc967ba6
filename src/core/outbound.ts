import type { Failure, FailureAbout, FailureCode } from "./failures.ts";
import type { SentFile } from "./files.ts";

/** What the agent says to a chat, before a platform's renderer has seen it. */

/** What may be answered when leave is asked for. */
export type LeaveChoice = "once" | "session" | "always" | "deny";

/** A button under a message. `data` is at most 64 bytes (Telegram's limit, the smallest). */
export interface OutboundButton {
  readonly label: string;
  readonly data: string;
  /** Where leave is asked for: what it grants, whatever its label's language. */
  readonly means?: LeaveChoice;
}

/** A failure as it is stored; the adapters' side finds the words for it. */
export interface StoredFailure {
  readonly code: FailureCode;
  readonly message: string;
  readonly advice: string | null;
  /** What exactly, for other languages than the message's. */
  readonly about?: FailureAbout;
}

/** A failure as it is stored. */
export function storedFailure({ code, message, advice, about }: Failure): StoredFailure {
  return { code, message, advice, ...(about === null ? {} : { about }) };
}

/** One thing to be said, stored in the outbox until it has been. Plain JSON. */
export interface Outbound {
  /** Markdown (CommonMark + GFM); the adapter's renderer makes it native and cuts it into chunks. May be empty with a failure. */
  readonly markdown: string;
  /** The platform's id of the message this answers, or null. */
  readonly replyTo: string | null;
  /** The language, by its code, of what is added to it when it is sent; none: the first that ships. */
  readonly language?: string;
  readonly buttons?: readonly OutboundButton[];
  /** Outbox key of an earlier message that this takes the place of, buttons and all; where that can't be edited, nothing is said. */
  readonly edits?: string;
  /** A file instead of words; its bytes are kept under the entry's key. */
  readonly file?: SentFile;
  /** A quiet line below it, plain text; kept here so that it is the same at each attempt. Never part of the history. */
  readonly footer?: string;
  /** Why there is no (whole) answer, or how it was ended. */
  readonly ending?: { readonly type: "stopped" } | { readonly type: "failed"; readonly failure: StoredFailure };
}

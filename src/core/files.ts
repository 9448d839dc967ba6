/** What a file is to whoever sent it. `voice`: words to be heard. */
export type FileKind = "picture" | "voice" | "audio" | "video" | "document";

/** A file that came with a message and is still at its platform. Plain JSON. */
export interface FileRef {
  readonly kind: FileKind;
  /** As its sender named it, else a name with the right ending; untrusted. */
  readonly name: string;
  /** Bytes, as the platform says; null: it does not say. */
  readonly size: number | null;
  /** What its adapter fetches it by. */
  readonly ref: string;
}

/** A file as the gateway has fetched it. */
export interface FetchedFile {
  readonly kind: FileKind;
  readonly name: string;
  readonly content: FileContent;
}

/** `missing`: it could not be had, and why, for the model and the person to read. */
export type FileContent =
  | { readonly type: "bytes"; readonly bytes: Uint8Array }
  | { readonly type: "missing"; readonly reason: string };

/** A file that goes with an answer, as its chat is told of it. Plain JSON. */
export interface SentFile {
  readonly kind: FileKind;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Where it lies in the workspace, as the answer named it; empty: nowhere. */
  readonly path: string;
}

/** Files taken with one message; what is beyond that is named and left at the platform. */
export const mostFiles = 20;
/** The largest file taken, in bytes: what Telegram's own server gives bots. */
export const largestFile = 20 * 1024 * 1024;

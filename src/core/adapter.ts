import type { ChatRef } from "./chats.ts";
import type { LiveEvent } from "./events.ts";
import type { FileRef, SentFile } from "./files.ts";
import type { Inbound } from "./inbound.ts";
import type { OutboundButton } from "./outbound.ts";

/** What an adapter hands its events to. */
export interface Inlet {
  /**
   * Resolves once the inbox has the event (or already had it): only then may the platform be acknowledged.
   * Rejects with `state.unavailable` when it could not be stored; the adapter keeps the event unacknowledged and tries again.
   * `unanswered` is called, as long as this process lives, when it turns out that nothing will be said in answer to it.
   */
  receive(inbound: Inbound, unanswered?: () => void): Promise<void>;
}

/**
 * How a running turn is shown in a chat.
 * `push`: every event as it comes (our own page). `draft`: an ephemeral preview that vanishes by itself. `edit`: one placeholder
 * message, edited in place and finally turned into the answer. `stream`: a native stream, which the adapter opens, feeds and ends; its
 * message becomes the answer as a placeholder does. `none`: only the typing indicator, for now.
 * `everyMs` is the least time between two updates of one chat.
 */
export type LiveStyle =
  | { readonly kind: "push" }
  | { readonly kind: "draft"; readonly everyMs: number }
  | { readonly kind: "edit"; readonly everyMs: number }
  | { readonly kind: "stream"; readonly everyMs: number }
  | { readonly kind: "none" };

/** What a turn has said and done so far, for platforms that stream natively. */
export interface Progress {
  /** All its words, interim remarks too: within one attempt it only grows. */
  readonly text: string;
  readonly tools: readonly { readonly call: string; readonly title: string; readonly state: "running" | "done" | "failed" }[];
  /** What it waits for, in a line; empty when it waits for nothing. */
  readonly notice: string;
}

/** A channel as people call it, without the `#`. */
export interface NamedChannel {
  readonly chat: string;
  readonly name: string;
}

/** What the agent is doing in a chat. `waiting`: for a person's answer. */
export type ChatState = "working" | "waiting" | "idle";

/** What has become of a message that asked for something. */
export type Mark = "seen" | "answered" | "failed";

export interface PostOptions {
  /** The message this answers, or null. */
  readonly replyTo: string | null;
  /** The message that the whole answer is to, given with each of its parts, while `replyTo` is the first one's alone. None for previews. */
  readonly answers?: string | null;
  /** Which of its answer's messages it is, from 0 on. */
  readonly part?: number;
  readonly buttons?: readonly OutboundButton[];
  /** Set for a question of a turn, which goes on when it is answered; one that wants words has no buttons. */
  readonly asks?: true;
  /** The same at each attempt to send this message, and no other's: what was sent before can be found by it. None for previews. */
  readonly key?: string;
  /** Since when it has been waiting to be sent, epoch milliseconds: no earlier attempt is older. None for previews. */
  readonly since?: number;
  /** Of a preview: the turn that it shows, so that a platform can put a stop button under it. */
  readonly turn?: string;
  /** What that button says; none: as the first language that ships has it. */
  readonly stop?: string;
  /** True when an earlier attempt may have arrived: say so visibly, so that a double is obvious. */
  readonly maybeRepeated?: boolean;
}

/**
 * A chat platform. Speaks one wire format and knows nothing of models or tools. `Chunk` is the platform's own form of one message;
 * only the adapter looks inside.
 *
 * Sends throw a `Failure`: `platform.rate_limited` (with `retryAfterMs`; surely not sent), `platform.unavailable` (surely not sent),
 * `platform.refused` (never will be; the message says why), `platform.unknown_outcome` (may have been sent).
 */
export interface Adapter<Chunk = unknown> {
  readonly platform: string;
  /** Previews per second over all chats that leave room for final answers. */
  readonly previewsPerSecond: number;
  /** Connects and begins to receive. Resolves when it is receiving; rejects with a `Failure` that names the mend (a bad token). */
  start(inlet: Inlet): Promise<void>;
  /** Stops receiving; sends still work. */
  pause(): Promise<void>;
  close(): Promise<void>;
  /** Where a person opens it, for a platform that is our own page. */
  address?(): string | null;
  live(chat: ChatRef): LiveStyle;
  /**
   * Markdown to native messages, each within the platform's limit, no fence, link or table broken. Never empty. `footer`: a line of plain
   * text below the last of them, as quiet as the platform has it.
   */
  render(markdown: string, footer?: string): readonly Chunk[];
  /** The same for an answer of any length, off the event loop where that takes long. Without it, `render` takes no time. */
  renderWhole?(markdown: string, footer?: string): Promise<readonly Chunk[]>;
  /** Returns the platform's id of the new message. */
  post(chat: ChatRef, chunk: Chunk, options: PostOptions): Promise<string>;
  /** Idempotent: an edit that changes nothing succeeds. */
  edit(chat: ChatRef, message: string, chunk: Chunk, options: Pick<PostOptions, "buttons" | "turn" | "stop">): Promise<void>;
  /** Shows or updates an ephemeral draft of a turn; only called where `live` says `draft`. */
  draft(chat: ChatRef, turn: string, chunk: Chunk): Promise<void>;
  /**
   * Only called where `live` says `stream`; one call at a time for a turn. Returns the message that shows it now, which may be another than
   * `at.message`; null while none does.
   */
  stream?(
    chat: ChatRef,
    turn: string,
    progress: Progress,
    at: { readonly replyTo: string | null; readonly message: string | null },
  ): Promise<string | null>;
  typing(chat: ChatRef): Promise<void>;
  /** Shows what the agent is doing, on platforms that have a place for it. */
  state?(chat: ChatRef, state: ChatState): Promise<void>;
  /** Names a conversation, on platforms that show a name of it. A courtesy. */
  title?(chat: ChatRef, title: string): Promise<void>;
  /** Marks the message that a turn answers, on platforms that have signs for it. A courtesy. */
  mark?(chat: ChatRef, message: string, mark: Mark): Promise<void>;
  /** Sends a file as a message of its own, as native as the platform has it; as `post` otherwise. */
  postFile?(chat: ChatRef, file: SentFile, bytes: Uint8Array, options: PostOptions): Promise<string>;
  /** The bytes of a file that came with a message. `platform.refused` when it is gone, or larger than `limitBytes`. */
  fetchFile?(file: FileRef, limitBytes: number, signal: AbortSignal): Promise<Uint8Array>;
  /** The channels that it has been let into, by name; nothing where they can't be known now. */
  channels?(): Promise<readonly NamedChannel[]>;
  /** Only called where `live` says `push`. */
  push(event: LiveEvent): void;
}

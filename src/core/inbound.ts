import type { Account, ChatKind, ChatRef } from "./chats.ts";
import type { ErrandRef } from "./errand.ts";
import type { FileRef } from "./files.ts";

/** What every event from a platform carries. */
interface InboundBase {
  /**
   * The platform's own id of this event, prefixed so that it is unique over all platforms and bots, e.g.
   * `telegram:42:update:1001`. The inbox has it as its key: a redelivery is dropped.
   */
  readonly key: string;
  readonly chat: ChatRef;
  readonly kind: ChatKind;
  readonly sender: Account;
  /** When the platform says it happened, epoch milliseconds. */
  readonly at: number;
}

/** A message that somebody wrote. */
export interface InboundMessage extends InboundBase {
  readonly type: "message";
  /** May be empty where there are files. */
  readonly text: string;
  readonly files?: readonly FileRef[];
  /** Skills that were asked for by their names: `/NAME request`. */
  readonly skills?: readonly string[];
  /** The platform's id of the message, for replies; null where there is none. */
  readonly messageId: string | null;
  /** Whether it is meant for the agent: always in private chats; in shared ones a mention, a reply to it, or a command. */
  readonly addressed: boolean;
  /** Set for a piece of what was sent as one thing: those of one sender with the same `of` are one message, until `quietMs` pass without another. */
  readonly part?: { readonly of: "paste" | "forwards" | `album:${string}`; readonly quietMs: number };
  /** Of one that was gathered: what it was gathered from, and what stands between. */
  readonly pieces?: readonly Piece[];
  readonly gap?: string;
  /** What is to happen to it while a turn runs, as its writer wants it for this one. */
  readonly busy?: "queue" | "steer";
  /** An earlier request asked once more: its words are not those of the message that asked for it. */
  readonly again?: boolean;
  /** True for an unaddressed one in a thread: it is meant for the agent where the agent has been spoken to in that thread. */
  readonly continues?: boolean;
  /** True where a slash command or a button sent it: nobody has called us in the chat itself. */
  readonly menu?: true;
  /** Set where no chat message stands behind it: then the outcome is the errand's. */
  readonly errand?: ErrandRef;
}

/** A message that has become part of another. */
export interface Piece {
  readonly messageId: string | null;
  readonly text: string;
}

/** The words of what was gathered. */
export function joinedText(pieces: readonly Piece[], gap: string): string {
  return pieces
    .map(({ text }) => text)
    .filter((text) => text !== "")
    .join(gap);
}

/** Somebody pressed a stop button: stop what runs in this chat (or just `turn`, where the platform names it). */
export interface InboundStop extends InboundBase {
  readonly type: "stop";
  readonly turn: string | null;
}

/** Somebody pressed one of our buttons; `data` is what the button carried (at most 64 bytes, see `OutboundButton`). */
export interface InboundButton extends InboundBase {
  readonly type: "button";
  readonly data: string;
}

/** Somebody changed a message of theirs, or (`text` null) it was deleted: that counts as long as no turn has begun with it. */
export interface InboundChange extends InboundBase {
  readonly type: "change";
  readonly messageId: string;
  readonly text: string | null;
}

/** Somebody (`sender`) has left a shared chat, or was removed from it. */
export interface InboundLeft extends InboundBase {
  readonly type: "left";
}

/** What adapters hand to the gateway. Plain JSON: it is stored as it is. */
export type Inbound = InboundMessage | InboundStop | InboundButton | InboundChange | InboundLeft;

/** What the agent says to a chat, before a platform's renderer has seen it. */

/** A button under a message. `data` is at most 64 bytes (Telegram's limit, the smallest). */
export interface OutboundButton {
  readonly label: string;
  readonly data: string;
}

/** One thing to be said, stored in the outbox until it has been. Plain JSON. */
export interface Outbound {
  /** Markdown (CommonMark + GFM); the adapter's renderer makes it native and cuts it into chunks. */
  readonly markdown: string;
  /** The platform's id of the message this answers, or null. */
  readonly replyTo: string | null;
  readonly buttons?: readonly OutboundButton[];
}

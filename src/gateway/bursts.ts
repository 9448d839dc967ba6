import { chatKey, type ChatRef } from "../core/chats.ts";
import { type InboundMessage, joinedText } from "../core/inbound.ts";

/** Messages that were sent as one thing, and come to the agent as one. */
export interface Gathered {
  /** Inbox rows, oldest first. */
  readonly ids: readonly number[];
  readonly message: InboundMessage;
}

/** Gathers what platforms cut up: albums, forwards, pastes beyond their limit. A message that is whole passes at once. */
export interface Bursts {
  /** Whether something of its sender is kept that it may belong to. */
  holds(of: Pick<InboundMessage, "chat" | "sender">): boolean;
  /** False when the message is kept for now: it will be handed on with what belongs to it. What was kept of its sender goes first. */
  take(id: number, message: InboundMessage): boolean;
  /** Hands on what is kept of one sender in a chat. */
  end(of: Pick<InboundMessage, "chat" | "sender">): void;
  /** Hands on what is kept, in this chat or in all. */
  flush(chat?: ChatRef): void;
}

/** However it goes on, a burst is over then: below the time after which another gateway takes its messages for left behind (3 s). */
const longestMs = 2_500;
const mostParts = 20;

interface Burst {
  readonly parts: { readonly id: number; readonly message: InboundMessage }[];
  readonly of: string;
  readonly endsAt: number;
  timer: NodeJS.Timeout;
}

export function createBursts(handOn: (gathered: Gathered) => void): Bursts {
  const open = new Map<string, Burst>();

  const end = (key: string): void => {
    const burst = open.get(key);
    if (!burst) return;
    clearTimeout(burst.timer);
    open.delete(key);
    handOn({ ids: burst.parts.map(({ id }) => id), message: joined(burst.parts.map(({ message }) => message)) });
  };
  const keep = (key: string, id: number, message: InboundMessage, part: NonNullable<InboundMessage["part"]>): void => {
    const burst = open.get(key);
    const left = burst ? burst.endsAt - performance.now() : longestMs;
    const timer = setTimeout(() => end(key), Math.max(0, Math.min(part.quietMs, left)));
    if (burst) {
      clearTimeout(burst.timer);
      burst.timer = timer;
      burst.parts.push({ id, message });
      if (burst.parts.length >= mostParts) end(key);
    } else {
      open.set(key, { parts: [{ id, message }], of: part.of, endsAt: performance.now() + longestMs, timer });
    }
  };
  return {
    holds: (of) => open.has(keyOf(of)),
    take(id, message) {
      const key = keyOf(message);
      const burst = open.get(key);
      const { part } = message;
      if (burst && part?.of !== burst.of) {
        // The last piece of a paste is shorter than a message may be, so nothing marks it; after a time away, what is new comes with it.
        const atOnce = message.at - (burst.parts.at(-1)?.message.at ?? 0) <= longestMs;
        const bare = part === undefined && !message.text.startsWith("/") && message.files === undefined;
        if (burst.of === "paste" && bare && atOnce) {
          burst.parts.push({ id, message });
          end(key);
          return false;
        }
        end(key);
      }
      if (part === undefined) return true;
      keep(key, id, message, part);
      return false;
    },
    end: (of) => end(keyOf(of)),
    flush(chat) {
      for (const key of open.keys()) if (chat === undefined || key.startsWith(`${chatKey(chat)} `)) end(key);
    },
  };
}

/** One message of several: it is meant for the agent when one of them is. */
function joined(messages: readonly InboundMessage[]): InboundMessage {
  const [first, ...rest] = messages;
  if (first === undefined) throw new Error("a burst has at least one message");
  const { part: _part, ...whole } = first;
  if (rest.length === 0) return whole;
  const files = messages.flatMap((message) => message.files ?? []);
  const pieces = messages.map(({ messageId, text }) => ({ messageId, text }));
  const gap = first.part?.of === "paste" ? "\n" : "\n\n";
  return {
    ...whole,
    text: joinedText(pieces, gap),
    pieces,
    gap,
    addressed: messages.some(({ addressed }) => addressed),
    ...(files.length === 0 ? {} : { files }),
  };
}

function keyOf({ chat, sender }: Pick<InboundMessage, "chat" | "sender">): string {
  return `${chatKey(chat)} ${sender.id}`;
}

import { chatKey, type ChatRef } from "../core/chats.ts";
import type { InboundMessage } from "../core/inbound.ts";
import { isUnrouted } from "../store/inbox.ts";
import { takeFiles } from "./files.ts";
import type { GatewayParts } from "./parts.ts";

/** Files of messages that are on their way. */
export interface Fetches {
  /** Fetches a message's files; false when it was dropped meanwhile. */
  take(id: number, message: InboundMessage): Promise<boolean>;
  /** Ends the fetching of messages of a chat that have been dropped. */
  letGo(chat: ChatRef): Promise<void>;
}

export function createFetches(parts: GatewayParts, closing: AbortSignal): Fetches {
  const open = new Map<number, { readonly chat: string; readonly cut: AbortController }>();
  return {
    async take(id, { chat, files = [] }) {
      const cut = new AbortController();
      open.set(id, { chat: chatKey(chat), cut });
      try {
        await takeFiles(parts, id, chat.platform, files, AbortSignal.any([closing, cut.signal]));
        return true;
      } catch (error) {
        if (cut.signal.aborted) return false;
        throw error;
      } finally {
        open.delete(id);
      }
    },
    async letGo(chat) {
      for (const [id, { chat: of, cut }] of open) if (of === chatKey(chat) && !(await isUnrouted(parts.db, id))) cut.abort();
    },
  };
}

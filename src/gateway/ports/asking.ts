import type { Person } from "../../core/chats.ts";
import type { CommandPorts } from "../../core/command.ts";
import type { InboundMessage } from "../../core/inbound.ts";
import { assignInbound, lastRequest, storeInbound } from "../../store/inbox.ts";
import { openSession } from "../../store/sessions.ts";
import { sessionState } from "../../store/status.ts";
import { takeFiles } from "../files.ts";
import type { GatewayParts } from "../parts.ts";

/** Requests that a command makes for the person. */
export function askingPorts(
  parts: GatewayParts,
  inbound: InboundMessage,
  person: Person,
  session: string | null,
  asked: () => void,
): Pick<CommandPorts, "ask" | "retry"> {
  const { db } = parts;
  /** Under a key of its own, so that a redelivery of the command asks nothing twice. */
  const ask = async (message: InboundMessage, suffix: string): Promise<void> => {
    asked();
    const { messageId, at } = inbound;
    const stored = await storeInbound(db, { ...message, key: `${inbound.key}:${suffix}`, messageId, at });
    if (stored === null) return;
    const { files } = message;
    if (files !== undefined) await takeFiles(parts, stored.id, inbound.chat.platform, files, new AbortController().signal);
    const open = await openSession(db, inbound.chat, inbound.kind);
    await assignInbound(db, stored.id, open.session, person.id);
    await parts.queues.queue(parts.names.turns).wake(open.session);
  };
  return {
    async ask(text, busy) {
      const running = session !== null && (await sessionState(db, session))?.running !== null;
      await ask({ ...inbound, text, busy }, busy);
      return running;
    },
    async retry() {
      const last = session === null ? null : await lastRequest(db, session);
      if (!last) return false;
      const { pieces: _, ...request } = last;
      await ask({ ...request, again: true }, "retry");
      return true;
    },
  };
}

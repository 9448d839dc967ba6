import type { Person } from "../../core/chats.ts";
import type { CommandPorts } from "../../core/command.ts";
import type { InboundMessage } from "../../core/inbound.ts";
import { askedKey, assignInbound, isSettled, lastRequest, settleInbound, storeInbound } from "../../store/inbox.ts";
import { openSession } from "../../store/sessions.ts";
import { sessionState } from "../../store/status.ts";
import type { Fetches } from "../fetches.ts";
import type { GatewayParts } from "../parts.ts";

/** What a command needs that makes a request. */
export interface Asking {
  readonly fetches: Fetches;
  /** Hears that one has been made: it is answered as one. */
  asked(): void;
}

/** Requests that a command makes for the person. */
export function askingPorts(
  parts: GatewayParts,
  inbound: InboundMessage,
  person: Person,
  session: string | null,
  { asked, fetches }: Asking,
): Pick<CommandPorts, "ask" | "retry"> {
  const { db } = parts;
  /** Under a key of its own, so that a redelivery of the command asks nothing twice. False when it was dropped meanwhile. */
  const ask = async (message: InboundMessage, way: "queue" | "steer" | "retry"): Promise<boolean> => {
    const { messageId, at } = inbound;
    const request = { ...message, key: askedKey(inbound.key, way), messageId, at };
    const stored = await storeInbound(db, request);
    if (stored !== null) {
      // A stop that did not see the request has dropped the command.
      if (await isSettled(db, inbound.key)) {
        await settleInbound(db, stored.id);
        return false;
      }
      if (request.files !== undefined && !(await fetches.take(stored.id, request))) return false;
      const open = await openSession(db, inbound.chat, inbound.kind);
      if (!(await assignInbound(db, stored.id, open.session, person.id))) return false;
      await parts.queues.queue(parts.names.turns).wake(open.session);
    }
    asked();
    return true;
  };
  return {
    async ask(text, busy) {
      const running = session !== null && (await sessionState(db, session))?.running !== null;
      return (await ask({ ...inbound, text, busy }, busy)) && running;
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

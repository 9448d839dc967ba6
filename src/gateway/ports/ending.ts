import type { CommandPorts } from "../../core/command.ts";
import type { InboundMessage } from "../../core/inbound.ts";
import { dropComing, dropWaiting, findRoute } from "../../store/inbox.ts";
import { endSession } from "../../store/sessions.ts";
import type { GatewayParts } from "../parts.ts";
import { stopCompress, stopTurn } from "../stopping.ts";

/** The end of what runs in a conversation, and of the conversation. */
export function endingPorts(
  parts: GatewayParts,
  inbound: InboundMessage,
  session: string | null,
): Pick<CommandPorts, "stop" | "newSession"> {
  return {
    async stop() {
      // The way that a message goes: none passes by meanwhile.
      const coming = await dropComing(parts.db, inbound.chat, inbound.key);
      const { session: open } = await findRoute(parts.db, inbound.chat, inbound.sender);
      if (open === null) return { running: false, shortening: false, dropped: coming };
      const dropped = coming + (await dropWaiting(parts.db, open, inbound.key));
      const shortening = await stopCompress(parts, open, inbound.key);
      return { running: (await stopTurn(parts, open, null, inbound.key)) !== null, shortening, dropped };
    },
    async newSession() {
      if (session === null) return;
      // First the session, then what is in it: as whoever works on it locks them.
      await endSession(parts.db, session);
      await stopCompress(parts, session, inbound.key);
      await stopTurn(parts, session, null, inbound.key);
    },
  };
}

import type { CommandPorts } from "../../core/command.ts";
import { dropWaiting } from "../../store/inbox.ts";
import { endSession } from "../../store/sessions.ts";
import type { GatewayParts } from "../parts.ts";
import { stopCompress, stopTurn } from "../stopping.ts";

/** The end of what runs in a conversation, and of the conversation. */
export function endingPorts(parts: GatewayParts, session: string | null): Pick<CommandPorts, "stop" | "newSession"> {
  return {
    async stop() {
      if (session === null) return { running: false, shortening: false, dropped: 0 };
      const dropped = await dropWaiting(parts.db, session);
      const shortening = await stopCompress(parts, session);
      return { running: (await stopTurn(parts, session, null)) !== null, shortening, dropped };
    },
    async newSession() {
      if (session === null) return;
      // First the session, then what is in it: as whoever works on it locks them.
      await endSession(parts.db, session);
      await stopCompress(parts, session);
      await stopTurn(parts, session, null);
    },
  };
}

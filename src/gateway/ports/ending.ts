import { findCommand, parseCommand } from "../../commands/command.ts";
import type { CommandPorts } from "../../core/command.ts";
import type { Person } from "../../core/chats.ts";
import type { InboundMessage } from "../../core/inbound.ts";
import { comingTo, dropComing, dropWaiting, findRoute } from "../../store/inbox.ts";
import { endSession } from "../../store/sessions.ts";
import type { GatewayParts } from "../parts.ts";
import { skillRequest } from "../skills/requests.ts";
import { stopCompress, stopTurn } from "../stopping.ts";

/** The end of what runs in a conversation, and of the conversation. */
export function endingPorts(
  parts: GatewayParts,
  inbound: InboundMessage,
  person: Person,
  session: string | null,
): Pick<CommandPorts, "stop" | "newSession"> {
  return {
    async stop() {
      // The way that a message goes: none passes by meanwhile.
      const requests = await requestsTo(parts, inbound, person);
      const coming = await dropComing(parts.db, inbound.chat, requests);
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

/** What is on its way to the agent and came before a message. A command that asks nothing of it is none of that. */
async function requestsTo({ db, commands }: GatewayParts, before: InboundMessage, person: Person): Promise<readonly number[]> {
  const ids: number[] = [];
  for (const { id, inbound } of await comingTo(db, before.chat, before.key)) {
    if (inbound.type !== "message") continue;
    const parsed = inbound.skills === undefined ? parseCommand(inbound.text) : null;
    const found = parsed === null ? null : findCommand(commands, parsed.name);
    const asks = found === null || found.type === "none" || (found.type === "one" && found.command.asks === true);
    if (asks || (await skillRequest(db, commands, person, inbound)) !== null) ids.push(id);
  }
  return ids;
}

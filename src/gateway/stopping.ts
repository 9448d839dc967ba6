import { requestStop } from "../store/turns.ts";
import type { GatewayParts } from "./parts.ts";

/** Stops the session's turn (or just `turn`), wherever it runs or waits; its id, or null when there is none. */
export async function stopTurn(parts: GatewayParts, session: string, turn: string | null): Promise<string | null> {
  const stopped = await requestStop(parts.db, session, turn);
  if (stopped === null) return null;
  // A parked turn has no worker that could hear of it.
  if (stopped.parked) await parts.queues.queue(parts.names.turns).wake(session);
  else parts.live.signal(stopped.turn);
  return stopped.turn;
}

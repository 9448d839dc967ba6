import { dropCompressRequest } from "../store/compactions.ts";
import { type Stopping, stopErrandsOf } from "../store/errand-ends.ts";
import { requestStop } from "../store/turns.ts";
import type { GatewayParts } from "./parts.ts";

/**
 * Stops the session's turn (or just `turn`), wherever it runs or waits; its id, or null when there is none. `before`: only one whose message
 * came before the event of that key, which may be taken up late, or twice.
 */
export async function stopTurn(
  parts: GatewayParts,
  session: string,
  turn: string | null,
  before: string | null = null,
): Promise<string | null> {
  const stopped = await requestStop(parts.db, session, turn, before);
  if (stopped === null) return null;
  await stopAll(parts, await stopErrandsOf(parts.db, stopped.turn, "its request was stopped"));
  // A parked turn has no worker that could hear of it.
  if (stopped.parked) await parts.queues.queue(parts.names.turns).wake(session);
  else parts.live.signal(stopped.turn);
  return stopped.turn;
}

/** Lets whoever runs stopped errands know of it. What follows their ends is the sweeper's where no worker has them. */
export async function stopAll(parts: GatewayParts, { turns, sessions }: Stopping): Promise<void> {
  for (const turn of turns) parts.live.signal(turn);
  for (const session of sessions) await parts.queues.queue(parts.names.turns).wake(session);
}

/**
 * Ends the shortening of a session's history, or takes back what waits for the turn's end; false when nobody had asked for one before the
 * event of the key `before`.
 */
export async function stopCompress(parts: GatewayParts, session: string, before: string): Promise<boolean> {
  const key = await dropCompressRequest(parts.db, session, before);
  // Whoever works on it goes by the request's key, as by a turn's.
  if (key !== null) parts.live.signal(key);
  return key !== null;
}

import { createHash } from "node:crypto";
import { remember } from "../core/maps.ts";

/** Which of several servers of one model a session is asked at, so that its prompt stays in one server's cache. */
export interface Affinity {
  /** All of them, the session's own first. */
  order(session: string, addresses: readonly string[]): readonly string[];
  /** The session was answered here: if it is not its own, it is from now on, since the cache is here now. */
  settle(session: string, address: string, addresses: readonly string[]): void;
}

/** Sessions that moved and are remembered; the rest are where their hash puts them. */
const mostMoved = 10_000;

/**
 * Rendezvous hashing: each server has a score for a session and the highest wins, so that a server more or less moves only the
 * sessions that it wins or had. A session that had to move stays where it went until that server dies too or the process ends.
 */
export function newAffinity(): Affinity {
  const moved = new Map<string, string>();
  const order = (session: string, addresses: readonly string[]): readonly string[] => {
    const scored = addresses.map((address) => ({ address, score: scoreOf(session, address) }));
    const ranked = scored.sort((a, b) => (a.score < b.score ? 1 : -1)).map(({ address }) => address);
    const home = moved.get(session);
    return home !== undefined && ranked.includes(home) ? [home, ...ranked.filter((address) => address !== home)] : ranked;
  };
  return {
    order,
    settle: (session, address, addresses) => {
      if (order(session, addresses)[0] !== address) remember(moved, session, address, mostMoved);
    },
  };
}

function scoreOf(session: string, address: string): string {
  return createHash("sha256").update(`${session}\n${address}`).digest("hex");
}

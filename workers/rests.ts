import { remember } from "../src/core/maps.ts";

/** Sessions that are left alone for a while, because the record took nothing of their work: a full disk, a database that is away. */
export interface Rests {
  has(session: string): boolean;
  /** It rests, twice as long as the last time. `counted`: in the record that was one more attempt at its turn. */
  begin(session: string, counted: boolean): void;
  /** So many of the attempts at its turn are none of the turn's. */
  forgiven(session: string): number;
  end(session: string): void;
}

/** The first rest is over before the sweeper's second look. */
const firstMs = 1_000;
/** Each time the model is asked again, in vain. */
const longestMs = 30_000;
const mostSessions = 10_000;

export function createRests(now: () => number = () => performance.now()): Rests {
  const resting = new Map<string, { readonly until: number; readonly ms: number; readonly forgiven: number }>();
  return {
    has: (session) => (resting.get(session)?.until ?? 0) > now(),
    begin(session, counted) {
      const last = resting.get(session);
      const ms = last === undefined ? firstMs : Math.min(longestMs, 2 * last.ms);
      const forgiven = (last?.forgiven ?? 0) + (counted ? 1 : 0);
      remember(resting, session, { until: now() + ms, ms, forgiven }, mostSessions);
    },
    forgiven: (session) => resting.get(session)?.forgiven ?? 0,
    end: (session) => void resting.delete(session),
  };
}

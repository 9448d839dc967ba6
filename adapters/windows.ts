/** A place in a limit: so many requests in any stretch of so many milliseconds, of which some are kept for what matters more. */
export interface Place {
  readonly name: string;
  readonly most: number;
  readonly ms: number;
  readonly reserve?: number;
}

/** Keeps count of requests, so that none is sent past a limit. */
export interface Windows {
  /** Takes a place in all of these, or in none: then how long until there may be one, in milliseconds. 0: taken. */
  take(places: readonly Place[]): number;
  /** A request that took places has been answered, or will not be: it counts from now on, since on a busy machine it left late. */
  ended(places: readonly Place[]): void;
  /** How long until there may be a place. */
  waitMs(place: Place): number;
}

interface Count {
  /** When requests were answered, oldest first. */
  ended: number[];
  /** When those that are under way began. */
  running: number[];
}

/** No request takes longer; one whose end was not told counts from then on. */
const longestMs = 120_000;
/** How long to wait where all places are held by requests under way. */
const lookMs = 50;
const sweepAt = 2_000;

export function createWindows(): Windows {
  const counts = new Map<string, Count & { until: number }>();
  const recent = ({ name, ms }: Place): Count => {
    const now = performance.now();
    const count = counts.get(name) ?? { ended: [], running: [], until: 0 };
    const lost = count.running.filter((at) => now - at >= longestMs).map((at) => at + longestMs);
    if (lost.length > 0) count.running = count.running.filter((at) => now - at < longestMs);
    count.ended = [...count.ended, ...lost].filter((at) => now - at < ms);
    count.until = now + ms;
    counts.set(name, count);
    return count;
  };
  const sweep = (): void => {
    const now = performance.now();
    for (const [name, { running, until }] of counts) if (running.length === 0 && until < now) counts.delete(name);
  };
  const waitMs = (place: Place): number => {
    const { ended, running } = recent(place);
    const over = ended.length + running.length - (place.most - (place.reserve ?? 0));
    if (over < 0) return 0;
    // So many have to be forgotten first.
    const at = ended[over];
    return at === undefined ? lookMs : Math.max(1, Math.ceil(place.ms - (performance.now() - at)));
  };
  return {
    waitMs,
    take(places) {
      if (counts.size >= sweepAt) sweep();
      const wait = Math.max(0, ...places.map(waitMs));
      if (wait > 0) return wait;
      for (const place of places) recent(place).running.push(performance.now());
      return 0;
    },
    ended(places) {
      for (const place of places) {
        const count = recent(place);
        count.running.shift();
        count.ended.push(performance.now());
      }
    },
  };
}

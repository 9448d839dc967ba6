/** A budget of requests a second over all chats of a platform. */
export interface Pace {
  /** True when there is room for one more preview now; false means: skip this one, the next will show more. */
  take(): Promise<boolean>;
}

/** Refuses more than this many waiting: a preview that late is stale anyway. */
const mostWaiting = 200;

/** Spaces previews evenly, so that bursts over many chats leave room for final answers. */
export function createPace(perSecond: number): Pace {
  const gapMs = 1_000 / perSecond;
  let nextAt = 0;
  let waiting = 0;
  return {
    async take() {
      if (waiting >= mostWaiting) return false;
      const now = performance.now();
      const at = Math.max(now, nextAt);
      nextAt = at + gapMs;
      if (at <= now) return true;
      waiting += 1;
      await new Promise((resolve) => setTimeout(resolve, at - now));
      waiting -= 1;
      return true;
    },
  };
}

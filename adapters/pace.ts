/** A budget of requests a second over all chats of a platform. */
export interface Pace {
  /**
   * True when there is room for one more preview, once there is; false means: skip this one, the next will show more. What is not `wanted`
   * any more when its turn comes takes nobody's place.
   */
  take(wanted: () => boolean): Promise<boolean>;
}

/** Refuses more than this many waiting: a preview that late is stale anyway. */
const mostWaiting = 200;

/** Spaces previews evenly, so that bursts over many chats leave room for final answers. */
export function createPace(perSecond: number): Pace {
  const gapMs = 1_000 / perSecond;
  let nextAt = -Infinity;
  let timer: NodeJS.Timeout | null = null;
  const waiting: { readonly wanted: () => boolean; resolve(roomy: boolean): void }[] = [];
  const pump = (): void => {
    timer = null;
    const now = performance.now();
    for (let first = waiting[0]; first && (nextAt <= now || !first.wanted()); first = waiting[0]) {
      waiting.shift();
      const roomy = first.wanted();
      // What was late stays late, but never by so much that a burst would follow.
      if (roomy) nextAt = Math.max(nextAt, now - gapMs) + gapMs;
      first.resolve(roomy);
    }
    if (waiting.length > 0) timer = setTimeout(pump, Math.max(1, nextAt - now));
  };
  return {
    async take(wanted) {
      if (waiting.length >= mostWaiting) return false;
      const { promise, resolve } = Promise.withResolvers<boolean>();
      waiting.push({ wanted, resolve });
      if (!timer) pump();
      return await promise;
    },
  };
}

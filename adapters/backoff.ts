/** Doubling delays with jitter, so that many processes do not come back at once. */
export function backoff(firstMs: number, longestMs: number): { next(): number; reset(): void } {
  let attempts = 0;
  return {
    next() {
      const ms = Math.min(longestMs, firstMs * 2 ** attempts);
      attempts = Math.min(attempts + 1, 20);
      return ms * (0.75 + Math.random() / 4);
    },
    reset() {
      attempts = 0;
    },
  };
}

import type { Redis } from "ioredis";

/** About five minutes of a busy gateway; a reader that is further behind shows only what is left. */
const streamLength = 20_000;
/** What waits for a Redis that is away is dropped beyond this: a preview that late is stale. */
const mostUnderWay = 5_000;

/** Appends values to streams without waiting and without ever throwing. */
export interface Writer {
  write(key: string, value: unknown): void;
  /** Resolves when what was written is out, or lost. */
  close(): Promise<void>;
}

export function createWriter(redis: Redis): Writer {
  const underWay = new Set<Promise<unknown>>();
  return {
    write(key, value) {
      if (underWay.size >= mostUnderWay) return;
      const sent: Promise<unknown> = redis
        .xadd(key, "MAXLEN", "~", streamLength, "*", "v", JSON.stringify(value))
        .catch(() => undefined)
        .finally(() => underWay.delete(sent));
      underWay.add(sent);
    },
    async close() {
      await Promise.all(underWay);
    },
  };
}

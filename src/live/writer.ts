import type { Redis } from "ioredis";
import type { LiveEvent } from "../core/events.ts";
import { gather, type Gathered } from "./merge.ts";

/** Minutes of a busy gateway; a reader that is further behind shows only what is left. */
const streamLength = 10_000;
/** One entry's events: a reader must not parse for long at a time. */
const mostInOne = 200;
/** What waits for a Redis that does not answer is dropped beyond this: a preview that late is stale. */
const mostBytesUnderWay = 8_000_000;

/** Appends to streams without waiting and without ever throwing. */
export interface Writer {
  /** Goes out with all that the process says in the same moment. */
  event(key: string, event: LiveEvent): void;
  /** Goes out at once. */
  text(key: string, text: string): void;
  /** Resolves when what was written is out, or lost. */
  close(): Promise<void>;
}

/** `onError` hears of each entry that was lost. */
export function createWriter(redis: Redis, onError: (error: Error) => void): Writer {
  const underWay = new Set<Promise<unknown>>();
  const waiting = new Map<string, Gathered>();
  let bytes = 0;
  let flushing: NodeJS.Immediate | null = null;

  const append = (key: string, values: readonly string[]) => {
    const size = values.reduce((sum, value) => sum + value.length, 0);
    bytes += size;
    const fields = values.flatMap((value) => [field, value]);
    const sent: Promise<unknown> = redis
      .xadd(key, "MAXLEN", "~", streamLength, "*", ...fields)
      .catch(onError)
      .finally(() => {
        bytes -= size;
        underWay.delete(sent);
      });
    underWay.add(sent);
  };
  const flush = () => {
    flushing = null;
    for (const [key, gathered] of waiting) {
      const events = gathered.take();
      if (events.length > 0 && bytes < mostBytesUnderWay)
        append(
          key,
          events.map((event) => JSON.stringify(event)),
        );
    }
  };
  return {
    event(key, event) {
      const gathered = waiting.get(key) ?? gather();
      waiting.set(key, gathered);
      gathered.add(event);
      if (gathered.size >= mostInOne) flush();
      else flushing ??= setImmediate(flush);
    },
    text(key, text) {
      if (bytes < mostBytesUnderWay) append(key, [text]);
    },
    async close() {
      if (flushing) clearImmediate(flushing);
      flush();
      await Promise.all(underWay);
    },
  };
}

/** The name of an entry's fields; an entry has one for each value. */
const field = "v";

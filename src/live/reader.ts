import { setTimeout } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { Log } from "../core/log.ts";
import type { Outage } from "../core/outage.ts";

/** Each read waits this long; then the reader looks whether the stream is still the one it knows. */
export const blockMs = 5_000;
const entriesAtOnce = 100;
const retryMs = 500;

export interface ReaderParts {
  /** A connection of the reader's own: a blocked one serves nobody else. */
  readonly redis: Redis;
  readonly key: string;
  readonly onValue: (value: string) => void;
  readonly outage: Outage;
  readonly log: Log;
}

/** A stream read from now on. */
export interface Reader {
  /** Resolves when nothing that comes from now on will be missed. */
  readonly ready: Promise<void>;
  close(): void;
}

/** Reads until closed, over broken connections and wiped servers. */
export function openReader(parts: ReaderParts): Reader {
  const control = new AbortController();
  const started = Promise.withResolvers<void>();
  void loop(parts, control.signal, started.resolve);
  return {
    ready: started.promise,
    // The loop is not waited for: a read that Redis has not answered when it went away may never end.
    close() {
      control.abort();
      parts.redis.disconnect();
      started.resolve();
    },
  };
}

async function loop(parts: ReaderParts, signal: AbortSignal, started: () => void): Promise<void> {
  const { outage } = parts;
  let last: string | null = null;
  while (!signal.aborted) {
    try {
      if (last === null) last = await newestId(parts);
      started();
      last = await readOn(parts, last, signal);
      outage.back();
    } catch (error) {
      if (signal.aborted) return;
      outage.error(error instanceof Error ? error : new Error(String(error)));
      await setTimeout(retryMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Hands on what came after `last`; resolves to the id to go on from. */
async function readOn(parts: ReaderParts, last: string, signal: AbortSignal): Promise<string> {
  const { redis, key } = parts;
  const found = await redis.xread("COUNT", entriesAtOnce, "BLOCK", blockMs, "STREAMS", key, last);
  const entries = found?.[0]?.[1] ?? [];
  for (const [, fields] of entries) {
    for (let index = 1; index < fields.length && !signal.aborted; index += 2) hand(parts, fields[index]);
  }
  const newest = entries.at(-1)?.[0];
  if (newest !== undefined) return newest;
  // Nothing new, or a wiped server whose clock is behind: its ids begin below the last one seen, and none would ever come.
  return isBefore(await newestId(parts), last) ? beginning : last;
}

function hand({ onValue, log }: ReaderParts, value: string | undefined): void {
  try {
    if (value !== undefined) onValue(value);
  } catch (error) {
    log.error({ error }, "a listener of live events failed");
  }
}

/** The stream's end as a concrete id: `$` would lose what comes between two reads. */
async function newestId({ redis, key }: ReaderParts): Promise<string> {
  const [newest] = await redis.xrevrange(key, "+", "-", "COUNT", 1);
  return newest?.[0] ?? beginning;
}

const beginning = "0-0";

/** Ids are a time in milliseconds and a count within it. */
function isBefore(one: string, other: string): boolean {
  const [time = 0, count = 0] = one.split("-").map(Number);
  const [otherTime = 0, otherCount = 0] = other.split("-").map(Number);
  return time < otherTime || (time === otherTime && count < otherCount);
}

import { Redis } from "ioredis";
import type { LiveEvent } from "../core/events.ts";
import type { Live } from "../core/live.ts";
import type { Log } from "../core/log.ts";
import { createWriter } from "./writer.ts";

/** Each read waits this long; a closed subscription ends within it. */
const blockMs = 2_000;
const mostAtOnce = 500;
const retryMs = 500;

/**
 * Live events over Redis: a stream per platform, since a stream, unlike pub/sub, can be read on from the last event seen after a broken
 * connection. Stop signals travel the same way, as a platform of their own.
 */
export function openRedisLive(url: string, prefix: string, log: Log): Live {
  const key = (name: string) => `${prefix}:live:${name}`;
  const connect = (patient: boolean) => {
    const redis = new Redis(url, {
      maxRetriesPerRequest: patient ? null : 0,
      enableOfflineQueue: patient,
      enableAutoPipelining: true,
      retryStrategy: (attempt) => Math.min(2_000, 100 * attempt),
    });
    redis.on("error", () => undefined);
    return redis;
  };
  const out = connect(false);
  const writer = createWriter(out);
  const readers = new Set<{ close(): Promise<void> }>();
  const read = async <Value>(name: string, onValue: (value: Value) => void) => {
    const reader = await openReader(connect(true), key(name), onValue, log);
    readers.add(reader);
    return {
      async close() {
        readers.delete(reader);
        await reader.close();
      },
    };
  };
  return {
    publish: (event) => writer.write(key(event.chat.platform), event),
    subscribe: (platform, onEvent) => read<LiveEvent>(platform, onEvent),
    signal: (turn) => writer.write(key("-signals"), turn),
    onSignal: (listener) => read<string>("-signals", listener),
    async close() {
      await Promise.all([...readers].map((reader) => reader.close()));
      await writer.close();
      out.disconnect();
    },
  };
}

/** Reads a stream from now on. Starts over when the stream was wiped: ids are times, so what comes later still has higher ones. */
async function openReader<Value>(
  redis: Redis,
  key: string,
  onValue: (value: Value) => void,
  log: Log,
): Promise<{ close(): Promise<void> }> {
  const state = { closed: false };
  let last = await lastId(redis, key);
  const loop = async (): Promise<void> => {
    while (!state.closed) {
      try {
        const found = await redis.xread("COUNT", mostAtOnce, "BLOCK", blockMs, "STREAMS", key, last);
        for (const [id, fields] of found?.[0]?.[1] ?? []) {
          last = id;
          hand(fields[1], onValue, log);
        }
      } catch (error) {
        if (state.closed) return;
        log.debug({ error }, "live events could not be read; trying again");
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  };
  const running = loop();
  return {
    async close() {
      state.closed = true;
      redis.disconnect();
      await running;
    },
  };
}

/** The stream's end as a concrete id: `$` would lose what comes between two reads. */
async function lastId(redis: Redis, key: string): Promise<string> {
  const newest = await redis.xrevrange(key, "+", "-", "COUNT", 1);
  return newest[0]?.[0] ?? "0-0";
}

/** Only `createWriter` writes these streams: the cast states that. */
function hand<Value>(text: string | undefined, onValue: (value: Value) => void, log: Log): void {
  if (text === undefined) return;
  try {
    onValue(JSON.parse(text) as Value);
  } catch (error) {
    log.error({ error }, "a listener of live events failed");
  }
}

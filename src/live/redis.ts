import { setTimeout } from "node:timers/promises";
import { Redis } from "ioredis";
import type { LiveEvent } from "../core/events.ts";
import type { Live, LiveSubscription } from "../core/live.ts";
import type { Log } from "../core/log.ts";
import { type Outage, watchConnections } from "../core/outage.ts";
import { blockMs, openReader, type Reader } from "./reader.ts";
import { createWriter } from "./writer.ts";

/** A reader is answered every `blockMs`: a socket that is silent for longer is dead, whatever the system says. */
const silentMs = 2 * blockMs;
/** How long a close waits for what was written last. */
const closeMs = 500;

/**
 * Live events over Redis: a stream per platform, since a stream, unlike pub/sub, can be read on from the last event seen after a broken
 * connection. Stop signals travel the same way, as a platform of their own.
 */
export function openRedisLive(url: string, prefix: string, log: Log): Live {
  const server = `Redis at ${new URL(url).host} (live events)`;
  const watch = watchConnections(server, "chats see no previews meanwhile; answers arrive all the same", log);
  const key = (name: string) => `${prefix}:live:${name}`;
  const connect = (manner: Manner, outage: Outage) =>
    new Redis(url, { ...manner, socketTimeout: silentMs, retryStrategy: (attempt) => Math.min(2_000, 100 * attempt) })
      .on("error", (error: Error) => outage.error(error))
      .on("ready", () => outage.back());
  const outage = watch();
  const out = connect({ maxRetriesPerRequest: 0, enableOfflineQueue: false }, outage);
  // Whoever has subscribed may also speak: until then the first words would be lost.
  const connected = Promise.withResolvers<void>();
  out.once("ready", connected.resolve);
  const writer = createWriter(out, (error) => outage.error(error));
  const readers = new Set<Reader>();
  const read = async (name: string, onValue: (value: string) => void): Promise<LiveSubscription> => {
    const own = watch();
    const redis = connect({ maxRetriesPerRequest: null }, own);
    const reader = openReader({ redis, key: key(name), onValue, outage: own, log });
    readers.add(reader);
    await Promise.all([reader.ready, connected.promise]);
    return {
      async close() {
        readers.delete(reader);
        reader.close();
        own.back();
      },
    };
  };
  return {
    publish: (event) => writer.event(key(event.chat.platform), event),
    // Only `publish` writes these streams: the cast states that.
    subscribe: (platform, onEvent) => read(platform, (value) => onEvent(JSON.parse(value) as LiveEvent)),
    signal: (turn) => writer.text(key(signals), turn),
    onSignal: (listener) => read(signals, listener),
    async close() {
      for (const reader of readers) reader.close();
      connected.resolve();
      await Promise.race([writer.close(), setTimeout(closeMs, undefined, { ref: false })]);
      out.disconnect();
    },
  };
}

/** How a connection takes it that Redis is away. */
interface Manner {
  readonly maxRetriesPerRequest: number | null;
  readonly enableOfflineQueue?: boolean;
}

/** No platform's name begins like this. */
const signals = "-signals";

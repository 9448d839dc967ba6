import type { LiveEvent } from "../core/events.ts";
import type { Live } from "../core/live.ts";
import type { Log } from "../core/log.ts";

/** Live events within one process: delivered in the same event-loop turn. */
export function openLocalLive(log: Log): Live {
  const listeners = new Map<string, Set<(event: LiveEvent) => void>>();
  const signals = new Set<(turn: string) => void>();
  const each = <Value>(all: Iterable<(value: Value) => void>, value: Value) => {
    for (const listener of all) {
      try {
        listener(value);
      } catch (error) {
        log.error({ error }, "a listener of live events failed");
      }
    }
  };
  return {
    publish: (event) => each(listeners.get(event.chat.platform) ?? [], event),
    async subscribe(platform, onEvent) {
      const own = listeners.get(platform) ?? new Set();
      listeners.set(platform, own);
      own.add(onEvent);
      return { close: async () => void own.delete(onEvent) };
    },
    signal: (turn) => each(signals, turn),
    async onSignal(listener) {
      signals.add(listener);
      return { close: async () => void signals.delete(listener) };
    },
    async close() {
      listeners.clear();
      signals.clear();
    },
  };
}

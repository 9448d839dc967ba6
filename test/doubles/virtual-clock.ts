import diagnostics from "node:diagnostics_channel";
import type { TestContext } from "node:test";

/** Time that passes only when it is told to, for whoever asks for it in this process; requests take none of it. */
export interface VirtualClock {
  /** Milliseconds since it began. */
  now(): number;
  /** Lets time pass, step by step; after each step all requests are answered. */
  pass(ms: number, stepMs?: number): Promise<void>;
}

const usualStepMs = 25;
/** What a settled promise leads to begins within so many rounds of the event loop. */
const quietRounds = 3;

/** Takes `setTimeout`, `Date` and `performance.now` over until the test ends. Connections that are to live by real time are opened before. */
export function virtualClock(t: TestContext): VirtualClock {
  const traffic = watchRequests();
  t.after(() => traffic[Symbol.dispose]());
  const began = Date.now();
  const from = performance.now();
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: began });
  t.mock.method(performance, "now", () => from + Date.now() - began);
  const settled = async (): Promise<void> => {
    for (let quiet = 0; quiet < quietRounds; quiet += 1) {
      if (traffic.running() > 0) quiet = 0;
      await new Promise(setImmediate);
    }
  };
  return {
    now: () => Date.now() - began,
    async pass(ms, stepMs = usualStepMs) {
      for (let left = ms; left > 0; left -= stepMs) {
        t.mock.timers.tick(Math.min(stepMs, left));
        await settled();
      }
    },
  };
}

/** How many requests of this process, by any client, are under way. */
function watchRequests(): { running(): number } & Disposable {
  const open = new Set<unknown>();
  const begun = (message: unknown) => void open.add(requestOf(message));
  const ended = (message: unknown) => void open.delete(requestOf(message));
  const channels = [
    ["undici:request:create", begun],
    ["undici:request:trailers", ended],
    ["undici:request:error", ended],
    ["http.server.request.start", begun],
    ["http.server.response.finish", ended],
    ["http.client.request.start", begun],
    ["http.client.response.finish", ended],
    ["http.client.request.error", ended],
  ] as const;
  for (const [name, listen] of channels) diagnostics.subscribe(name, listen);
  return {
    running: () => open.size,
    [Symbol.dispose]() {
      for (const [name, listen] of channels) diagnostics.unsubscribe(name, listen);
    },
  };
}

/** Each channel's message names its request. */
function requestOf(message: unknown): unknown {
  return (message as { readonly request: unknown }).request;
}

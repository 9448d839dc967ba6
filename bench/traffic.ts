import diagnostics from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";

/** One moment of the HTTP traffic of the doubles in this process. */
export interface Moment {
  /** `request`: its head is here. `answered`: the last byte of the answer has been handed to the system. */
  readonly what: "request" | "answered";
  readonly path: string;
  /** `performance.now()`. */
  readonly at: number;
}

/** Watches every HTTP server of this process from outside, so that a figure does not rest on what a double says of itself. */
export interface Traffic extends Disposable {
  /** Resolves with the time of the next such moment; rejects when it does not come. */
  next(what: Moment["what"], path: RegExp): Promise<number>;
  /** Calls `onMoment` for each from now on. */
  each(onMoment: (moment: Moment) => void): void;
}

/** Longer than any figure here may take. */
const patienceMs = 30_000;

export function watchTraffic(): Traffic {
  const listeners = new Set<(moment: Moment) => void>();
  const tell = (what: Moment["what"]) => (message: unknown) => {
    const at = performance.now();
    // The channels' messages are Node's own; both carry the request.
    const { request } = message as { readonly request: IncomingMessage };
    for (const listener of listeners) listener({ what, path: request.url ?? "", at });
  };
  const [began, ended] = [tell("request"), tell("answered")];
  diagnostics.subscribe("http.server.request.start", began);
  diagnostics.subscribe("http.server.response.finish", ended);
  return {
    async next(what, path) {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      const listener = (moment: Moment) => {
        if (moment.what === what && path.test(moment.path)) resolve(moment.at);
      };
      listeners.add(listener);
      const timer = setTimeout(() => reject(new Error(`no ${what} of ${path.source} within ${patienceMs} ms`)), patienceMs);
      return await promise.finally(() => {
        clearTimeout(timer);
        listeners.delete(listener);
      });
    },
    each: (onMoment) => void listeners.add(onMoment),
    [Symbol.dispose]() {
      listeners.clear();
      diagnostics.unsubscribe("http.server.request.start", began);
      diagnostics.unsubscribe("http.server.response.finish", ended);
    },
  };
}

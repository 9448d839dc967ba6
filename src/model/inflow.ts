import type { Dispatcher } from "undici";
import { readEvents, type SentEvent } from "./sse.ts";

/**
 * A streamed body on its way from the socket to whoever reads the answer: what one read of the socket completes is one batch, and there is
 * one promise a batch. Ends quietly when the signal fires; the reader asks the signal.
 */
export interface Inflow extends AsyncIterable<readonly SentEvent[]> {
  /** Lives as long as the inflow does. */
  held: unknown;
  begin(controller: Dispatcher.DispatchController): void;
  push(bytes: Uint8Array): void;
  end(): void;
  fail(error: unknown): void;
}

type Batch = IteratorResult<readonly SentEvent[], undefined>;
const over: Batch = { done: true, value: undefined };

/** More than this unread, and the socket is read no further. */
const mostUnread = 4_194_304;

interface State {
  readonly signal: AbortSignal;
  unread: SentEvent[];
  unreadBytes: number;
  ended: boolean;
  /** What was thrown, in a box: it may be undefined. */
  fault: { readonly error: unknown } | null;
  waiting: PromiseWithResolvers<Batch> | null;
  controller: Dispatcher.DispatchController | null;
}

/** Waits for its body. */
export function newInflow(signal: AbortSignal): Inflow {
  const reader = readEvents();
  const state: State = { signal, unread: [], unreadBytes: 0, ended: false, fault: null, waiting: null, controller: null };
  const wake = (): void => {
    const { waiting } = state;
    state.waiting = null;
    if (waiting !== null) nextBatch(state, waiting);
  };
  const stop = (): void => {
    state.ended = true;
    wake();
  };
  signal.addEventListener("abort", stop, { once: true });
  const close = (): void => {
    signal.removeEventListener("abort", stop);
    stop();
  };
  const fail = (error: unknown): void => {
    if (!state.ended) state.fault = { error };
    close();
  };
  const take = (cut: () => SentEvent[], bytes: number): void => {
    try {
      const events = cut();
      if (events.length === 0) return;
      state.unread = state.unread.length === 0 ? events : [...state.unread, ...events];
      state.unreadBytes += bytes;
    } catch (error) {
      fail(error);
    }
  };
  return {
    held: null,
    begin: (controller) => {
      state.controller = controller;
    },
    push: (bytes) => {
      take(() => reader.push(bytes), bytes.length);
      if (state.unreadBytes > mostUnread) state.controller?.pause();
      if (state.unread.length > 0) wake();
    },
    end: () => {
      take(() => reader.end(), 0);
      close();
    },
    fail,
    [Symbol.asyncIterator]: () => ({
      next: () => {
        const waiting = Promise.withResolvers<Batch>();
        nextBatch(state, waiting);
        return waiting.promise;
      },
      return: () => {
        leave(state);
        close();
        return Promise.resolve(over);
      },
    }),
  };
}

function nextBatch(state: State, waiting: PromiseWithResolvers<Batch>): void {
  if (state.signal.aborted) return waiting.resolve(over);
  if (state.unread.length > 0) {
    const value = state.unread;
    state.unread = [];
    if (state.unreadBytes > mostUnread) state.controller?.resume();
    state.unreadBytes = 0;
    return waiting.resolve({ done: false, value });
  }
  if (state.fault !== null) return waiting.reject(state.fault.error);
  if (state.ended) return waiting.resolve(over);
  state.waiting = waiting;
}

/** A reader that walks away before the end frees the server. */
function leave({ ended, controller }: State): void {
  if (!ended) controller?.abort(new Error("nobody reads this answer any more"));
}

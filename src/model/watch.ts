/**
 * Watches one request for progress. Before the first token every byte is life (a server that is still reading sends comments); after it
 * only events are. Time that the reader of the stream takes for itself does not count.
 */
export interface Watch {
  /** Fires when the request is given up: stalled, or the caller's signal. */
  readonly signal: AbortSignal;
  readonly stalled: boolean;
  /** Whether any byte of a body has come. */
  readonly bytes: boolean;
  gotBytes(): void;
  /** A token has come. */
  gotToken(): void;
  /** From now on (true) or no longer (false) we wait for the server. */
  waiting(now: boolean): void;
  /** No more waiting than this from now on: the answer itself is complete. */
  hurry(graceMs: number): void;
  end(): void;
}

/** Begins to watch. `prefillMs` is the patience before the first byte, `stallMs` after it. */
export function watchProgress(caller: AbortSignal, prefillMs: number, stallMs: number): Watch {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const state = {
    stalled: false,
    bytes: false,
    token: false,
    waits: true,
    hurried: false,
    patience: prefillMs,
    life: performance.now(),
  };
  let timer: NodeJS.Timeout | null = null;
  // One timer a stream, looking at a clock: re-arming it for each token would cost more than all else here.
  const arm = (ms: number): void => {
    timer = setTimeout(check, Math.min(ms, longestTimer));
  };
  const check = (): void => {
    const left = state.life + state.patience - performance.now();
    if (state.waits && left <= 0) {
      state.stalled = !state.hurried;
      return abort();
    }
    arm(state.waits ? left : state.patience);
  };
  const patience = (ms: number): void => {
    state.patience = ms;
    if (timer !== null) clearTimeout(timer);
    arm(ms);
  };
  if (caller.aborted) abort();
  else caller.addEventListener("abort", abort, { once: true });
  arm(prefillMs);
  return {
    signal: controller.signal,
    get stalled() {
      return state.stalled;
    },
    get bytes() {
      return state.bytes;
    },
    gotBytes: () => {
      if (!state.token) state.life = performance.now();
      if (state.bytes) return;
      state.bytes = true;
      patience(stallMs);
    },
    gotToken: () => {
      state.token = true;
    },
    waiting: (now) => {
      state.waits = now;
      if (now) state.life = performance.now();
    },
    hurry: (graceMs) => {
      if (state.hurried) return;
      state.hurried = true;
      patience(graceMs);
    },
    end: () => {
      if (timer !== null) clearTimeout(timer);
      caller.removeEventListener("abort", abort);
    },
  };
}

/** Node's timers overflow above this and fire at once. */
const longestTimer = 2_147_483_647;

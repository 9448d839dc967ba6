/** Keeps requests away from a server that does not answer, while there is another to ask. */
export interface Breaker {
  /** Whether it may be asked now: always while it answers; after each pause one request may try. */
  admits(): boolean;
  /** As `admits`, without taking the one try. */
  readonly open: boolean;
  /** What went wrong last; null while it answers. */
  readonly why: string | null;
  failed(why: string): void;
  /** True when this ended a time of trouble. */
  worked(): boolean;
}

/** Failures in a row after which a server counts as gone: fewer may be a restart or a dead socket. */
const mostFailures = 3;
const firstPauseMs = 5_000;
const longestPauseMs = 60_000;

/** A breaker for one server. */
export function newBreaker(now: () => number = () => performance.now()): Breaker {
  const state = { failures: 0, until: 0, pauseMs: firstPauseMs, trying: false, why: null as string | null };
  const open = (): boolean => state.failures >= mostFailures && now() < state.until;
  return {
    admits: () => {
      if (open()) return false;
      // Only one tries; the others go on elsewhere until it has an answer.
      if (state.failures >= mostFailures) Object.assign(state, { until: now() + state.pauseMs, trying: true });
      return true;
    },
    get open() {
      return open();
    },
    get why() {
      return state.why;
    },
    failed: (why) => {
      // One crash fails all that were under way: only the try tells that it lasts.
      const late = open() && !state.trying;
      Object.assign(state, { failures: state.failures + 1, why, trying: false });
      if (late || state.failures < mostFailures) return;
      state.until = now() + state.pauseMs;
      state.pauseMs = Math.min(state.pauseMs * 2, longestPauseMs);
    },
    worked: () => {
      const before = state.failures;
      Object.assign(state, { failures: 0, until: 0, pauseMs: firstPauseMs, trying: false, why: null });
      return before > 0;
    },
  };
}

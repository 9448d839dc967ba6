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
  const state = { failures: 0, until: 0, pauseMs: firstPauseMs, why: null as string | null };
  const open = (): boolean => state.failures >= mostFailures && now() < state.until;
  return {
    admits: () => {
      if (open()) return false;
      // Only one tries; the others go on elsewhere until it has an answer.
      if (state.failures >= mostFailures) state.until = now() + state.pauseMs;
      return true;
    },
    get open() {
      return open();
    },
    get why() {
      return state.why;
    },
    failed: (why) => {
      state.failures += 1;
      state.why = why;
      if (state.failures < mostFailures) return;
      state.until = now() + state.pauseMs;
      state.pauseMs = Math.min(state.pauseMs * 2, longestPauseMs);
    },
    worked: () => {
      const before = state.failures;
      Object.assign(state, { failures: 0, until: 0, pauseMs: firstPauseMs, why: null });
      return before > 0;
    },
  };
}

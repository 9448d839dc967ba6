/** Watches how long this thread works without letting anything else in. */
export interface LoopWatch {
  /** Ends the watch; the longest stretch in milliseconds. */
  stop(): number;
}

/**
 * Counts the thread's own processor time between two timers, not the clock's: what other processes of a busy machine take is no fault of
 * the code under test.
 */
export function watchLoop(): LoopWatch {
  let longest = 0;
  let last = used();
  const timer = setInterval(() => {
    const now = used();
    longest = Math.max(longest, now - last);
    last = now;
  }, lookMs);
  return {
    stop() {
      clearInterval(timer);
      return longest;
    },
  };
}

const lookMs = 5;

function used(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

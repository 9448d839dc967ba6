import type { WakeWorker } from "./backend.ts";

/** So many errors within a moment are a loop. */
const mostErrors = 20;
const momentMs = 1_000;

/**
 * BullMQ asks for the next job again at once when the server answers with an error (no memory, a disk that is full), as fast as it can.
 * A worker that errs that often takes a second's rest.
 */
export function createRest(worker: WakeWorker): { trouble(): void; close(): void } {
  let errors = 0;
  let since = -Infinity;
  let timer: NodeJS.Timeout | null = null;
  let closed = false;
  const resume = () => {
    timer = null;
    void worker.resume();
  };
  return {
    trouble() {
      if (closed || timer !== null) return;
      if (performance.now() - since > momentMs) {
        since = performance.now();
        errors = 0;
      }
      errors += 1;
      if (errors < mostErrors) return;
      since = -Infinity;
      timer = setTimeout(resume, momentMs);
      // With `true` it only stops fetching, so there is nothing to wait for.
      void worker.pause(true);
    },
    close() {
      closed = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}

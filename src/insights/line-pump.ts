/** Takes lines at once and passes them on in batches, one at a time. */
export interface LinePump {
  write(line: string): void;
  /** Resolves when all lines are written, or after the given time. Later lines are ignored. */
  close(withinMs: number): Promise<void>;
}

export interface PumpOptions {
  /** Writes one batch; may reject, then the batch is lost and counted. */
  readonly sink: (batch: string) => Promise<void>;
  /** Called with the first error of a series; null when writing works again, with the number of lines lost. */
  readonly onTrouble: (error: unknown, lost: number) => void;
}

/** Lines waiting for a slow disk or reader; beyond this they are dropped rather than kept in memory. */
const mostWaiting = 4 * 1024 * 1024;
/** Pause after an error, so that a full disk costs nothing. */
const pauseMs = 1_000;

/** A pump into `sink`. It never throws and never waits; what can't be written is dropped and counted. */
export function linePump(options: PumpOptions): LinePump {
  let waiting: string[] = [];
  let chars = 0;
  let lost = 0;
  let failing = false;
  let closed = false;
  let running: Promise<void> | null = null;

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      chars = 0;
      await pass(batch);
    }
    running = null;
  }

  async function pass(batch: readonly string[]): Promise<void> {
    try {
      await options.sink(batch.join(""));
      if (failing || lost > 0) options.onTrouble(null, lost);
      failing = false;
      lost = 0;
    } catch (thrown) {
      lost += batch.length;
      if (!failing) options.onTrouble(thrown, lost);
      failing = true;
      if (!closed) await pause();
    }
  }

  return {
    write: (line) => {
      if (closed) return;
      if (chars + line.length > mostWaiting) {
        lost += 1;
        return;
      }
      waiting.push(line);
      chars += line.length;
      running ??= Promise.resolve().then(run);
    },
    close: async (withinMs) => {
      closed = true;
      if (running === null) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, withinMs);
      await Promise.race([running, promise]);
      clearTimeout(timer);
    },
  };
}

function pause(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, pauseMs).unref();
  });
}

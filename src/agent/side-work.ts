/** What is done beside everything else: nobody waits for it, and a worker that ends gives it up. */
export interface SideWork {
  /** Aborted once it is given up. */
  readonly signal: AbortSignal;
  /** Keeps hold of what has begun; what goes wrong is `work`'s own to say. */
  add(work: Promise<void>): void;
  close(): Promise<void>;
}

/** Opens it for one worker. */
export function openSideWork(): SideWork {
  const control = new AbortController();
  const running = new Set<Promise<void>>();
  return {
    signal: control.signal,
    add(work) {
      running.add(work);
      void work.finally(() => running.delete(work));
    },
    async close() {
      control.abort();
      await Promise.all(running);
    },
  };
}

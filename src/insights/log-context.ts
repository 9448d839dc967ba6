import { AsyncLocalStorage } from "node:async_hooks";

/** What a line of the log is about, wherever it is written from. */
export interface LogContext {
  readonly turn: string;
  readonly session: string;
}

const storage = new AsyncLocalStorage<{ context: LogContext | null }>();

/**
 * Runs `work`; every line that is logged from within bears these fields. What it leaves running, such as a connection that others will
 * use, bears them no longer than it runs.
 */
export async function withLogContext<T>(context: LogContext, work: () => Promise<T>): Promise<T> {
  const held: { context: LogContext | null } = { context };
  try {
    return await storage.run(held, work);
  } finally {
    held.context = null;
  }
}

/** The fields that lines bear here. */
export function contextFields(): object {
  return storage.getStore()?.context ?? {};
}

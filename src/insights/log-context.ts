import { AsyncLocalStorage } from "node:async_hooks";

/** What a line of the log is about, wherever it is written from. */
export interface LogContext {
  readonly turn: string;
  readonly session: string;
}

const storage = new AsyncLocalStorage<LogContext>();

/** Runs `work`; every line that is logged from within bears these fields. */
export function withLogContext<T>(context: LogContext, work: () => T): T {
  return storage.run(context, work);
}

/** The fields that lines bear here. */
export function contextFields(): object {
  return storage.getStore() ?? {};
}

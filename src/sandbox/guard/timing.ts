import { Failure } from "../../core/failures.ts";

/** One fetch's clock: bounds the whole, and every silence in it. */
export interface Timing {
  readonly signal: AbortSignal;
  /** Something came; bound, so that it can be handed on. */
  readonly tick: () => void;
  /** What ended it, when it was the clock. */
  fault(): Failure | null;
  stop(): void;
}

export function timing(caller: AbortSignal, totalMs: number, idleMs: number): Timing {
  const control = new AbortController();
  let fault: Failure | null = null;
  const end = (words: string) => () => {
    fault ??= new Failure("web.failed", words, { retryable: true });
    control.abort(fault);
  };
  const total = setTimeout(end(`It took longer than ${totalMs / 1_000} s.`), totalMs);
  const idle = setTimeout(end(`It sent nothing for ${idleMs / 1_000} s.`), idleMs);
  return {
    signal: AbortSignal.any([caller, control.signal]),
    tick: () => void idle.refresh(),
    fault: () => fault,
    stop() {
      clearTimeout(total);
      clearTimeout(idle);
    },
  };
}

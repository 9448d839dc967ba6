/** What `work` resolves to, or an error when that takes longer. Nothing is left behind: no timer, no unhandled rejection. */
export async function within<Result>(ms: number, work: Promise<Result>): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}

/** Waits until `work` has ended, well or not, but no longer than this. True when it ended. */
export async function settled(ms: number, work: Promise<unknown>): Promise<boolean> {
  const ended = work.then(
    () => true,
    () => true,
  );
  return await within(ms, ended).catch(() => false);
}

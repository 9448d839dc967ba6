/** What a double calls when anything has happened in it. */
export type Watchers = Set<() => void>;

/** The first value that is not undefined, null or false. Rejects after the time, with the double's last calls. */
export async function waitFor<T>(
  watchers: Watchers,
  look: () => T | undefined | null | false,
  timeoutMs: number,
  calls: () => readonly string[],
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const check = (): void => {
    try {
      const found = look();
      if (found !== undefined && found !== null && found !== false) resolve(found);
    } catch (error) {
      reject(error instanceof Error ? error : new Error(String(error)));
    }
  };
  // What is looked at may be outside of the server: hence the clock as well.
  const clock = setInterval(check, 20);
  const timer = setTimeout(() => {
    reject(new Error(`waited ${timeoutMs} ms in vain; the last calls were: ${calls().slice(-8).join(", ") || "none"}`));
  }, timeoutMs);
  watchers.add(check);
  check();
  try {
    return await promise;
  } finally {
    clearInterval(clock);
    clearTimeout(timer);
    watchers.delete(check);
  }
}

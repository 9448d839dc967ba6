/** The task's result, or an error when it has none within `ms`. The task itself goes on: only the wait ends. */
export async function inTime<Result>(task: Promise<Result>, ms: number, what: string): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms / 1000} seconds`)), ms);
  try {
    return await Promise.race([task, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether the task ends within `ms`, well or badly. */
export async function endsWithin(task: Promise<unknown>, ms: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), ms);
  try {
    return await Promise.race([
      task.then(
        () => true,
        () => true,
      ),
      promise,
    ]);
  } finally {
    clearTimeout(timer);
  }
}

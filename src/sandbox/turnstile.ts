/** Where tasks go through one by one. */
export type Turnstile = <Result>(task: () => Promise<Result>) => Promise<Result>;

/** Lets one task through at a time, in order of arrival. A task that fails does not stop the next. */
export function turnstile(): Turnstile {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const mine = last.then(task, task);
    last = mine.catch(() => undefined);
    return mine;
  };
}

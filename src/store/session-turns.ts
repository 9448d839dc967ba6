/** How a client takes its turn: `prompt` ones first come, first served; a `yielding` one lets those go first that come in the same moment. */
export type Manner = "prompt" | "yielding";

/** Who uses something that one may use at a time. */
export interface Turns {
  /** Resolves with the way to give it back, to be called once. */
  enter(manner: Manner): Promise<() => void>;
}

/** A yielding client that has waited so long is served before all others: nobody waits for ever. In milliseconds. */
const patienceMs = 20;

export function createTurns(): Turns {
  const prompt: (() => void)[] = [];
  const yielding: { readonly since: number; begin(): void }[] = [];
  let taken = false;
  let looking = false;

  const take = (begin: (() => void) | undefined): boolean => {
    if (begin === undefined) return false;
    taken = true;
    begin();
    return true;
  };
  /** A yielding one begins when a turn of the event loop has passed in which nobody else wanted in. */
  const lookLater = (): void => {
    if (looking || yielding.length === 0) return;
    looking = true;
    setImmediate(() => {
      looking = false;
      if (!taken) take(yielding.shift()?.begin);
    });
  };
  const leave = (): void => {
    taken = false;
    const [oldest] = yielding;
    if (oldest !== undefined && performance.now() - oldest.since > patienceMs) take(yielding.shift()?.begin);
    else if (!take(prompt.shift())) lookLater();
  };
  return {
    async enter(manner) {
      const { promise, resolve } = Promise.withResolvers<void>();
      if (manner === "yielding") {
        yielding.push({ since: performance.now(), begin: resolve });
        if (!taken) lookLater();
      } else if (taken) prompt.push(resolve);
      else take(resolve);
      await promise;
      return leave;
    },
  };
}

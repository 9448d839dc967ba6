/** One line of tasks, done one after the other; it exists while anybody keeps it. */
export interface Lane {
  tail: Promise<void>;
  /** Who keeps the lane: receipts and routings under way. */
  inside: number;
  /** How many tasks have ever been queued here, and how many are not over. */
  queued: number;
  routing: number;
}

/** A lane for each chat. */
export interface Lanes {
  /** Keeps the lane until `leave`. */
  enter(key: string): Lane;
  leave(key: string, lane: Lane): void;
  /** Undefined while nobody keeps it. */
  at(key: string): Lane | undefined;
  /** Puts a task, which does not reject, at the end. An urgent one waits only for other urgent ones; what comes after it waits for it. */
  queue(key: string, urgent: boolean, task: () => Promise<void>): void;
  /** Whether something urgent is under way. */
  urgent(key: string): boolean;
  /** Resolves when what is queued is done, in one lane or in all. */
  done(key?: string): Promise<void>;
}

export function createLanes(): Lanes {
  const lanes = new Map<string, Lane>();
  const enter = (key: string): Lane => {
    const lane = lanes.get(key) ?? { tail: Promise.resolve(), inside: 0, queued: 0, routing: 0 };
    lanes.set(key, lane);
    lane.inside += 1;
    return lane;
  };
  const leave = (key: string, lane: Lane): void => {
    lane.inside -= 1;
    if (lane.inside === 0) lanes.delete(key);
  };
  return {
    enter,
    leave,
    at: (key) => lanes.get(key),
    queue(key, urgent, task) {
      const own = urgent ? urgentOf(key) : key;
      const first = urgent ? undefined : lanes.get(urgentOf(key))?.tail;
      const lane = enter(own);
      lane.queued += 1;
      lane.routing += 1;
      lane.tail = Promise.all([lane.tail, first])
        .then(task)
        .finally(() => {
          lane.routing -= 1;
          leave(own, lane);
        });
    },
    urgent: (key) => lanes.has(urgentOf(key)),
    async done(key) {
      const those = key === undefined ? [...lanes.values()] : [lanes.get(key), lanes.get(urgentOf(key))];
      await Promise.all(those.map((lane) => lane?.tail));
    },
  };
}

function urgentOf(key: string): string {
  return `${key} urgent`;
}

import { asFailure } from "../src/core/failures.ts";
import { sweepMs } from "../src/core/limits.ts";
import type { Log } from "../src/core/log.ts";
import type { Queues } from "../src/core/queue.ts";
import type { Db } from "../src/store/hold.ts";
import { chatsWithDeliveries } from "../src/store/outbox.ts";
import { sessionsWithWork } from "../src/store/sessions.ts";
import { type Unfinished, unfinished } from "../src/store/unfinished.ts";
import { deliveryQueue } from "./asking.ts";
import { turnQueue } from "./turn-parts.ts";

/** Something done over and over, never twice at once. */
export interface Upkeep {
  close(): Promise<void>;
}

/** Puts sessions back on the queue that have work and no live worker: after a kill, a wiped Redis, a lost wake-up. */
export async function sweepTurns(db: Db, queues: Queues): Promise<void> {
  for (const { session, fence } of await sessionsWithWork(db)) await queues.queue(turnQueue).sweep(session, String(fence));
}

/** Puts chats back on the queue whose outbox holds something due that nobody is sending. */
export async function sweepDeliveries(db: Db, queues: Queues, platforms: readonly string[]): Promise<void> {
  for (const { platform, chat, attempt } of await chatsWithDeliveries(db, platforms))
    await queues.queue(deliveryQueue(platform)).sweep(chat, attempt);
}

/** Does each of these in turn, whatever becomes of the others; what failed is thrown at the end. */
export async function allOf(parts: readonly (() => Promise<unknown>)[]): Promise<void> {
  const failed: unknown[] = [];
  for (const part of parts) {
    try {
      await part();
    } catch (error) {
      failed.push(error);
    }
  }
  if (failed.length === 1) throw failed[0];
  if (failed.length > 1) throw new AggregateError(failed, failed.map((error) => asFailure(error).message).join("; "));
}

/** Runs `work` every `everyMs`, the first time at once or that much later, counted from the end of the last run. Trouble is logged once until it is over. */
export function every(
  name: string,
  everyMs: number,
  log: Log,
  work: () => Promise<void>,
  first: "now" | "later" = "now",
): Upkeep {
  const once = bearing(name, log, work);
  let timer: NodeJS.Timeout | null = null;
  let closed = false;
  const run = async () => {
    await once();
    if (!closed) schedule();
  };
  const schedule = () => {
    timer = setTimeout(() => {
      underWay = run();
    }, everyMs);
  };
  let underWay: Promise<void> = Promise.resolve();
  if (first === "now") underWay = run();
  else schedule();
  return {
    async close() {
      closed = true;
      if (timer) clearTimeout(timer);
      await underWay;
    },
  };
}

/** What sweeps the record for work that no job stands for. */
export interface Sweeps extends Upkeep {
  /** Sweeps at once, and then whenever the record holds something that it concerns, at most every `everyMs`. */
  add(name: string, concerns: (left: Unfinished) => boolean, work: () => Promise<void>, everyMs?: number): Upkeep;
}

/** One look a second at what is unfinished, for all sweeps of a process: where nothing is, none of them asks anything. */
export function openSweeps(db: Db, log: Log): Sweeps {
  const sweeps = new Set<{ readonly concerns: (left: Unfinished) => boolean; begin(): void }>();
  const look = async () => {
    if (sweeps.size === 0) return;
    const left = await unfinished(db, scheduleAheadMs);
    for (const sweep of sweeps) if (sweep.concerns(left)) sweep.begin();
  };
  const looking = every("look at what is left", sweepMs, log, look, "later");
  return {
    add(name, concerns, work, everyMs = 0) {
      const once = bearing(name, log, work);
      let underWay: Promise<void> | null = null;
      let endedAt = -Infinity;
      const begin = () => {
        // The looks are not that regular.
        if (underWay !== null || performance.now() - endedAt < everyMs - sweepMs / 2) return;
        underWay = once().then(() => {
          underWay = null;
          endedAt = performance.now();
        });
      };
      const sweep = { concerns, begin };
      sweeps.add(sweep);
      begin();
      return {
        async close() {
          sweeps.delete(sweep);
          await underWay;
        },
      };
    },
    close: () => looking.close(),
  };
}

/** As `work`, but its trouble is logged, once until it is over. */
function bearing(name: string, log: Log, work: () => Promise<void>): () => Promise<void> {
  let troubled = false;
  return async () => {
    try {
      await work();
      if (troubled) log.info({ upkeep: name }, "upkeep works again");
      troubled = false;
    } catch (error) {
      if (!troubled) log.warn({ upkeep: name, error }, "upkeep failed; it goes on trying");
      troubled = true;
    }
  };
}

/** Schedules are swept when one is due within this time: the sweep sets the queue's timer to the instant. */
const scheduleAheadMs = 3 * sweepMs;

/**
 * How often a worker looks after its sandboxes and says which model it has, says that it lives, looks at background processes that somebody
 * wants to be told of, and drops what was left lying for an hour.
 */
export const upkeepTimes = { sweepMs, tendMs: 15_000, beatMs: 5_000, watchMs: 2_000, tidyMs: 300_000 } as const;

import { asFailure } from "../src/core/failures.ts";
import { sweepMs } from "../src/core/limits.ts";
import type { Log } from "../src/core/log.ts";
import type { Queues } from "../src/core/queue.ts";
import type { Db } from "../src/store/hold.ts";
import { chatsWithDeliveries } from "../src/store/outbox.ts";
import { sessionsWithWork } from "../src/store/sessions.ts";
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
  let timer: NodeJS.Timeout | null = null;
  let closed = false;
  let troubled = false;
  const once = async () => {
    try {
      await work();
      if (troubled) log.info({ upkeep: name }, "upkeep works again");
      troubled = false;
    } catch (error) {
      if (!troubled) log.warn({ upkeep: name, error }, "upkeep failed; it goes on trying");
      troubled = true;
    }
    if (!closed) schedule();
  };
  const schedule = () => {
    timer = setTimeout(() => {
      underWay = once();
    }, everyMs);
  };
  let underWay: Promise<void> = Promise.resolve();
  if (first === "now") underWay = once();
  else schedule();
  return {
    async close() {
      closed = true;
      if (timer) clearTimeout(timer);
      await underWay;
    },
  };
}

/**
 * How often the record is swept, a worker looks after its sandboxes and says which model it has, says that it lives, and looks at background
 * processes that somebody wants to be told of.
 */
export const upkeepTimes = { sweepMs, tendMs: 15_000, beatMs: 5_000, watchMs: 2_000 } as const;

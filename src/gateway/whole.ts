import type { Live } from "../core/live.ts";
import type { AddOptions, Queues } from "../core/queue.ts";
import { inTransaction } from "../store/hold.ts";
import { isUnroutedHere, settleInbound } from "../store/inbox.ts";
import type { GatewayParts } from "./parts.ts";

/**
 * Does what an event asks for, once: its effects, what is said of it and the note that it is done are one transaction, so that an event that
 * is taken up again after a failure finds all of it done, or nothing. `work` reaches the record through the parts it is given and nothing
 * else (on the embedded record anything else would wait for it, and it for that); who is to hear of it, hears once it is written.
 * `work` gives the session that the event's words belong to, or what is `open`: then more is to be done for the event. Null: all is done.
 */
export async function wholly<Open = never>(
  parts: GatewayParts,
  id: number,
  work: (within: GatewayParts) => Promise<{ readonly session: string | null } | { readonly open: Open }>,
): Promise<Open | null> {
  const later: (() => unknown)[] = [];
  const open = await inTransaction(parts.db, async (db) => {
    if (!(await isUnroutedHere(db, id))) return null;
    const within: GatewayParts = {
      ...parts,
      db,
      queues: deferredQueues(parts, later),
      live: deferredLive(parts.live, later),
      schedules: { ...parts.schedules, db, wake: async (run) => void later.push(() => parts.schedules.wake(run)) },
    };
    const end = await work(within);
    if ("open" in end) return end.open;
    await settleInbound(db, id, end.session);
    return null;
  });
  for (const each of later) await each();
  return open;
}

/** The sweepers find what nobody could be woken for. */
function deferredQueues({ queues, log }: Pick<GatewayParts, "queues" | "log">, later: (() => unknown)[]): Queues {
  const failed = (error: unknown) => log.warn({ error }, "the queue can't be reached; the sweeper goes on with this");
  const queue = (name: string) => ({
    ...queues.queue(name),
    wake: async (subject: string, options?: AddOptions) =>
      void later.push(() => queues.queue(name).wake(subject, options).catch(failed)),
  });
  return { ...queues, queue };
}

function deferredLive(live: Live, later: (() => unknown)[]): Live {
  return { ...live, signal: (turn) => void later.push(() => live.signal(turn)) };
}

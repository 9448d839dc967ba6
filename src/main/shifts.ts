import type { Log } from "../core/log.ts";
import { pause } from "../core/pause.ts";
import type { Database } from "../store/database.ts";
import { holdAlone } from "../store/sole-holder.ts";

export interface Shifts {
  close(): Promise<void>;
}

/** How often one that stands by looks whether it is needed; with a start of a second that is far below the 15 s that a team may wait. */
const lookMs = 2_000;

/**
 * Serves a platform as long as no other process does, and stands by while one does: of several gateways one receives, and when it is gone
 * another takes over. `serve` begins, and gives the way to end. While the record is away whoever serves goes on, so that people are told.
 * Resolves when it serves or stands by.
 */
export async function takeShifts(
  database: Pick<Database, "kind" | "pool">,
  platform: string,
  log: Log,
  serve: () => Promise<() => Promise<void>>,
): Promise<Shifts> {
  const closed = new AbortController();
  const closing = new Promise<void>((resolve) => closed.signal.addEventListener("abort", () => resolve()));
  const decided = Promise.withResolvers<void>();
  let stop: (() => Promise<void>) | null = null;

  const standBy = async (): Promise<void> => {
    if (stop !== null) log.warn({ platform }, `another gateway serves ${platform} now; stepping back`);
    else log.info({ platform }, `another gateway serves ${platform}; standing by`);
    await stop?.();
    stop = null;
  };
  const run = async (): Promise<void> => {
    let standingBy = false;
    while (!closed.signal.aborted) {
      const hold = await holdAlone(database, `hermes ${platform}`).catch(() => "unknown" as const);
      if (hold === null && !standingBy) await standBy();
      standingBy = hold === null;
      if (hold !== null && hold !== "unknown") {
        stop ??= await serve();
        decided.resolve();
        await Promise.race([hold.lost, closing]);
        if (closed.signal.aborted) await stop();
        await hold.release();
      }
      decided.resolve();
      await pause(lookMs, closed.signal);
    }
  };
  const running = run();
  await Promise.race([decided.promise, running]);
  return {
    async close() {
      closed.abort();
      await running;
    },
  };
}

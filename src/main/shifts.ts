import type { Log } from "../core/log.ts";
import { pause } from "../core/pause.ts";
import type { Database } from "../store/database.ts";
import { type Backend, type Hold, holdAlone } from "../store/sole-holder.ts";

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

  const end = async (): Promise<void> => {
    const ending = stop;
    stop = null;
    await ending?.().catch((error: unknown) => log.warn({ platform, error }, `${platform} did not end as it should`));
  };
  const standBy = async (): Promise<void> => {
    if (stop !== null) log.warn({ platform }, `another gateway serves ${platform} now; stepping back`);
    else log.info({ platform }, `another gateway serves ${platform}; standing by`);
    await end();
  };
  /** As long as the hold is good; ends with the process, and with what it serves before it lets go. */
  const serveWhile = async (hold: Hold): Promise<void> => {
    try {
      stop ??= await serve();
      decided.resolve();
      await Promise.race([hold.lost, closing]);
      if (closed.signal.aborted) await end();
    } finally {
      await hold.release();
    }
  };
  const run = async (): Promise<void> => {
    let standingBy = false;
    let first = true;
    let former: Backend | null = null;
    while (!closed.signal.aborted) {
      const began = performance.now();
      const hold: Hold | "unknown" | null = await holdAlone(database, `hermes ${platform}`, { former }).catch(
        () => "unknown" as const,
      );
      if (hold === null && !standingBy) await standBy();
      standingBy = hold === null;
      if (hold !== null && hold !== "unknown") {
        former = hold.backend;
        try {
          await serveWhile(hold);
        } catch (error) {
          if (first) throw error;
          log.error({ platform, error }, `${platform} could not be taken over; trying again`);
        }
      }
      first = false;
      decided.resolve();
      // After a hold that was lost it is asked at once whether another has it: until then both may serve.
      await pause(began + lookMs - performance.now(), closed.signal);
    }
    await end();
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

import { randomUUID } from "node:crypto";
import type { Log } from "../../src/core/log.ts";
import type { JobOutcome, Queues } from "../../src/core/queue.ts";
import { openQueues } from "../../src/queue/index.ts";
import { redisUrl } from "../services/redis.ts";
import { readyForms as databases, type Place, silent } from "./database-forms.ts";

/** One backend; each `open` is a process's view of the same queues. */
export interface Rig extends AsyncDisposable {
  open(log?: Log, exclusive?: boolean): Promise<Queues>;
}

export const done: JobOutcome = { type: "done" };

/** Both kinds of backend; Postgres embedded and as a server. */
export const forms = {
  redis: async () => {
    const url = await redisUrl();
    const prefix = `test-${randomUUID()}`;
    return rig(
      (log) => openQueues({ backend: { kind: "redis", url }, prefix, log }),
      async () => {},
    );
  },
  embedded: () => onPostgres(databases.embedded),
  postgres: () => onPostgres(databases.postgres),
};

async function onPostgres(prepare: () => Promise<Place>) {
  const place = await prepare();
  const { pool } = await place.open();
  const open = (log: Log, exclusive: boolean) => openQueues({ backend: { kind: "postgres", pool, exclusive }, prefix: "", log });
  return {
    ...rig(open, async () => await place[Symbol.asyncDispose]()),
    async sql(text: string): Promise<void> {
      await pool.query(text);
    },
  };
}

function rig(open: (log: Log, exclusive: boolean) => Promise<Queues>, end: () => Promise<void>): Rig {
  const opened: Queues[] = [];
  return {
    async open(log = silent, exclusive = false) {
      const queues = await open(log, exclusive);
      opened.push(queues);
      return queues;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((queues) => queues.close()));
      await end();
    },
  };
}

/** Waits until it holds; what is looked at has no event to wait for. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 20_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error("did not come true within 20 s");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A log that keeps its lines. */
export function noting(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  const note = (_fields: unknown, message: string) => void lines.push(message);
  return { log: { debug() {}, info: note, warn: note, error: note }, lines };
}

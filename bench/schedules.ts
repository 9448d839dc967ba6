import { setTimeout as pause } from "node:timers/promises";
import { sql } from "kysely";
import { workSchedules } from "../workers/schedules.ts";
import { openSweeps } from "../workers/upkeep.ts";
import { openQueues } from "../src/queue/index.ts";
import { openDatabase } from "../src/store/database.ts";
import type { Db } from "../src/store/hold.ts";
import { migrate } from "../src/store/migrate.ts";
import { migrations } from "../src/store/migrations/index.ts";
import { freshDatabase } from "../test/services/postgres.ts";
import { startRedis } from "../test/services/redis.ts";
import { type Figure, quantile, type Row, single } from "./figures.ts";

const count = 10_000;
const spreadMs = 20_000;
const log = { debug() {}, info() {}, warn() {}, error() {} };

/** Issue 6's limits: firing 10,000 schedules on one worker, with Redis and Postgres. */
export const schedules: Row = {
  name: "schedules",
  title: "10,000 schedules, one worker (Redis, Postgres)",
  async measure() {
    await using place = await freshDatabase();
    await using redis = await startRedis();
    const database = await openDatabase({ url: place.url, directory: "/nowhere", log });
    await using _closed = { [Symbol.asyncDispose]: () => database.close() };
    const { db } = database;
    await migrate(db, migrations);
    await fill(db, spreadMs);
    const queues = await openQueues({ backend: { kind: "redis", url: redis.url }, prefix: "bench", log });
    const sweeps = openSweeps(db, log);
    const began = performance.now();
    const worker = await workSchedules(
      {
        db,
        queues,
        log,
        home: "/nowhere",
        sandboxes: { open: () => Promise.reject(new Error("no sandbox here")) },
        policy: () => Promise.reject(new Error("no policy here")),
        rules: async () => ({
          wrap: true,
          charts: true,
          fromRuns: false,
          timeoutMs: 60_000,
          scriptMs: 1_000,
          retryMs: [],
          pauseAfter: 5,
        }),
      },
      sweeps,
      "bench",
      1_000,
    );
    const startMs = performance.now() - began;
    const spread = await delays(db);
    await db.deleteFrom("schedules").execute();
    await fill(db, 0);
    await queues.queue("schedules").wake("clock");
    const together = await delays(db);
    await worker.close();
    await sweeps.close();
    await queues.close();
    return [
      single("start-up with all of them", startMs, "ms", { atMost: 2_000 }),
      figure(`firing delay, due over ${spreadMs / 1_000} s, p99`, spread),
      figure("firing delay, all at one instant, p99", together),
    ];
  },
};

function figure(label: string, samples: readonly number[]): Figure {
  const note = `p50 ${quantile(samples, 0.5).toFixed(0)} ms, longest ${Math.max(...samples).toFixed(0)} ms, ${samples.length} runs; each run is begun meanwhile`;
  return single(label, quantile(samples, 0.99), "ms", { atMost: 1_000 }, note);
}

/** Due from three seconds from now on. */
async function fill(db: Db, overMs: number): Promise<void> {
  await sql`insert into people (id, name, role) values ('p', 'P', 'member') on conflict do nothing`.execute(db);
  const work = JSON.stringify({ skills: [], script: null, noAgent: false, contextFrom: [], continuity: false });
  await sql`
    insert into schedules (id, person_id, name, prompt, said, timing, deliver, origin_kind, work, status, next_at)
    select gen_random_uuid()::text, 'p', 's' || n || ${overMs}::text, 'report', 'every 1h',
      jsonb_build_object('type', 'every', 'everyMs', 3600000, 'zone', 'UTC', 'from', floor(extract(epoch from t.at) * 1000)),
      '["local"]'::jsonb, 'private', ${work}::jsonb, 'active', to_timestamp(floor(extract(epoch from t.at) * 1000) / 1000)
    from generate_series(1, ${count}::int) n, lateral (select now() + interval '3 seconds' + n * ${overMs / count}::float8 * interval '1 millisecond' as at) t`.execute(
    db,
  );
  await sql`analyze schedules`.execute(db);
}

/** How long after its instant each run stood in the record, once all have been fired. */
async function delays(db: Db): Promise<readonly number[]> {
  for (;;) {
    const left = await sql<{ left: number }>`
      select count(*)::int as left from schedules s where not exists (select 1 from schedule_runs r where r.schedule_id = s.id)`.execute(
      db,
    );
    if (left.rows[0]?.left === 0) break;
    await pause(500);
  }
  const found = await sql<{
    ms: number;
  }>`select (extract(epoch from fired_at - instant) * 1000)::float8 as ms from schedule_runs`.execute(db);
  return found.rows.map(({ ms }) => ms);
}

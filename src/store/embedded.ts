import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { scarcity } from "../config/disk-space.ts";
import { Failure } from "../core/failures.ts";
import { ensureCluster } from "./cluster.ts";
import { holdHome } from "./home-lock.ts";
import { leanWasm } from "./lean-wasm.ts";
import { createPglitePools, type PgPool, type Pools } from "./pglite-pool.ts";
import { searchPath } from "./postgres.ts";

/** An open embedded database. */
export interface Embedded {
  readonly pools: Pools;
  close(): Promise<void>;
}

/** Opens the database in `directory`, which belongs to this process until closed; makes it on the first start. */
export async function openEmbedded(directory: string, signal: AbortSignal): Promise<Embedded> {
  await using stack = new AsyncDisposableStack();
  stack.use(await holdHome(directory));
  let db = await open(directory, signal);
  stack.defer(() => db.close());
  const pools = createPglitePools(db, {
    async reopen() {
      db = await open(directory, new AbortController().signal);
      return db;
    },
  });
  stack.defer(async () => void (await Promise.all(Object.values(pools).map(endPool))));
  const open_ = stack.move();
  return { pools, close: () => open_.disposeAsync() };
}

async function open(directory: string, signal: AbortSignal): Promise<PGlite> {
  const cluster = join(directory, "pgdata");
  try {
    await ensureCluster(cluster, signal);
    signal.throwIfAborted();
    leanWasm();
    return await PGlite.create(cluster, {
      startParams: [...PGlite.defaultStartParams, ...settings.flatMap((one) => ["-c", one])],
    });
  } catch (cause) {
    signal.throwIfAborted();
    const full = await scarcity(directory);
    const reason = full === null ? (cause instanceof Error ? cause.message : String(cause)) : "there is no room for it";
    throw new Failure("state.unavailable", `the embedded database in ${cluster} can't be opened: ${reason}`, {
      advice:
        full ??
        "See that the disk has room and the files are this account's; else restore a backup, or move the directory away to start anew.",
      cause,
    });
  }
}

/**
 * One session needs little. Measured resident sizes of a whole process: 500 MB with the defaults, 145 with shared_buffers=8MB and
 * `leanWasm`, 136 with these.
 */
const settings = [
  `search_path=${searchPath}`,
  "shared_buffers=4MB",
  "max_connections=5",
  "wal_buffers=64kB",
  "work_mem=1MB",
  "maintenance_work_mem=4MB",
];

/** A pool ends when all its clients are given back; one that never is (a crashed caller's) must not keep the process. */
async function endPool(pool: PgPool): Promise<void> {
  const limit = Promise.withResolvers<void>();
  const timer = setTimeout(limit.resolve, endMs);
  await Promise.race([pool.end(), limit.promise]);
  clearTimeout(timer);
}

/** Longer than any query here takes. */
const endMs = 3_000;

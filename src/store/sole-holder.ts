import type { PoolClient } from "pg";
import { Failure } from "../core/failures.ts";
import type { Database } from "./database.ts";

/** Something that one process at a time holds. `lost` resolves when the record no longer vouches for that. */
export interface Hold {
  readonly lost: Promise<void>;
  /** Null on the embedded record. */
  readonly backend: Backend | null;
  release(): Promise<void>;
}

/** The server's end of a holder's connection: its number may belong to another by now, not with the same start. */
export interface Backend {
  readonly pid: number;
  readonly start: string;
}

/** What differs from the usual. */
export interface HoldOptions {
  readonly mostSilentMs?: number;
  /** Of a hold of this process that was lost: where the server still keeps it, it is nobody else's, and is ended. */
  readonly former?: Backend | null;
}

/** How often a holder makes sure that its connection lives, and how long that may take. */
const beatMs = 3_000;
const beatLimitMs = 5_000;
/** Seconds: so soon the server notices a holder whose machine is gone, and lets another have it. */
const keepalives = "set tcp_keepalives_idle = 5; set tcp_keepalives_interval = 2; set tcp_keepalives_count = 2";
/** A holder that says nothing for three beats hangs, though its machine answers for it: the server lets go of it. From Postgres 14 on. */
const silentMs = 9_000;
const silence = "select set_config(name, $1, false) from pg_settings where name = 'idle_session_timeout'";

/** Text, to the microsecond: a date of JavaScript's has lost them. */
const startOf = "extract(epoch from a.backend_start)::text";
const own = `select a.pid, ${startOf} as start from pg_stat_activity a where a.pid = pg_backend_pid()`;
const theOne = `a.pid = $1 and ${startOf} = $2 and a.application_name = 'hermes'`;
const ending = `select pg_terminate_backend(a.pid) from pg_stat_activity a where ${theOne}`;
const keeping = `select 1 from pg_stat_activity a join pg_locks l on l.pid = a.pid and l.locktype = 'advisory' and l.granted where ${theOne}`;

/**
 * Takes `name` for this process; null while another one has it. The server itself lets go of it when the connection ends, however the
 * process did, and when nothing is heard of it for `mostSilentMs`. On the embedded record there is no other process. Rejects with
 * `state.unavailable`, also while nobody but this process's own `former` end keeps it.
 */
export async function holdAlone(
  { kind, pool }: Pick<Database, "kind" | "pool">,
  name: string,
  { mostSilentMs = silentMs, former = null }: HoldOptions = {},
): Promise<Hold | null> {
  if (kind === "embedded") return { lost: new Promise(() => undefined), backend: null, release: async () => undefined };
  const client = await pool.connect();
  let backend: Backend;
  try {
    if (former !== null) await client.query(ending, [former.pid, former.start]);
    if (!(await taken(client, name))) {
      if (former !== null && (await keeps(client, former)))
        throw new Failure("state.unavailable", `the database has not let go of ${name} yet`, { retryable: true });
      // The former end may have let go between the two questions.
      if (former === null || !(await taken(client, name))) {
        client.release();
        return null;
      }
    }
    await client.query(keepalives);
    await client.query(silence, [String(mostSilentMs)]);
    backend = (await client.query<Backend>(own)).rows[0] ?? { pid: 0, start: "" };
  } catch (error) {
    client.release(true);
    throw error;
  }
  const { promise: lost, resolve: lose } = Promise.withResolvers<void>();
  client.on("error", () => lose());
  client.once("end", () => lose());
  const beat = setInterval(() => {
    const late = setTimeout(() => lose(), beatLimitMs);
    client
      .query("select 1")
      .catch(() => lose())
      .finally(() => clearTimeout(late));
  }, beatMs);
  let open = true;
  return {
    lost: lost.then(() => clearInterval(beat)),
    backend,
    async release() {
      if (!open) return;
      open = false;
      clearInterval(beat);
      // The connection goes with it: nobody else of the pool may find the name taken.
      client.release(true);
    },
  };
}

async function taken(client: PoolClient, name: string): Promise<boolean> {
  const { rows } = await client.query("select pg_try_advisory_lock(hashtextextended($1, 0)) as taken", [name]);
  return rows[0]?.taken === true;
}

async function keeps(client: PoolClient, { pid, start }: Backend): Promise<boolean> {
  return (await client.query(keeping, [pid, start])).rows.length > 0;
}

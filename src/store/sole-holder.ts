import type { Database } from "./database.ts";

/** Something that one process at a time holds. `lost` resolves when the record no longer vouches for that. */
export interface Hold {
  readonly lost: Promise<void>;
  release(): Promise<void>;
}

/** How often a holder makes sure that its connection lives, and how long that may take. */
const beatMs = 3_000;
const beatLimitMs = 5_000;
/** Seconds: so soon the server notices a holder whose machine is gone, and lets another have it. */
const keepalives = "set tcp_keepalives_idle = 5; set tcp_keepalives_interval = 2; set tcp_keepalives_count = 2";
/** A holder that says nothing for three beats hangs, though its machine answers for it: the server lets go of it. From Postgres 14 on. */
const silentMs = 9_000;
const silence = "select set_config(name, $1, false) from pg_settings where name = 'idle_session_timeout'";

/**
 * Takes `name` for this process; null while another one has it. The server itself lets go of it when the connection ends, however the
 * process did, and when nothing is heard of it for `mostSilentMs`. On the embedded record there is no other process. Rejects with `state.unavailable`.
 */
export async function holdAlone(
  { kind, pool }: Pick<Database, "kind" | "pool">,
  name: string,
  mostSilentMs = silentMs,
): Promise<Hold | null> {
  if (kind === "embedded") return { lost: new Promise(() => undefined), release: async () => undefined };
  const client = await pool.connect();
  try {
    const { rows } = await client.query("select pg_try_advisory_lock(hashtextextended($1, 0)) as taken", [name]);
    if (rows[0]?.taken !== true) {
      client.release();
      return null;
    }
    await client.query(keepalives);
    await client.query(silence, [String(mostSilentMs)]);
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
    async release() {
      if (!open) return;
      open = false;
      clearInterval(beat);
      // The connection goes with it: nobody else of the pool may find the name taken.
      client.release(true);
    },
  };
}

import { sql } from "kysely";
import type { Db } from "./hold.ts";
import { later } from "./sessions.ts";
import { jsonText } from "./storable.ts";

/** A background process whose session wants to be told of it. */
export interface Watched {
  readonly owner: string;
  readonly label: string;
  readonly id: string;
  readonly backend: string;
  readonly command: string;
  /** Empty: to be told of the end. */
  readonly patterns: readonly string[];
  readonly lookedAt: number;
  /** Lines that matched and have not been told. */
  readonly pending: string;
  /** How many times it has been told of. */
  readonly notices: number;
  /** Windows running in which there was more to tell than may be. */
  readonly overflows: number;
  readonly overflowing: boolean;
  /** Whether the last notice is long enough ago for another. */
  readonly due: boolean;
}

/** A process by whose it is and its name. */
export type WatchedKey = Pick<Watched, "owner" | "id">;

/** Notes that a turn's session wants to be told. */
export async function addWatched(
  db: Db,
  process: WatchedKey & Pick<Watched, "label" | "backend" | "command" | "patterns">,
  from: { readonly session: string; readonly turn: string },
): Promise<void> {
  const { owner, label, id, backend, command, patterns } = process;
  await sql`
    insert into watched_processes (owner, label, id, backend, session_id, turn_id, command, patterns)
    values (${owner}, ${label}, ${id}, ${backend}, ${from.session}, ${from.turn}, ${command}, ${jsonText(patterns)}::jsonb)
    on conflict (owner, id) do nothing`.execute(db);
}

/** Nothing is left to tell. */
export async function dropWatched(db: Db, { owner, id }: WatchedKey): Promise<void> {
  await db.deleteFrom("watched_processes").where("owner", "=", owner).where("id", "=", id).execute();
}

/** Those that `holder` looks after from now on for `ms`: its own, and those of nobody who lives. */
export async function claimWatched(db: Db, holder: string, ms: number, windowMs: number): Promise<readonly Watched[]> {
  const found = await sql<Watched>`
    update watched_processes set watcher = ${holder}, watch_until = ${later(ms)}
    where watcher = ${holder} or watch_until <= now()
    returning owner, label, id, backend, command, patterns, looked_at as "lookedAt", pending, notices, overflows, overflowing,
      (noticed_at is null or noticed_at <= now() - ${windowMs} * interval '1 millisecond') as due`.execute(db);
  return found.rows;
}

/** Keeps how far the output has been looked through, and what of it is still to be told. */
export async function keepLook(
  db: Db,
  { owner, id, notices }: WatchedKey & Pick<Watched, "notices">,
  look: { readonly at: number; readonly pending: string; readonly overflowing: boolean },
): Promise<void> {
  await sql`
    update watched_processes set looked_at = ${look.at}, pending = ${look.pending}, overflowing = ${look.overflowing}
    where owner = ${owner} and id = ${id} and notices = ${notices}`.execute(db);
}

/** What stays to be told after a notice; null: nothing. */
export type AfterNotice = { readonly patterns: readonly string[]; readonly overflows: number } | null;

/**
 * Puts a notice into its session as a message (without files) of whoever began the process, once over any number of workers: the row is taken with it, and
 * the key is the notice's own. Not while a turn of the session is unfinished: it may look itself. The session to be woken; null when
 * nothing was put in.
 */
export async function tellSession(
  db: Db,
  { owner, id, notices }: WatchedKey & Pick<Watched, "notices">,
  text: string,
  after: AfterNotice,
): Promise<string | null> {
  const mine = sql`owner = ${owner} and id = ${id} and notices = ${notices} and not exists (
    select 1 from turns t where t.session_id = watched_processes.session_id and t.status in ('running', 'parked'))`;
  const taken =
    after === null
      ? sql`delete from watched_processes where ${mine} returning session_id, turn_id`
      : sql`update watched_processes set notices = notices + 1, noticed_at = now(), pending = '', overflowing = false,
          patterns = ${jsonText(after.patterns)}::jsonb, overflows = ${after.overflows}
          where ${mine} returning session_id, turn_id`;
  const message = jsonText({
    key: `process:${owner}:${id}:${notices}`,
    text,
    messageId: null,
    addressed: true,
    at: Date.now(),
  });
  const found = await sql<{ session: string }>`
    with taken as (${taken})
    insert into inbox (key, chat_key, inbound, status, session_id, person_id)
    select ${`process:${owner}:${id}:${notices}`}, i.chat_key, i.inbound - 'files' || ${message}::jsonb, 'waiting', taken.session_id, t.person_id
    from taken join turns t on t.id = taken.turn_id join inbox i on i.id = t.inbox_id
    on conflict (key) do nothing returning session_id as session`.execute(db);
  return found.rows[0]?.session ?? null;
}

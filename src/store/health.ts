import { sql } from "kysely";
import type { Db } from "./hold.ts";
import { ready } from "./sessions.ts";

/** How the record is, as `hermes doctor` looks at it. */
export interface RecordHealth {
  readonly version: string;
  /** It is a copy that takes no writes. */
  readonly readOnly: boolean;
  /** Epoch milliseconds by its own clock. */
  readonly now: number;
  /** Worker processes that were heard of lately. */
  readonly workers: number;
  /** Sessions and answers whose holder has gone without a word. */
  readonly staleLeases: number;
  /** Sessions with work that nobody has taken up for a while. */
  readonly stuck: number;
  readonly stuckSeconds: number;
  readonly unrouted: readonly Waiting[];
  readonly undelivered: readonly Waiting[];
  readonly refused: readonly Waiting[];
}

/** What waits on one platform. */
export interface Waiting {
  readonly platform: string;
  readonly count: number;
  readonly oldestSeconds: number;
  /** Why the last of them does, as far as it is known. */
  readonly why: string | null;
}

/** What takes less is under way. */
const late = sql`interval '60 seconds'`;
/** Older refusals are history. */
const lately = sql`interval '7 days'`;

/** Looks at everything at once. */
export async function recordHealth(db: Db): Promise<RecordHealth> {
  const [about, leases, stuck, unrouted, undelivered, refused] = await Promise.all([
    sql<About>`select current_setting('server_version') as version, pg_is_in_recovery() as read_only,
      (extract(epoch from clock_timestamp()) * 1000)::float8 as now,
      (select count(*)::int from workers where seen_at > now() - interval '20 seconds') as workers`.execute(db),
    sql<Count>`select (select count(*)::int from sessions where holder is not null and lease_until < now() - ${late})
      + (select count(*)::int from outbox where holder is not null and lease_until < now() - ${late}) as count`.execute(db),
    sql<
      Count & { readonly seconds: number | null }
    >`select count(*)::int as count, extract(epoch from now() - min(since))::int as seconds
      from (${stuckSessions}) stuck`.execute(db),
    waiting(
      db,
      sql`select split_part(chat_key, ':', 1) as platform, received_at as since, null::text as why
      from inbox where status = 'new' and received_at < now() - ${late}`,
    ),
    waiting(
      db,
      sql`select platform, created_at as since, failure as why
      from outbox where status in ('pending', 'sending') and created_at < now() - ${late}`,
    ),
    waiting(
      db,
      sql`select platform, created_at as since, failure as why
      from outbox where status = 'refused' and created_at > now() - ${lately}`,
    ),
  ]);
  const { version = "", read_only: readOnly = false, now = 0, workers = 0 } = about.rows[0] ?? {};
  const counts = {
    staleLeases: leases.rows[0]?.count ?? 0,
    stuck: stuck.rows[0]?.count ?? 0,
    stuckSeconds: stuck.rows[0]?.seconds ?? 0,
  };
  return { version, readOnly, now, workers, ...counts, unrouted, undelivered, refused };
}

interface About {
  readonly version: string;
  readonly read_only: boolean;
  readonly now: number;
  readonly workers: number;
}

interface Count {
  readonly count: number;
}

const stuckSessions = sql`select s.id, min(work.since) as since from sessions s
  join (
    select session_id, received_at as since from inbox where status = 'waiting' and person_id is not null
      and session_id not in (select session_id from turns t where status = 'parked' and not ${ready})
    union all select session_id, created_at from turns t where ${ready}) work on work.session_id = s.id
  where (s.holder is null or s.lease_until < now() - ${late}) and work.since < now() - ${late}
  group by s.id`;

async function waiting(db: Db, rows: ReturnType<typeof sql>): Promise<readonly Waiting[]> {
  const found = await sql<{ platform: string; count: number; seconds: number; why: string | null }>`
    select platform, count(*)::int as count, extract(epoch from now() - min(since))::int as seconds,
      (array_agg(why order by since desc) filter (where why is not null))[1] as why
    from (${rows}) waits group by platform order by platform`.execute(db);
  return found.rows.map(({ platform, count, seconds, why }) => ({ platform, count, oldestSeconds: seconds, why }));
}

/** Lets go of what was held by processes that have gone. */
export async function dropStaleLeases(db: Db): Promise<number> {
  const sessions = await sql`update sessions set holder = null, lease_until = null
    where holder is not null and lease_until < now() - ${late}`.execute(db);
  const answers = await sql`update outbox set holder = null, lease_until = null
    where holder is not null and lease_until < now() - ${late}`.execute(db);
  return Number(sessions.numAffectedRows ?? 0n) + Number(answers.numAffectedRows ?? 0n);
}

/** Sessions with work that nobody has taken up. */
export async function stuckOnes(db: Db): Promise<readonly string[]> {
  const found = await sql<{ id: string }>`${stuckSessions} limit 1000`.execute(db);
  return found.rows.map(({ id }) => id);
}

/** Makes what waits for a later attempt due now, and gives its chats. What is being sent is left to who sends it. */
export async function hurryDeliveries(db: Db): Promise<readonly string[]> {
  const found = await sql<{ chat: string }>`update outbox set not_before = now(), holder = null, lease_until = null
    where status in ('pending', 'sending') and (lease_until is null or lease_until < now()) returning chat_key as chat`.execute(
    db,
  );
  return found.rows.map(({ chat }) => chat);
}

/** Gives what one platform refused lately another chance; the chats that it is for. An attempt before the refused one may have arrived. */
export async function reviveRefused(db: Db, platform: string): Promise<readonly string[]> {
  const found = await sql<{ chat: string }>`
    update outbox set status = case when attempts > 1 then 'sending' else 'pending' end, failure = null, not_before = now()
    where status = 'refused' and platform = ${platform} and created_at > now() - ${lately} returning chat_key as chat`.execute(
    db,
  );
  return found.rows.map(({ chat }) => chat);
}

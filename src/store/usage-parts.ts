import { sql } from "kysely";
import type { Db } from "./hold.ts";
import { inSpan, percentile, readSpeed, since, spanCalls, type UsageSpan, writeSpeed } from "./usage-span.ts";

/** What people wrote to the agent; errands are nobody's messages. */
export interface AskedUsage {
  readonly messages: number;
  readonly people: number;
  /** From a message's arrival to the beginning of its turn. */
  readonly waitMedianMs: number | null;
  readonly waitHighMs: number | null;
}

/** Calls whose prompts are of about the same length. */
export interface ContextUsage {
  /** Tokens, from this many up to (not including) `below`; null: without end. */
  readonly from: number;
  readonly below: number | null;
  readonly calls: number;
  readonly readMedian: number | null;
  readonly writeMedian: number | null;
  readonly firstTokenMedianMs: number | null;
  /** 0 to 1. */
  readonly cached: number | null;
}

/** What came of a tool's calls. */
export interface ToolUsage {
  readonly name: string;
  readonly calls: number;
  readonly failed: number;
  /** Begun by a process that died: nobody knows their end. */
  readonly unknown: number;
  readonly medianMs: number | null;
}

/** Where one length ends and the next begins, in tokens. */
const bounds = [1_024, 2_048, 4_096, 8_192, 16_384, 32_768, 65_536, 131_072];
/** Names come from models too: of more than these nobody reads on. */
const mostTools = 100;

export async function askedUsage(db: Db, span: UsageSpan): Promise<AskedUsage> {
  const { rows } = await sql<AskedUsage>`
    with written as (
      select id, person_id, received_at from inbox
      where received_at >= ${since(span)} and person_id is not null and inbound->'errand' is null and ${inSpan(span, sql`session_id`)}),
    waits as (
      select greatest(0, extract(epoch from t.created_at - w.received_at) * 1000)::float8 as wait
      from written w join turns t on t.inbox_id = w.id)
    select (select count(*)::int from written) as messages, (select count(distinct person_id)::int from written) as people,
      ${percentile(0.5, "wait")} as "waitMedianMs", ${percentile(0.9, "wait")} as "waitHighMs" from waits`.execute(db);
  return rows[0] ?? { messages: 0, people: 0, waitMedianMs: null, waitHighMs: null };
}

export async function contextUsage(db: Db, span: UsageSpan): Promise<readonly ContextUsage[]> {
  const { rows } = await sql<Omit<ContextUsage, "from" | "below"> & { length: number }>`
    with ${spanCalls(span)},
    speeds as (
      select *, ${writeSpeed} as write, ${readSpeed} as read, width_bucket(prompt_tokens, ${bounds}::int[]) as length
      from calls where prompt_tokens > 0 and failure is null)
    select length, count(*)::int as calls, ${percentile(0.5, "read")} as "readMedian", ${percentile(0.5, "write")} as "writeMedian",
      ${percentile(0.5, "first_token_ms")} as "firstTokenMedianMs",
      (sum(cached_tokens)::float8 / nullif(sum(prompt_tokens) filter (where cached_tokens is not null), 0)) as cached
    from speeds group by length order by length`.execute(db);
  return rows.map(({ length, ...rest }) => ({ from: bounds[length - 1] ?? 0, below: bounds[length] ?? null, ...rest }));
}

export async function toolUsage(db: Db, span: UsageSpan): Promise<readonly ToolUsage[]> {
  const { rows } = await sql<ToolUsage>`
    with ended as (
      select k.name, k.status, extract(epoch from k.ended_at - k.started_at) * 1000 as ms
      from tool_calls k join turns t on t.id = k.turn_id
      where k.started_at >= ${since(span)} and k.status in ('done', 'failed', 'unknown') and ${inSpan(span, sql`t.session_id`)})
    select name, count(*)::int as calls, count(*) filter (where status = 'failed')::int as failed,
      count(*) filter (where status = 'unknown')::int as unknown, ${percentile(0.5, "ms")} as "medianMs"
    from ended group by name order by count(*) desc, name limit ${mostTools}`.execute(db);
  return rows;
}

import { type RawBuilder, sql } from "kysely";

/** Which calls are counted. */
export interface UsageSpan {
  readonly days: number;
  /** Only what was asked on this platform; null: all. */
  readonly platform: string | null;
}

/** Too few tokens say nothing of a speed. */
export const fewWritten = 8;
const fewRead = 64;

/** As the server counted, else by the times; null for a call too short to tell. */
export const writeSpeed = sql`case when completion_tokens >= ${fewWritten} then coalesce(tokens_per_second,
  (completion_tokens - 1) * 1000.0 / nullif(total_ms - first_token_ms, 0)) end`;
export const readSpeed = sql`case when prompt_tokens - coalesce(cached_tokens, 0) >= ${fewRead} then coalesce(prompt_per_second,
  (prompt_tokens - coalesce(cached_tokens, 0)) * 1000.0 / nullif(first_token_ms, 0)) end`;

/** The sessions of a platform; an errand's counts in the chat that it belongs to. */
function sessionsOf(platform: string): RawBuilder<unknown> {
  return sql`(
    select s.id from sessions s join conversations c on c.id = s.conversation_id
    left join errands e on e.session_id = s.id left join conversations h on h.id = e.home_id
    where coalesce(h.platform, c.platform) = ${platform})`;
}

/** Whether a row of this session counts, in a span that may be one platform's. */
export function inSpan({ platform }: UsageSpan, session: RawBuilder<unknown>): RawBuilder<unknown> {
  // `is true`: as a mere filter. The planner takes a platform's sessions for a few, and would look up each one's rows.
  return platform === null ? sql`true` : sql`(${session} in ${sessionsOf(platform)}) is true`;
}

/** The CTE `calls`: the model calls of the span; one of a side job belongs to its session's platform too. */
export function spanCalls(span: UsageSpan): RawBuilder<unknown> {
  const session = sql`coalesce(m.session_id, (select session_id from turns where id = m.turn_id))`;
  return sql`calls as (
    select m.* from model_calls m where m.created_at >= ${since(span)} and ${inSpan(span, session)})`;
}

/** When the span begins. */
export function since({ days }: UsageSpan): RawBuilder<unknown> {
  return sql`now() - make_interval(days => ${days}::int)`;
}

/** Percentile of a column; without the values that are null. */
export function percentile(part: number, column: string): RawBuilder<unknown> {
  return sql`(percentile_cont(${part}::float8) within group (order by ${sql.ref(column)}::float8))`;
}

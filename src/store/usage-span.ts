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

/** Where a session `s` of a conversation `c` counts: an errand's in the chat that it belongs to. */
export const belongs = sql`coalesce((select h.platform from errands e join conversations h on h.id = e.home_id where e.session_id = s.id), c.platform)`;

/** The CTE `calls`: the model calls of the span; one of a side job belongs to its session's platform too. */
export function spanCalls({ days, platform }: UsageSpan): RawBuilder<unknown> {
  return sql`calls as (
    select m.* from model_calls m
    left join turns t on t.id = m.turn_id
    left join sessions s on s.id = coalesce(m.session_id, t.session_id)
    left join conversations c on c.id = s.conversation_id
    where m.created_at >= now() - make_interval(days => ${days}::int) and (${platform}::text is null or ${belongs} = ${platform}))`;
}

/** Percentile of a column; without the values that are null. */
export function percentile(part: number, column: string): RawBuilder<unknown> {
  return sql`(percentile_cont(${part}::float8) within group (order by ${sql.ref(column)}::float8))`;
}

import { sql } from "kysely";
import type { Db } from "./hold.ts";
import { type AskedUsage, askedUsage, type ContextUsage, contextUsage, type ToolUsage, toolUsage } from "./usage-parts.ts";
import { fewWritten, inSpan, percentile, readSpeed, since, spanCalls, type UsageSpan, writeSpeed } from "./usage-span.ts";

export type { AskedUsage, ContextUsage, ToolUsage } from "./usage-parts.ts";
export type { UsageSpan } from "./usage-span.ts";

/** Calls of one model at one server, or of all. Figures are null where no call tells them. */
export interface CallUsage {
  readonly model: string;
  readonly server: string;
  readonly calls: number;
  readonly failures: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Of the prompts whose server tells: how much came from its cache, 0 to 1. */
  readonly cached: number | null;
  /** Tokens written a second: the middle, and what one call in ten falls below. */
  readonly writeMedian: number | null;
  readonly writeLow: number | null;
  readonly readMedian: number | null;
  readonly readLow: number | null;
  readonly firstTokenMedianMs: number | null;
  readonly firstTokenHighMs: number | null;
  readonly queuedHighMs: number | null;
  readonly toolCalls: number;
  readonly validCalls: number;
  readonly textCalls: number;
}

/** What was asked, and what came of it. */
export interface TurnUsage {
  readonly turns: number;
  readonly answered: number;
  readonly failed: number;
  readonly stopped: number;
  /** Model calls that a task took: on average, at most, and how many tasks took more than the limit. */
  readonly stepsMean: number | null;
  readonly stepsMost: number | null;
  readonly longTasks: number;
}

/** Tool calls up to now, the latest few hundred only: shows a fault sooner than an average over weeks. */
export interface LatestCalls {
  readonly calls: number;
  readonly valid: number;
}

/** Numbers only: nothing that anybody said. */
export interface Usage {
  readonly asked: AskedUsage;
  readonly turns: TurnUsage;
  readonly all: CallUsage;
  readonly models: readonly CallUsage[];
  /** By the length of the prompt, the shortest first. */
  readonly contexts: readonly ContextUsage[];
  /** The most used first. */
  readonly tools: readonly ToolUsage[];
  readonly latest: LatestCalls;
}

/** How many tool calls the rolling figure looks at. */
const latestCalls = 200;

/** Counts what the record has of a span of days; a task of more model calls than `longSteps` is a long one. */
export async function usageOf(db: Db, span: UsageSpan, longSteps: number): Promise<Usage> {
  const [asked, turns, rows, contexts, tools, latest] = await Promise.all([
    askedUsage(db, span),
    turnUsage(db, span, longSteps),
    callUsage(db, span),
    contextUsage(db, span),
    toolUsage(db, span),
    latestUsage(db, span),
  ]);
  const all = rows.find(({ whole }) => whole)?.usage ?? { ...nothing, model: "", server: "" };
  return { asked, turns, all, models: rows.flatMap(({ whole, usage }) => (whole ? [] : [usage])), contexts, tools, latest };
}

/** The newest speeds of a model at a server: what its last calls tell, newest first. */
export async function latestSpeeds(
  db: Db,
  { name, server }: { readonly name: string; readonly server: string },
  limit: number,
): Promise<readonly { readonly promptTokens: number | null; readonly read: number | null; readonly write: number | null }[]> {
  const { rows } = await sql<{ prompt_tokens: number | null; read: number | null; write: number | null }>`
    select prompt_tokens, ${readSpeed} as read, ${writeSpeed} as write from model_calls
    where model = ${name} and server = ${server} and failure is null and completion_tokens >= ${fewWritten}
    order by id desc limit ${limit}`.execute(db);
  return rows.map((row) => ({ promptTokens: row.prompt_tokens, read: row.read, write: row.write }));
}

const nothing = {
  calls: 0,
  failures: 0,
  promptTokens: 0,
  completionTokens: 0,
  cached: null,
  writeMedian: null,
  writeLow: null,
  readMedian: null,
  readLow: null,
  firstTokenMedianMs: null,
  firstTokenHighMs: null,
  queuedHighMs: null,
  toolCalls: 0,
  validCalls: 0,
  textCalls: 0,
};

async function callUsage(db: Db, span: UsageSpan): Promise<readonly { readonly whole: boolean; readonly usage: CallUsage }[]> {
  const { rows } = await sql<CallUsage & { whole: boolean }>`
    with ${spanCalls(span)}, speeds as (select *, ${writeSpeed} as write, ${readSpeed} as read from calls)
    select grouping(model) = 1 as whole, coalesce(model, '') as model, coalesce(server, '') as server,
      count(*)::int as calls,
      count(*) filter (where failure is not null)::int as failures,
      coalesce(sum(prompt_tokens), 0)::float8 as "promptTokens",
      coalesce(sum(completion_tokens), 0)::float8 as "completionTokens",
      (sum(cached_tokens)::float8 / nullif(sum(prompt_tokens) filter (where cached_tokens is not null), 0)) as cached,
      ${percentile(0.5, "write")} as "writeMedian", ${percentile(0.1, "write")} as "writeLow",
      ${percentile(0.5, "read")} as "readMedian", ${percentile(0.1, "read")} as "readLow",
      ${percentile(0.5, "first_token_ms")} as "firstTokenMedianMs", ${percentile(0.9, "first_token_ms")} as "firstTokenHighMs",
      ${percentile(0.9, "queued_ms")} as "queuedHighMs",
      coalesce(sum(calls), 0)::int as "toolCalls",
      coalesce(sum(valid_calls), 0)::int as "validCalls",
      coalesce(sum(text_calls), 0)::int as "textCalls"
    from speeds group by grouping sets ((), (model, server)) order by 1, count(*) desc, model, server`.execute(db);
  return rows.map(({ whole, ...usage }) => ({ whole, usage }));
}

async function turnUsage(db: Db, span: UsageSpan, longSteps: number): Promise<TurnUsage> {
  const { rows } = await sql<TurnUsage>`
    with ${spanCalls(span)},
    asked as (
      select status from turns where created_at >= ${since(span)} and ${inSpan(span, sql`session_id`)}),
    steps as (select turn_id, count(*)::int as steps from calls where task = 'turn' and turn_id is not null group by turn_id)
    select
      (select count(*)::int from asked) as turns,
      (select count(*)::int from asked where status = 'answered') as answered,
      (select count(*)::int from asked where status = 'failed') as failed,
      (select count(*)::int from asked where status = 'stopped') as stopped,
      (select avg(steps)::float8 from steps) as "stepsMean",
      (select max(steps) from steps) as "stepsMost",
      (select count(*)::int from steps where steps > ${longSteps}) as "longTasks"`.execute(db);
  const none = { turns: 0, answered: 0, failed: 0, stopped: 0, stepsMean: null, stepsMost: null, longTasks: 0 };
  return rows[0] ?? none;
}

async function latestUsage(db: Db, span: UsageSpan): Promise<LatestCalls> {
  const { rows } = await sql<LatestCalls>`
    with ${spanCalls(span)},
    newest as (select id, calls, valid_calls from calls where calls > 0 order by id desc limit ${latestCalls}),
    latest as (select calls, valid_calls, sum(calls) over (order by id desc) as so_far from newest)
    select coalesce(sum(calls), 0)::int as calls, coalesce(sum(valid_calls), 0)::int as valid
    from latest where so_far - calls < ${latestCalls}`.execute(db);
  return rows[0] ?? { calls: 0, valid: 0 };
}

import { sql } from "kysely";
import { type ChatRef, chatKey, type Viewer } from "../core/chats.ts";
import type { TerminalOutcome } from "../core/terminal.ts";
import type { Db } from "./hold.ts";

/** What came of a message of the viewer's own; null as long as its turn is not over, and for a message that began none. */
export async function outcomeOfMessage(
  db: Db,
  viewer: Viewer & { readonly kind: "person" },
  chat: ChatRef,
  message: string,
): Promise<TerminalOutcome | null> {
  const found = await sql<
    Omit<TerminalOutcome, "usage" | "tools"> & TerminalOutcome["usage"] & { tools: TerminalOutcome["tools"] | null }
  >`
    select t.id as turn, t.status as end, t.failure,
      (select 'out-' || o.id from outbox o where o.key = 'turn:' || t.id) as post,
      coalesce(extract(epoch from t.ended_at - t.created_at) * 1000, 0)::float8 as ms,
      (select jsonb_agg(jsonb_build_object('tool', c.name,
        'ok', case c.status when 'done' then true when 'failed' then false end,
        'ms', coalesce(round(extract(epoch from c.ended_at - c.started_at) * 1000), 0)) order by c.step, c.position)
        from tool_calls c where c.turn_id = t.id) as tools,
      (select count(*)::int from outbox o where o.key like 'turn:' || t.id || ':%' and o.status in ('pending', 'sending')) as "filesToCome",
      m.*
    from inbox i join turns t on t.id = i.turn_id cross join lateral (
      select count(*)::int as calls, coalesce(sum(prompt_tokens), 0)::float8 as "promptTokens",
        coalesce(sum(cached_tokens), 0)::float8 as "cachedTokens", coalesce(sum(completion_tokens), 0)::float8 as "completionTokens"
      from model_calls where turn_id = t.id) m
    where i.chat_key = ${chatKey(chat)} and i.inbound->>'messageId' = ${message} and t.person_id = ${viewer.person}
      and t.status not in ('running', 'parked')
    order by t.created_at desc limit 1`.execute(db);
  const [row] = found.rows;
  if (!row) return null;
  const { calls, promptTokens, cachedTokens, completionTokens, tools, ...rest } = row;
  return { ...rest, tools: tools ?? [], usage: { calls, promptTokens, cachedTokens, completionTokens } };
}

/** Posts of a chat, as its history names them, that ask something and are not answered. */
export async function askingIn(db: Db, chat: ChatRef): Promise<readonly string[]> {
  const found = await sql<{ post: string }>`
    select 'out-' || o.id as post
    from questions q cross join lateral jsonb_array_elements_text(q.messages) told join outbox o on o.key = told
    where q.status = 'open' and o.chat_key = ${chatKey(chat)}`.execute(db);
  return found.rows.map(({ post }) => post);
}

/** Tokens that a session's newest prompt and the answer to it took, as far as their server counted them, and who wrote it. */
export async function windowUse(
  db: Db,
  session: string,
): Promise<{ readonly model: string; readonly used: number | null } | null> {
  const found = await sql<{ model: string; used: number | null }>`
    select model, prompt_tokens + coalesce(completion_tokens, 0) as used from model_calls
    where turn_id in (select id from turns where session_id = ${session}) and task = 'turn' and failure is null
    order by id desc limit 1`.execute(db);
  return found.rows[0] ?? null;
}

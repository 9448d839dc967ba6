import { type RawBuilder, sql, type Transaction } from "kysely";
import type { Db } from "./hold.ts";
import type { Schema } from "./schema.ts";

/**
 * Takes a conversation out of the record, with what its subagents and background tasks said and all that was sent of it; copies of it
 * stay. Of what was counted the figures stay, of its messages the keys, so that none is taken in twice. False where something runs or
 * waits in it.
 */
export async function deleteSession(db: Db, session: string): Promise<boolean> {
  return await db.transaction().execute(async (trx) => {
    await sql`select id from sessions where id = ${session} for update`.execute(trx);
    const tree = await sessionTree(trx, session);
    if (await isBusy(trx, tree)) return false;
    await giveToCopies(trx, tree);
    const turns = await sql<{ id: string }>`select id from turns where session_id = any(${tree}::text[])`.execute(trx);
    const gone = turns.rows.map(({ id }) => id);
    await sql`update model_calls set session_id = null, turn_id = null
      where session_id = any(${tree}::text[]) or turn_id = any(${gone}::text[])`.execute(trx);
    await forgetSaid(trx, tree);
    await sql`delete from previews where turn_id = any(${gone}::text[])`.execute(trx);
    await forgetAsked(trx, sql`(session_id = any(${tree}::text[]) or turn_id = any(${gone}::text[])) and ${unusedBy(gone)}`);
    await sql`delete from sessions where id = any(${tree}::text[])`.execute(trx);
    return true;
  });
}

/** It, and the sessions of the errands that its turns have begun, or its people beside it. */
async function sessionTree(trx: Transaction<Schema>, session: string): Promise<string[]> {
  const found = await sql<{ id: string }>`
    with recursive tree as (
      select ${session}::text as id
      union
      select e.session_id from tree join errands e
        on e.spec->'details'->>'session' = tree.id or e.turn_id in (select t.id from turns t where t.session_id = tree.id))
    select id from tree`.execute(trx);
  return found.rows.map(({ id }) => id);
}

async function isBusy(trx: Transaction<Schema>, tree: readonly string[]): Promise<boolean> {
  const found = await sql<{ busy: boolean }>`
    select exists (select 1 from turns where session_id = any(${[...tree]}::text[]) and status in ('running', 'parked'))
      or exists (select 1 from inbox where session_id = any(${[...tree]}::text[]) and status = 'waiting')
      or exists (select 1 from outbox o where o.status in ('pending', 'sending') and ${saidBy(tree)}) as busy`.execute(trx);
  return found.rows[0]?.busy ?? false;
}

/**
 * Whether the outbox's entry `o` is an answer of these sessions, a file after one, what they ask, or what a command there was answered. Only
 * an answer in its own chat names its turn; the others are known by their keys.
 */
function saidBy(tree: readonly string[]): RawBuilder<unknown> {
  const sessions = sql`any(${[...tree]}::text[])`;
  return sql`(o.turn_id in (select id from turns where session_id = ${sessions})
    or (o.key like 'turn:%' and split_part(o.key, ':', 2) in (
      select id from turns where session_id = ${sessions} union all select id from errands where session_id = ${sessions}))
    or (o.key like 'inbox:%' and split_part(o.key, ':', 2) in (select id::text from inbox where session_id = ${sessions}))
    or o.key in (
      select told from questions q, jsonb_array_elements_text(q.messages) m, unnest(array[m, 'decided:' || m]) told
      where q.session_id = ${sessions}))`;
}

/** What was said, with the bytes of its files: those still to be sent, and those that the local page keeps. */
async function forgetSaid(trx: Transaction<Schema>, tree: readonly string[]): Promise<void> {
  await sql`
    with said as (delete from outbox o where ${saidBy(tree)} returning o.id, o.key),
    unsent as (delete from sent_files using said where sent_files.outbox_key = said.key)
    delete from page_files using said where page_files.id = 'out-' || said.id`.execute(trx);
}

/** What was asked, with the bytes that the local page keeps of its files unless another message has them too. */
async function forgetAsked(trx: Transaction<Schema>, which: RawBuilder<unknown>): Promise<void> {
  const found = await sql<{ ref: string }>`
    select file->>'ref' as ref from inbox, jsonb_array_elements(inbound->'files') file where ${which}`.execute(trx);
  await sql`update inbox set status = 'done', session_id = null, inbound = (inbound - '{pieces,files,skills}'::text[]) || '{"text": ""}'::jsonb
    where ${which}`.execute(trx);
  if (found.rows.length === 0) return;
  await sql`delete from page_files where id = any(${found.rows.map(({ ref }) => ref)}::text[])
    and not exists (select 1 from inbox where inbound->'files' @> jsonb_build_array(jsonb_build_object('ref', page_files.id)))`.execute(
    trx,
  );
}

/** A copy of a conversation stands on the turns of the one it was copied from: they become the copy's. */
async function giveToCopies(trx: Transaction<Schema>, tree: readonly string[]): Promise<void> {
  await sql`
    update turns t set session_id = copy.session_id
    from (
      select m.turn_id, min(m.session_id) as session_id from messages m join turns x on x.id = m.turn_id
      where x.session_id = any(${[...tree]}::text[]) and m.session_id <> all (${[...tree]}::text[]) group by m.turn_id) copy
    where t.id = copy.turn_id`.execute(trx);
}

/** Not what a copy's turn has for its request. */
function unusedBy(gone: readonly string[]): RawBuilder<unknown> {
  return sql`not exists (select 1 from turns t where t.inbox_id = inbox.id and t.id <> all (${[...gone]}::text[]))`;
}

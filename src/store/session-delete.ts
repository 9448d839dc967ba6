import { type RawBuilder, sql, type Transaction } from "kysely";
import type { Db } from "./hold.ts";
import type { Schema } from "./schema.ts";

/**
 * Takes a conversation out of the record, with what its subagents said and what was sent of it; copies of it stay. Of what was counted the
 * figures stay, of its messages the keys, so that none is taken in twice. False where something runs or waits in it.
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
    await sql`delete from sent_files where exists (
      select 1 from outbox o where o.key = sent_files.outbox_key and o.turn_id = any(${gone}::text[]))`.execute(trx);
    await sql`delete from outbox where turn_id = any(${gone}::text[])`.execute(trx);
    await sql`delete from previews where turn_id = any(${gone}::text[])`.execute(trx);
    await sql`update inbox set status = 'done', session_id = null, inbound = (inbound - 'pieces' - 'files') || '{"text": ""}'::jsonb
      where (session_id = any(${tree}::text[]) or turn_id = any(${gone}::text[])) and ${unusedBy(gone)}`.execute(trx);
    await sql`delete from sessions where id = any(${tree}::text[])`.execute(trx);
    return true;
  });
}

/** It, and the sessions of the errands that its turns have begun. */
async function sessionTree(trx: Transaction<Schema>, session: string): Promise<string[]> {
  const found = await sql<{ id: string }>`
    with recursive tree as (
      select ${session}::text as id
      union
      select e.session_id from tree join turns t on t.session_id = tree.id join errands e on e.turn_id = t.id)
    select id from tree`.execute(trx);
  return found.rows.map(({ id }) => id);
}

async function isBusy(trx: Transaction<Schema>, tree: readonly string[]): Promise<boolean> {
  const found = await sql<{ busy: boolean }>`
    select exists (select 1 from turns where session_id = any(${[...tree]}::text[]) and status in ('running', 'parked'))
      or exists (select 1 from inbox where session_id = any(${[...tree]}::text[]) and status = 'waiting')
      or exists (select 1 from outbox o join turns t on t.id = o.turn_id
        where t.session_id = any(${[...tree]}::text[]) and o.status in ('pending', 'sending')) as busy`.execute(trx);
  return found.rows[0]?.busy ?? false;
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

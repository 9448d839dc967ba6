import { type RawBuilder, sql } from "kysely";
import type { ChatRef } from "../core/chats.ts";
import type { StandingGrant } from "../core/command.ts";
import type { Db } from "./hold.ts";

/** What a person has been allowed for longer than once. */
export interface Grant {
  readonly class: string;
  readonly backend: string;
}

/** For whom grants count: a person, at a sandbox owner's key. */
export interface GrantHolder {
  readonly owner: string;
  readonly person: string;
}

/** Grants that count for a person in this session: the session's own, and the lasting ones. Read at each use, so that one taken back counts no more. */
export async function grantsFor(db: Db, { owner, person }: GrantHolder, session: string): Promise<readonly Grant[]> {
  const found = await sql<Grant>`
    select distinct class, backend from grants
    where owner = ${owner} and person_id = ${person} and (session_id is null or session_id = ${session})`.execute(db);
  return found.rows;
}

/** Allows classes of commands for this session, or (`session` null) for good. */
export async function addGrants(
  db: Db,
  { owner, person }: GrantHolder,
  session: string | null,
  grants: readonly Grant[],
  by: string,
): Promise<void> {
  if (grants.length === 0) return;
  await db
    .insertInto("grants")
    .values(grants.map((grant) => ({ owner, person_id: person, session_id: session, ...grant, granted_by: by })))
    .execute();
}

/** Whose grants are meant: one person's or (null) everybody's; in one shared chat or (null) anywhere. */
export interface GrantScope {
  readonly person: string | null;
  readonly chat: ChatRef | null;
}

/** Grants that count, by person; what was allowed twice is there once. */
export async function listGrants(db: Db, scope: GrantScope): Promise<readonly StandingGrant[]> {
  const found = await sql<StandingGrant>`
    select min(g.id)::int as number, p.name as person, p.id as "personId", g.class, g.backend, g.session_id is not null as passing,
      c.platform as shared, coalesce((array_agg(b.name order by g.id desc))[1], '') as by,
      to_char(max(g.created_at), 'YYYY-MM-DD') as on
    from grants g join people p on p.id = g.person_id
      left join people b on b.id = g.granted_by left join sessions s on s.id = g.session_id
      left join conversations c on g.owner = 'chat-' || c.id
    where s.ended_at is null and ${within(scope)}
    group by g.owner, p.id, p.name, g.session_id, g.class, g.backend, c.platform
    order by p.name, p.id, number`.execute(db);
  return found.rows;
}

/** Takes back the grant of that number, or (null) all that are meant; how many there were. */
export async function revokeGrants(db: Db, scope: GrantScope, number: number | null): Promise<number> {
  const which = number === null ? sql`true` : sql`g.id = ${number}`;
  const found = await sql<{ count: number }>`
    with meant as (
      select g.owner, g.person_id, g.session_id, g.class, g.backend
      from grants g left join conversations c on g.owner = 'chat-' || c.id where ${which} and ${within(scope)}),
    gone as (
      delete from grants g using meant m
      where g.owner = m.owner and g.person_id = m.person_id and g.session_id is not distinct from m.session_id
        and g.class = m.class and g.backend = m.backend
      returning g.id)
    select count(*)::int as count from (select distinct * from meant) each`.execute(db);
  return found.rows[0]?.count ?? 0;
}

function within({ person, chat }: GrantScope): RawBuilder<unknown> {
  const whose = person === null ? sql`true` : sql`g.person_id = ${person}`;
  if (chat === null) return whose;
  return sql`${whose} and c.platform = ${chat.platform} and c.chat = ${chat.chat} and c.thread = ${chat.thread ?? ""}`;
}

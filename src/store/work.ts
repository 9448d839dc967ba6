import { randomUUID } from "node:crypto";
import { type RawBuilder, sql } from "kysely";
import type { ChatKind, Person, Role } from "../core/chats.ts";
import type { InboundMessage } from "../core/inbound.ts";
import type { ModelChoice } from "../core/model.ts";
import { type Db, heldRow, type Hold, stale } from "./hold.ts";
import type { CompressRequest, FrozenPrompt } from "./schema.ts";
import { later, ready, type SessionInfo } from "./sessions.ts";
import type { Turn, TurnIds, Waiting } from "./turns.ts";

/**
 * What a session's worker does next, with the model its people have picked by now: go on with the unfinished turn, shorten the history as
 * somebody has asked, or begin a turn with the oldest message.
 */
export type Work = { readonly person: Person; readonly choice: ModelChoice | null } &
  /** `stopping`: somebody has asked for its end. */
  (
    | { readonly type: "resume"; readonly turn: Turn; readonly stopping: boolean }
    | { readonly type: "compress"; readonly request: CompressRequest }
    | { readonly type: "begin"; readonly waiting: Waiting; readonly ids: TurnIds }
  );

/** A session that has been taken, with what its turns need to know of it and its first work; null when there is none. */
export interface Claim {
  readonly hold: Hold;
  readonly info: SessionInfo;
  readonly work: Work | null;
}

/**
 * Takes the session for `holder`; null while somebody else's lease lives. Each claim gets a higher fence. The work is what stood when
 * the statement began: a holder whose lease was out may have taken the message since, and then `beginTurn` refuses.
 */
export async function claimSession(db: Db, session: string, holder: string, leaseMs: number): Promise<Claim | null> {
  const found = await sql<WorkRow & ClaimRow>`
    with hold as (
      update sessions s set holder = ${holder}, lease_until = ${later(leaseMs)}, fence = s.fence + 1
      from conversations c
      where s.id = ${session} and c.id = s.conversation_id and (s.holder is null or s.lease_until < now())
      returning s.id, s.fence, s.conversation_id as conversation, s.prompt, c.platform, c.chat, c.thread, c.kind),
    ${workParts(session)}
    select hold.fence, hold.conversation, hold.prompt, hold.platform, hold.chat, hold.thread, hold.kind, ${workColumns}`.execute(
    db,
  );
  const row = found.rows[0];
  if (!row) return null;
  const { fence, conversation, prompt, choice, platform, kind } = row;
  const chat = { platform, chat: row.chat, thread: row.thread === "" ? null : row.thread };
  return { hold: { session, fence }, info: { session, conversation, chat, kind, prompt, choice }, work: toWork(row, session) };
}

/** Finds a held session's next work, an unfinished turn counted as one more attempt; null when there is none. */
export async function nextWork(db: Db, hold: Hold): Promise<Work | null> {
  const found = await sql<WorkRow>`with ${heldRow(hold)}, ${workParts(hold.session)} select ${workColumns}`.execute(db);
  const row = found.rows[0];
  if (!row) throw stale(hold);
  return toWork(row, hold.session);
}

interface ClaimRow {
  readonly fence: number;
  readonly conversation: string;
  readonly prompt: FrozenPrompt | null;
  readonly platform: string;
  readonly chat: string;
  readonly thread: string;
  readonly kind: ChatKind;
}

interface WorkRow {
  readonly turn: string | null;
  readonly step: number;
  readonly attempts: number;
  readonly stopping: boolean | null;
  readonly inbox: number | null;
  readonly inbound: InboundMessage;
  readonly person: string | null;
  readonly name: string;
  readonly role: Role;
  readonly choice: ModelChoice | null;
  readonly compress: CompressRequest | null;
  readonly entry: number | null;
}

/** After a CTE `hold`: the unfinished turn, unless it is parked; and where there is none, the oldest message that waits. */
function workParts(session: string): RawBuilder<unknown> {
  return sql`
    running as (
      update turns t set status = 'running', attempts = case when status = 'parked' then attempts else attempts + 1 end
      where session_id = ${session} and ${ready} and exists (select 1 from hold)
      returning id, person_id, step, inbox_id, attempts, stop_requested),
    waiting as (
      select id, person_id from inbox
      where session_id = ${session} and status = 'waiting' and person_id is not null and inbound->>'type' = 'message'
        and not exists (select 1 from turns where session_id = ${session} and status in ('running', 'parked'))
      order by id limit 1)`;
}

const workColumns = sql`r.id as turn, r.step, r.attempts, r.stop_requested as stopping, i.id as inbox, i.inbound, p.id as person, p.name, p.role,
    s.choice, s.compress_requested as compress, case when r.id is null and w.id is not null then nextval('messages_id_seq') end as entry
    from hold join sessions s on s.id = hold.id left join running r on true left join waiting w on true
    left join inbox i on i.id = coalesce(r.inbox_id, w.id)
    left join people p on p.id = coalesce(r.person_id, w.person_id)`;

function toWork(row: WorkRow, session: string): Work | null {
  if (row.turn === null && row.compress !== null) {
    const { person } = row.compress;
    // Who asked need not be who waits; of the one who asked no more is needed.
    return { type: "compress", person: { id: person, name: "", role: "guest" }, choice: row.choice, request: row.compress };
  }
  const { entry } = row;
  if (row.inbox === null || row.person === null) return null;
  const person = { id: row.person, name: row.name, role: row.role };
  const { choice } = row;
  if (row.turn === null) {
    const waiting = { id: row.inbox, person: person.id, inbound: row.inbound };
    return { type: "begin", person, choice, waiting, ids: { turn: randomUUID(), entry } };
  }
  const { turn: id, step, attempts, inbox, inbound: request } = row;
  const turn = { id, session, person: person.id, step, attempts, inbox, request };
  return { type: "resume", person, choice, turn, stopping: row.stopping === true };
}

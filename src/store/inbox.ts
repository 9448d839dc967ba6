import { type RawBuilder, sql } from "kysely";
import { type BusyMode, busyModes } from "../core/chat-settings.ts";
import { type Account, type ChatRef, chatKey, type Person } from "../core/chats.ts";
import { type Inbound, type InboundChange, type InboundMessage, joinedText } from "../core/inbound.ts";
import { wholeChat } from "./chat-settings.ts";
import type { Db } from "./hold.ts";
import { undone } from "./own-sessions.ts";
import { comingBack } from "./presences.ts";
import { jsonText } from "./storable.ts";

/** A stored event on its way to a session. */
export interface InboxRow {
  readonly id: number;
  readonly inbound: Inbound;
}

/** An event that has just been stored, and where it goes as things stood at that moment. */
export interface Stored {
  readonly id: number;
  readonly route: Route;
  /** It waits in the route's session already: there was nothing to decide. */
  readonly assigned: boolean;
}

/**
 * Stores an event; null when its key is already there (a redelivery). Once this resolves, the platform may be acknowledged. A `plain` one
 * is a request whenever its writer is one of the team and its chat has a session that asks nothing: then it waits there at once.
 */
export async function storeInbound(db: Db, inbound: Inbound, plain = false): Promise<Stored | null> {
  const ready = sql`${plain}::boolean and person is not null and role <> 'guest' and session is not null and not asks`;
  const found = await sql<RouteRow & { id: number; assigned: boolean }>`
    with route as materialized (select ${routeColumns} from (select 1) one ${routeJoins(inbound.chat, inbound.sender)}),
    ${comingBack(inbound)} stored as (
      insert into inbox (key, chat_key, inbound, status, session_id, person_id)
      select ${inbound.key}, ${chatKey(inbound.chat)}, ${jsonText(inbound)}::jsonb, case when ${ready} then 'waiting' else 'new' end,
        case when ${ready} then session end, case when ${ready} then person end
      from route
      on conflict (key) do nothing returning id, status = 'waiting' as assigned)
    select stored.id, stored.assigned, route.* from stored, route`.execute(db);
  const row = found.rows[0];
  return row ? { id: row.id, route: toRoute(row), assigned: row.assigned } : null;
}

/** Events stored longer than `olderMs` ago that nobody has routed: their gateway died in between. Oldest first. */
export async function* unroutedInbound(db: Db, platforms: readonly string[], olderMs: number): AsyncGenerator<InboxRow> {
  for (let last = 0, more = platforms.length > 0; more;) {
    const rows: readonly InboxRow[] = await db
      .selectFrom("inbox")
      .select(["id", "inbound"])
      .where("status", "=", "new")
      .where("id", ">", last)
      .where(sql<string>`inbound->'chat'->>'platform'`, "in", [...platforms])
      .where("received_at", "<", sql<Date>`now() - ${olderMs} * interval '1 millisecond'`)
      .orderBy("id")
      .limit(atOnce)
      .execute();
    yield* rows;
    last = rows.at(-1)?.id ?? last;
    more = rows.length === atOnce;
  }
}

const atOnce = 500;

/** Whether the event still waits to be routed. */
export async function isUnrouted(db: Db, id: number): Promise<boolean> {
  const row = await db.selectFrom("inbox").select("status").where("id", "=", id).executeTakeFirst();
  return row?.status === "new";
}

/** Whether nothing (more) is to be done for the event of this key. */
export async function isSettled(db: Db, key: string): Promise<boolean> {
  const row = await db.selectFrom("inbox").select("status").where("key", "=", key).executeTakeFirst();
  return row?.status === "done";
}

/** Whether the event of an id waits to be routed, within a transaction, which keeps the event to itself until it ends. */
export async function isUnroutedHere(trx: Db, id: number): Promise<boolean> {
  const row = await trx.selectFrom("inbox").select("status").where("id", "=", id).forUpdate().executeTakeFirst();
  return row?.status === "new";
}

/** Makes one event of several: the first becomes all of them and has their words, and nothing is left to be done for the others. */
export async function joinInbound(db: Db, id: number, others: readonly number[], joined: Inbound): Promise<void> {
  await sql`
    with settled as (
      update inbox set status = 'done', inbound = (inbound - 'files') || '{"text": ""}'::jsonb where id in (${sql.join(others)}) and status = 'new')
    update inbox set inbound = ${jsonText(joined)}::jsonb where id = ${id} and status = 'new'`.execute(db);
}

/** A message that stands for more than its words, such as a skill's name, becomes the request that it is. */
export async function becomeRequest(db: Db, id: number, request: InboundMessage): Promise<void> {
  await db
    .updateTable("inbox")
    .set({ inbound: jsonText(request) })
    .where("id", "=", id)
    .where("status", "=", "new")
    .execute();
}

/** Gives an event to a session; its turn comes when a worker takes it. False when it was no longer to be routed. */
export async function assignInbound(db: Db, id: number, session: string, person: string): Promise<boolean> {
  const assigned = await db
    .updateTable("inbox")
    .set({ status: "waiting", session_id: session, person_id: person })
    .where("id", "=", id)
    .where("status", "=", "new")
    .returning("id")
    .execute();
  return assigned.length > 0;
}

/** Nothing (more) is to be done for this event. `session`: where its words belong, so that they go with it. */
export async function settleInbound(db: Db, id: number, session: string | null = null): Promise<void> {
  await db
    .updateTable("inbox")
    .set({ status: "done", session_id: sql<string | null>`(select id from sessions where id = ${session})` })
    .where("id", "=", id)
    .where("status", "=", "new")
    .execute();
}

/**
 * Lets a message that waits for its turn say what it says now, or not wait any more. Only its writer changes it; whoever may delete it
 * there may here. Of one that was gathered from several, the piece is changed. A request that `/retry` asks again stays as it is while it
 * is not deleted: the message that was changed says something else.
 */
export async function changeWaiting(db: Db, { chat, sender, messageId, text }: InboundChange): Promise<void> {
  const rows = await db
    .selectFrom("inbox")
    .select(["id", "inbound"])
    .where("chat_key", "=", chatKey(chat))
    .where("status", "=", "waiting")
    .where(sql<boolean>`(inbound->>'messageId' = ${messageId} or inbound->'pieces' @> ${jsonText([{ messageId }])}::jsonb)`)
    .execute();
  for (const { id, inbound } of rows) {
    if (inbound.type !== "message" || (text !== null && (inbound.sender.id !== sender.id || inbound.again === true))) continue;
    const changed = withPiece(inbound, messageId, text);
    const said = changed === null ? null : { ...changed, text: withoutCommands(changed) };
    await db
      .updateTable("inbox")
      .set(said === null ? { status: "done" } : { inbound: jsonText(said) })
      .where("id", "=", id)
      .where("status", "=", "waiting")
      .execute();
  }
}

/** What was sent as `/queue REQUEST`, `/steer WORDS` or `/SKILL REQUEST` waits as its request, and stays one when it is edited. */
function withoutCommands({ text, busy, skills = [] }: InboundMessage): string {
  const words = skills.length + (busy === undefined ? 0 : 1);
  return words === 0 ? text : text.trim().replace(new RegExp(`^(?:/\\S+\\s*){1,${words}}`), "");
}

/** Null when nothing of it is left. */
function withPiece(message: InboundMessage, messageId: string, text: string | null): InboundMessage | null {
  if (message.pieces === undefined) return text === null ? null : { ...message, text };
  const pieces = message.pieces.flatMap((piece) => {
    if (piece.messageId !== messageId) return [piece];
    return text === null ? [] : [{ ...piece, text }];
  });
  return pieces.length === 0 ? null : { ...message, pieces, text: joinedText(pieces, message.gap ?? "") };
}

/** The number of a stored event: those that came before it have smaller ones. */
export function eventOf(key: string): RawBuilder<number> {
  return sql<number>`(select e.id from inbox e where e.key = ${key})`;
}

/**
 * The messages to a chat that came before an event and have not come as far as a session: their files are on their way, or they wait
 * behind such a one.
 */
export async function comingTo(db: Db, chat: ChatRef, before: string): Promise<readonly InboxRow[]> {
  return await db
    .selectFrom("inbox")
    .select(["id", "inbound"])
    .where("chat_key", "=", chatKey(chat))
    .where("status", "=", "new")
    .where("id", "<", eventOf(before))
    .where(sql<string>`inbound->>'type'`, "=", "message")
    .where(sql<boolean>`(inbound->>'addressed' = 'true' or inbound->>'continues' = 'true')`)
    .execute();
}

/** Drops those of them, with what a command among them has asked under a key of its own; how many there were. */
export async function dropComing(db: Db, chat: ChatRef, ids: readonly number[]): Promise<number> {
  if (ids.length === 0) return 0;
  const open = sql`(
    select s.id from sessions s join conversations c on c.id = s.conversation_id
    where c.platform = ${chat.platform} and c.chat = ${chat.chat} and c.thread = ${chat.thread ?? ""} and s.ended_at is null)`;
  const dropped = await sql<{ key: string }>`
    update inbox set status = 'done', session_id = ${open} where id in (${sql.join(ids)}) and status = 'new' returning key`.execute(
    db,
  );
  const keys = new Set(dropped.rows.map(({ key }) => key));
  const made = [...keys].flatMap((key) => askedBy(key));
  if (made.length > 0)
    await sql`update inbox set status = 'done' where key in (${sql.join(made)}) and status in ('new', 'waiting')`.execute(db);
  // A command and its request are one.
  return [...keys].filter((key) => !made.includes(key)).length;
}

/** The keys of what an event's command may ask. */
function askedBy(key: string): readonly string[] {
  return asks.map((way) => askedKey(key, way));
}

/** How a command asks. */
const asks = ["queue", "steer", "retry"] as const;

/** The key of what an event's command asks: a redelivery of it asks nothing twice. */
export function askedKey(key: string, way: (typeof asks)[number]): string {
  return `${key}:${way}`;
}

/** Drops what waits in a session without a turn and came before an event; how many there were. */
export async function dropWaiting(db: Db, session: string, before: string): Promise<number> {
  const rows = await db
    .updateTable("inbox")
    .set({ status: "done" })
    .where("session_id", "=", session)
    .where("status", "=", "waiting")
    .where("id", "<", eventOf(before))
    .returning("id")
    .execute();
  return rows.length;
}

/** Where a chat's next message goes, as one look-up: the hot path of every message. */
export interface Route {
  readonly person: Person | null;
  readonly conversation: string | null;
  readonly session: string | null;
  /** Whether the session asks something that words may answer. */
  readonly asks: boolean;
  /** What was chosen for the chat about messages that arrive during a turn; null: as configured. */
  readonly busy: BusyMode | null;
}

export async function findRoute(db: Db, chat: ChatRef, account: Sender): Promise<Route> {
  const found = await sql<RouteRow>`select ${routeColumns} from (select 1) one ${routeJoins(chat, account)}`.execute(db);
  const row = found.rows[0];
  return row ? toRoute(row) : { person: null, conversation: null, session: null, asks: false, busy: null };
}

type Sender = Pick<Account, "platform" | "id">;

interface RouteRow {
  readonly person: string | null;
  readonly name: string;
  readonly role: Person["role"];
  readonly conversation: string | null;
  readonly session: string | null;
  readonly asks: boolean;
  readonly busy: string | null;
}

const routeColumns = sql`p.id as person, p.name, p.role, c.id as conversation, s.id as session, b.value as busy,
    exists (select 1 from questions q where q.session_id = s.id and q.status = 'open' and q.kind = 'clarify') as asks`;

function routeJoins(chat: ChatRef, account: Sender): RawBuilder<unknown> {
  return sql`
    left join identities i on i.platform = ${account.platform} and i.account = ${account.id}
    left join people p on p.id = i.person_id
    left join conversations c on c.platform = ${chat.platform} and c.chat = ${chat.chat} and c.thread = ${chat.thread ?? ""}
    left join sessions s on s.conversation_id = c.id and s.ended_at is null
    left join chat_settings b on b.chat_key = ${wholeChat(chat)} and b.name = 'busy'`;
}

function toRoute({ person: id, name, role, ...where }: RouteRow): Route {
  const { conversation, session, asks } = where;
  const busy = busyModes.find((each) => each === where.busy) ?? null;
  return { person: id === null ? null : { id, name, role }, conversation, session, asks, busy };
}

/** The newest request of this session that was not taken back: what `/retry` asks again. */
export async function lastRequest(db: Db, session: string): Promise<InboundMessage | null> {
  const found = await sql<{ inbound: Inbound }>`
    select i.inbound from turns t join inbox i on i.id = t.inbox_id
    where t.id = (
      select m.turn_id from messages m where m.session_id = ${session} and not ${undone("m.turn_id", session)}
      order by m.id desc limit 1)`.execute(db);
  const inbound = found.rows[0]?.inbound;
  return inbound?.type === "message" ? inbound : null;
}

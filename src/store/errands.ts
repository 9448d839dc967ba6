import { randomUUID } from "node:crypto";
import { type RawBuilder, sql, type Transaction } from "kysely";
import { chatKey, type ChatKind, type ChatRef, type Person } from "../core/chats.ts";
import { type Errand, errandPlatforms, type ErrandTerms, type ErrandType, type ShownIn } from "../core/errand.ts";
import { Failure } from "../core/failures.ts";
import type { InboundMessage } from "../core/inbound.ts";
import { shareOf, type StepBudget } from "./errand-steps.ts";
import { type Db, heldRow, type Hold, stale } from "./hold.ts";
import { copyHistory } from "./own-sessions.ts";
import type { ErrandSpec, Schema } from "./schema.ts";
import { later } from "./sessions.ts";
import { jsonText } from "./storable.ts";

/** An errand to be begun. */
export interface NewErrand {
  readonly type: ErrandType;
  /** Makes it a single one, over any number of attempts and processes: e.g. `run:SCHEDULE:INSTANT`. */
  readonly key: string;
  readonly person: Pick<Person, "id" | "name">;
  /** Decides what it may see, as in a chat: `shared` sees nothing of what its person said in private. Where there is a home, it is the home's. */
  readonly kind: ChatKind;
  /** The chat that it belongs to (see `ErrandHome`); one that is not known yet becomes known. */
  readonly home: ChatRef | null;
  /** The request, as a person would write it. */
  readonly prompt: string;
  readonly terms: ErrandTerms;
  /** It begins with a copy of this session's history; only one of the same chat. */
  readonly history?: string;
  readonly parent?: ErrandParent;
  readonly shownIn?: ShownIn;
  /** For its landing: plain JSON. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The call that waits for an errand. A worker that has lost its session begins none. */
export interface ErrandParent extends StepBudget {
  readonly hold: Hold;
  readonly turn: string;
  readonly step: number;
  readonly position: number;
  /** At most so many of the turn's errands run at once: others are held. */
  readonly atOnce: number;
  /** At most so many may be begun in one request, those of its errands included; one more throws `turn.limit`. */
  readonly mostInTurn: number;
}

/**
 * Begins an errand: its conversation, its session, its request and its row, or none of them; with a key that is known already, gives the
 * one that stands. The caller then wakes its session on the queue of turns (the sweeper would, a second later) unless it is held.
 */
export async function beginErrand(db: Db, errand: NewErrand): Promise<Errand> {
  const id = await db.transaction().execute(async (trx) => {
    // Two that begin the same: the second finds the first's.
    await sql`select pg_advisory_xact_lock(hashtextextended(${errand.key}, 0))`.execute(trx);
    const known = await trx.selectFrom("errands").select("id").where("key", "=", errand.key).executeTakeFirst();
    return known?.id ?? (await insert(trx, errand));
  });
  const begun = await findErrand(db, id);
  if (begun === null) throw new Failure("internal", `errand ${id} is gone`);
  return begun;
}

/** An errand by its id. */
export async function findErrand(db: Db, id: string): Promise<Errand | null> {
  return (await errandsWhere(db, sql`e.id = ${id}`))[0] ?? null;
}

/** Those that a call waits for, in the order they were begun in. */
export async function errandsOfCall(
  db: Db,
  { turn, step, position }: Pick<ErrandParent, "turn" | "step" | "position">,
): Promise<readonly Errand[]> {
  return await errandsWhere(db, sql`e.turn_id = ${turn} and e.step = ${step} and e.position = ${position}`);
}

/** Those that have ended more than `olderMs` ago and whose landing has not been done. */
export async function unlanded(db: Db, olderMs: number, limit: number): Promise<readonly Errand[]> {
  return await errandsWhere(
    db,
    sql`e.landed_at is null and e.ended_at < now() - ${olderMs} * interval '1 millisecond'`,
    sql`limit ${limit}`,
  );
}

/** The session of a turn that has not ended; null for any other. */
export async function sessionOfTurn(db: Db, turn: string): Promise<string | null> {
  const row = await db
    .selectFrom("turns")
    .select("session_id")
    .where("id", "=", turn)
    .where("status", "in", ["running", "parked"])
    .executeTakeFirst();
  return row?.session_id ?? null;
}

async function insert(trx: Transaction<Schema>, errand: NewErrand): Promise<string> {
  const { type, key, person, kind, parent } = errand;
  const id = randomUUID();
  const held = parent === undefined ? false : await holdFor(trx, parent);
  const terms = parent === undefined ? errand.terms : await termsWithin(trx, parent, errand.terms);
  const home = errand.home === null ? null : await numberAt(trx, errand.home, kind);
  const session = await insertSession(trx, id, errand);
  await trx
    .insertInto("errands")
    .values({
      id,
      key,
      type,
      number: home?.number ?? 0,
      person_id: person.id,
      session_id: session,
      home_id: home?.id ?? null,
      ...placeOf(parent),
      spec: jsonText({ ...specOf(errand), terms }),
      held,
      ...(held ? {} : { deadline_at: deadline(terms) }),
    })
    .execute();
  await insertRequest(trx, requestOf(id, errand), session, held ? null : person.id);
  return id;
}

/** A conversation and a session of its own; the title needs no model here. */
async function insertSession(trx: Transaction<Schema>, id: string, { type, kind, terms, history }: NewErrand): Promise<string> {
  const [conversation, session] = [randomUUID(), randomUUID()];
  const where = { platform: errandPlatforms[type], chat: id, thread: "" };
  await trx
    .insertInto("conversations")
    .values({ id: conversation, ...where, kind })
    .execute();
  const choice = terms.model === null ? null : jsonText(terms.model);
  await trx
    .insertInto("sessions")
    .values({ id: session, conversation_id: conversation, prompt: null, title: terms.about, choice })
    .execute();
  if (history !== undefined) await copyHistory(trx, history, session);
  return session;
}

function placeOf(parent: ErrandParent | undefined) {
  if (parent === undefined) return { turn_id: null, step: null, position: null };
  return { turn_id: parent.turn, step: parent.step, position: parent.position };
}

function specOf({ terms, shownIn, details, parent }: NewErrand): ErrandSpec {
  const common = { terms, shownIn: shownIn ?? null, details: details ?? {}, atOnce: parent?.atOnce ?? 1 };
  return parent === undefined ? common : { ...common, stepsLeft: parent.stepsLeft, most: terms.maxSteps };
}

function requestOf(id: string, { type, person, kind, prompt }: NewErrand): InboundMessage {
  const chat: ChatRef = { platform: errandPlatforms[type], chat: id, thread: null };
  return {
    type: "message",
    key: `errand:${id}`,
    chat,
    kind,
    sender: { platform: chat.platform, id: person.id, name: person.name },
    at: Date.now(),
    text: prompt,
    messageId: null,
    addressed: true,
    errand: { type, id },
  };
}

/** Without a person it is nobody's until it may begin: no worker takes it. */
async function insertRequest(
  trx: Transaction<Schema>,
  inbound: InboundMessage,
  session: string,
  person: string | null,
): Promise<void> {
  const { key, chat } = inbound;
  await trx
    .insertInto("inbox")
    .values({
      key,
      chat_key: chatKey(chat),
      inbound: jsonText(inbound),
      status: "waiting",
      session_id: session,
      person_id: person,
    })
    .execute();
}

/**
 * Whether one more of this turn has to wait. Those that begin side by side, also deeper in the same request, do so one after another: the
 * row of the turn that all of it began in is locked.
 */
async function holdFor(trx: Transaction<Schema>, { hold, turn, atOnce, mostInTurn }: ErrandParent): Promise<boolean> {
  const mine = await sql`with ${heldRow(hold)} select id from hold`.execute(trx);
  if (mine.rows.length === 0) throw stale(hold);
  const root = await firstTurn(trx, turn);
  await sql`select id from turns where id = ${root} for no key update`.execute(trx);
  const found = await sql<{ begun: number; running: number }>`
    with recursive tree as (
      select session_id, turn_id, ended_at, held from errands where turn_id = ${root}
      union all
      select e.session_id, e.turn_id, e.ended_at, e.held
      from tree join turns t on t.session_id = tree.session_id join errands e on e.turn_id = t.id)
    select count(*)::int as begun, (count(*) filter (where turn_id = ${turn} and ended_at is null and not held))::int as running
    from tree`.execute(trx);
  const { begun = 0, running = 0 } = found.rows[0] ?? {};
  if (begun >= mostInTurn)
    throw new Failure("turn.limit", `this request has begun ${begun} subagents already, and no more are allowed`);
  return running >= atOnce;
}

/** Its terms with the steps that the turn it works for has for it. Begun one after another (see `holdFor`), none gets what another has. */
async function termsWithin(trx: Transaction<Schema>, parent: ErrandParent, terms: ErrandTerms): Promise<ErrandTerms> {
  return { ...terms, maxSteps: await shareOf(trx, parent, parent, terms.maxSteps) };
}

/** The turn of a chat, a background task or a schedule that this one, or one that waits for it, was begun for. */
async function firstTurn(trx: Transaction<Schema>, turn: string): Promise<string> {
  const found = await sql<{ id: string }>`
    with recursive above as (
      select id, session_id, 0 as height from turns where id = ${turn}
      union all
      select t.id, t.session_id, above.height + 1
      from above join errands e on e.session_id = above.session_id join turns t on t.id = e.turn_id)
    select id from above order by height desc limit 1`.execute(trx);
  return found.rows[0]?.id ?? turn;
}

/** The chat's conversation, and the number of one more errand in it. */
async function numberAt(trx: Transaction<Schema>, { platform, chat, thread }: ChatRef, kind: ChatKind) {
  const found = await sql<{ id: string; number: number; kind: ChatKind }>`
    insert into conversations as c (id, platform, chat, thread, kind, last_errand)
    values (${randomUUID()}, ${platform}, ${chat}, ${thread ?? ""}, ${kind}, 1)
    on conflict (platform, chat, thread) do update set last_errand = c.last_errand % 99 + 1
    returning c.id, c.last_errand as number, c.kind`.execute(trx);
  const home = found.rows[0];
  if (home?.kind !== kind) throw new Failure("internal", `an errand of a ${kind} kind can't belong to a chat of the other`);
  return home;
}

/** The time by which an errand under these terms must have ended, from now on. */
function deadline({ timeoutMs }: Pick<ErrandTerms, "timeoutMs">): RawBuilder<Date> | null {
  return timeoutMs === null ? null : later(timeoutMs);
}

type ErrandRow = Omit<Errand, "home" | "parent" | keyof ErrandSpec> & {
  readonly spec: ErrandSpec;
  readonly homeId: string | null;
  readonly platform: string;
  readonly chat: string;
  readonly thread: string;
  readonly turn: string | null;
  readonly step: number;
  readonly position: number;
};

async function errandsWhere(db: Db, which: RawBuilder<unknown>, end: RawBuilder<unknown> = sql``): Promise<readonly Errand[]> {
  const found = await sql<ErrandRow>`
    select e.id, e.type, e.number, e.person_id as person, c.kind, e.session_id as session, e.spec, e.status, e.held,
      e.stop_why as "stopWhy", e.result, e.failure, e.turn_id as turn, e.step, e.position,
      h.id as "homeId", h.platform, h.chat, h.thread
    from errands e join sessions s on s.id = e.session_id join conversations c on c.id = s.conversation_id
      left join conversations h on h.id = e.home_id
    where ${which} order by e.created_at, e.key ${end}`.execute(db);
  return found.rows.map(
    ({ spec: { terms, shownIn, details }, homeId, platform, chat, thread, turn, step, position, ...row }) => ({
      ...row,
      terms,
      shownIn,
      details,
      home: homeId === null ? null : { conversation: homeId, chat: { platform, chat, thread: thread === "" ? null : thread } },
      parent: turn === null ? null : { turn, step, position },
    }),
  );
}

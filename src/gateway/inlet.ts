import { setImmediate } from "node:timers/promises";
import { languageOfPerson, usualLanguage } from "../commands/languages/chosen.ts";
import type { Inlet } from "../core/adapter.ts";
import type { BusyMode } from "../core/chat-settings.ts";
import { chatKey, type ChatRef, type Person } from "../core/chats.ts";
import { Failure } from "../core/failures.ts";
import type { Inbound, InboundMessage } from "../core/inbound.ts";
import { remember } from "../core/maps.ts";
import { priorities } from "../core/queue.ts";
import { codeIn } from "../people/invitations.ts";
import {
  assignInbound,
  becomeRequest,
  changeWaiting,
  findRoute,
  isUnrouted,
  joinInbound,
  type Route,
  settleInbound,
  unroutedInbound,
} from "../store/inbox.ts";
import { moveChat } from "../store/moved-chats.ts";
import { noteLeft } from "../store/presences.ts";
import { openSession } from "../store/sessions.ts";
import { sessionState } from "../store/status.ts";
import { decideAccess } from "./access.ts";
import { createBursts } from "./bursts.ts";
import { isUrgent, languageFor } from "./commands.ts";
import type { GatewayParts } from "./parts.ts";
import { createFetches, type Fetches } from "./fetches.ts";
import { createLanes } from "./lanes.ts";
import { asMessage, command, press } from "./obeying.ts";
import { isPlain } from "./plain.ts";
import { say } from "./saying.ts";
import { skillRequest } from "./skills/requests.ts";
import { takeWords } from "./questions.ts";
import { type TellOnce, tellingOnce, troublesFor } from "./troubles.ts";
import { stopCompress, stopTurn } from "./stopping.ts";
import { store } from "./storing.ts";
import { wholly } from "./whole.ts";

export interface Gateway extends Inlet {
  /** Routes what a dead gateway left unrouted that long ago; 0 only where no other can be at it. Resolves once all of it is in line. */
  sweep(platforms: readonly string[], olderMs?: number): Promise<void>;
  /** A chat has another id from now on. What has come under the old one is routed before that is noted. Rejects when that fails. */
  moved(platform: string, from: string, to: string): Promise<void>;
  /** What is done for this person in this chat can't be stored now: the chat is told. */
  unwritten(chat: ChatRef, person: string): void;
  /** Resolves when everything received so far is routed. */
  settled(): Promise<void>;
}

/** An event older than this that nobody has routed belongs to a gateway that died. */
const abandonedMs = 3_000;
/** How long a stopping gateway waits for files that are still coming. */
const settleMs = 5_000;
/** Events of which an adapter wants to know that nothing will be said to them. */
const mostSilences = 1_000;

/**
 * The gateway: stores an event before its platform is acknowledged, then decides what it is (a stranger, a command, a button, a request)
 * in order of arrival within each chat.
 */
export function createGateway(parts: GatewayParts): Gateway {
  const lanes = createLanes();
  const routing = new Set<number>();
  const closing = new AbortController();
  const tellOnce = tellingOnce(parts);
  const fetches = createFetches(parts, closing.signal);
  const ways: Ways = { tellOnce, fetches, closing: closing.signal, silences: new Map() };

  const bursts = createBursts(({ ids, message }) => enqueue(ids, message, null));
  const take = (id: number, inbound: Inbound, known: Route | null): void => {
    if (routing.has(id)) return;
    routing.add(id);
    const lane = lanes.at(chatKey(inbound.chat));
    const before = lane?.queued;
    // An edit concerns what is still gathered, too; a command that overtakes it may drop it.
    if (inbound.type === "change") bursts.end(inbound);
    if (inbound.type === "message" && isUrgent(parts.commands, inbound)) bursts.flush(inbound.chat);
    const whole = inbound.type !== "message" || bursts.take(id, inbound);
    const still = lane?.queued === before ? known : null;
    if (whole) enqueue([id], inbound, still);
  };
  const enqueue = (ids: readonly number[], inbound: Inbound, known: Route | null): void => {
    const urgent = isUrgent(parts.commands, inbound);
    line(ids, inbound, urgent, async () => {
      await route(parts, ids, inbound, known, ways);
      if (urgent) await fetches.letGo(inbound.chat);
    });
  };
  const line = (ids: readonly number[], { chat }: Inbound, urgent: boolean, task: () => Promise<void>): void =>
    lanes.queue(chatKey(chat), urgent, async () => {
      try {
        await task();
      } catch (error) {
        parts.log.warn({ error, ids }, "an event could not be routed; it will be tried again");
      } finally {
        for (const id of ids) routing.delete(id);
      }
    });
  return {
    async receive(inbound, unanswered) {
      const key = chatKey(inbound.chat);
      const lane = lanes.enter(key);
      const quietAt = lane.routing === 0 ? lane.queued : null;
      const alone = lane.routing === 0 && lane.inside === 1 && !lanes.urgent(key);
      try {
        const stored = await store(parts, inbound, alone && isPlain(inbound) && !bursts.holds(inbound), tellOnce);
        if (stored === null) return;
        parts.metrics.messageIn(inbound.chat.platform);
        if (unanswered) remember(ways.silences, stored.id, unanswered, mostSilences);
        const { session, busy } = stored.route;
        // An earlier event of the chat (a /new, a first message) may have changed where this one goes since it was stored.
        if (stored.assigned && session !== null)
          line([stored.id], inbound, false, () => begin(parts, inbound, session, busy, tellOnce));
        else take(stored.id, inbound, lane.queued === quietAt ? stored.route : null);
        // The message's own way comes first: asking the platform for the next one would hold it up by a millisecond.
        await setImmediate();
      } finally {
        lanes.leave(key, lane);
      }
    },
    async sweep(platforms, olderMs = abandonedMs) {
      for await (const row of unroutedInbound(parts.db, platforms, olderMs)) {
        if (!routing.has(row.id) && (await isUnrouted(parts.db, row.id))) take(row.id, row.inbound, null);
      }
    },
    async moved(platform, from, to) {
      const chat = { platform, chat: from, thread: null };
      bursts.flush(chat);
      await lanes.done(chatKey(chat));
      await moveChat(parts.db, platform, from, to);
    },
    unwritten(chat, person) {
      void languageOfPerson(parts.db, person, parts.language)
        .catch(() => usualLanguage(parts.language))
        .then(({ troubles }) => tellOnce(chat, troubles.store));
    },
    async settled() {
      bursts.flush();
      const late = setTimeout(() => closing.abort(), settleMs);
      await lanes.done();
      clearTimeout(late);
    },
  };
}

/** What routing may need. */
interface Ways {
  readonly tellOnce: TellOnce;
  readonly fetches: Fetches;
  readonly closing: AbortSignal;
  /** What is called where nothing is said in answer to an event. */
  readonly silences: Map<number, () => void>;
}

async function route(
  parts: GatewayParts,
  [id = 0, ...others]: readonly number[],
  inbound: Inbound,
  known: Route | null,
  ways: Ways,
): Promise<void> {
  // One whose file did not come in time stays for the next gateway: what came after it must not go first.
  if (ways.closing.aborted) throw new Failure("turn.draining", "the gateway stops", { retryable: true });
  // What overtook it may have dropped it.
  if (known === null && !(await isUnrouted(parts.db, id))) return ways.silences.get(id)?.();
  if (others.length > 0) await joinInbound(parts.db, id, others, inbound);
  const found = known ?? (await findRoute(parts.db, inbound.chat, inbound.sender));
  if (inbound.type === "left") {
    if (found.person !== null) await noteLeft(parts.db, found.person.id, inbound, id);
    return await settleInbound(parts.db, id);
  }
  const person = await admitted(parts, id, inbound, found.person);
  if (person === null) return ways.silences.get(id)?.();
  switch (inbound.type) {
    case "stop":
      if (found.session !== null) await stopTurn(parts, found.session, inbound.turn, inbound.key);
      if (found.session !== null && inbound.turn === null) await stopCompress(parts, found.session, inbound.key);
      return await settleInbound(parts.db, id);
    case "button":
      if (await command(parts, id, person, asMessage(inbound), found.session, ways)) return;
      await wholly(parts, id, async (within) => {
        await press(within, id, person, inbound);
        return { session: null };
      });
      return;
    case "change":
      await changeWaiting(parts.db, inbound);
      return await settleInbound(parts.db, id, found.session);
    case "message":
      return await message(parts, id, person, inbound, found, ways);
  }
}

/** Who may speak here; null: nobody who sent this, and that has been said. */
async function admitted(parts: GatewayParts, id: number, inbound: Inbound, known: Person | null): Promise<Person | null> {
  const decide = async (within: GatewayParts) => {
    const decision = await decideAccess(within.db, { ...within.access, language: within.language }, inbound, known);
    if (decision.type === "in") return { open: decision.person };
    await say(within, `inbox:${id}`, decision.notices);
    return { session: null };
  };
  // Nothing is written of somebody known who shows no code, and they are most.
  const writes = known === null || known.role === "guest" || (inbound.type === "message" && codeIn(inbound.text) !== null);
  return writes ? await wholly(parts, id, decide) : known;
}

/** A message is skills' names with a request, a command, the answer to a question, or a request. */
async function message(
  parts: GatewayParts,
  id: number,
  person: Person,
  inbound: InboundMessage,
  found: Route,
  ways: Ways,
): Promise<void> {
  if (!inbound.addressed && !(inbound.continues === true && found.session !== null)) return await settleInbound(parts.db, id);
  if (await skillsAsked(parts, id, person, inbound, found, ways)) return;
  if (await command(parts, id, person, inbound, found.session, ways)) return;
  if (found.session !== null && found.asks && inbound.text !== "" && (await answered(parts, id, person, inbound, found.session)))
    return;
  await request(parts, id, person, inbound, found, ways);
}

/** True when its words were the answer to what the agent has asked, and nothing is left to be done for it. */
async function answered(
  parts: GatewayParts,
  id: number,
  person: Person,
  inbound: InboundMessage,
  session: string,
): Promise<boolean> {
  if (inbound.files !== undefined) {
    // What came with the words is for the turn that goes on.
    await takeWords(parts, person, session, inbound);
    return false;
  }
  const open = await wholly(parts, id, async (within) =>
    (await takeWords(within, person, session, inbound)) ? { session } : { open: true },
  );
  return open === null;
}

/** A request for the agent: into its session, and the session on the queue. False when it was dropped, or somebody else has taken it up. */
async function request(
  parts: GatewayParts,
  id: number,
  person: Person,
  inbound: InboundMessage,
  { session: open, busy }: Route,
  { tellOnce, fetches }: Ways,
): Promise<boolean> {
  if (inbound.files !== undefined && !(await fetches.take(id, inbound))) return false;
  const session = open ?? (await openSession(parts.db, inbound.chat, inbound.kind)).session;
  if (!(await assignInbound(parts.db, id, session, person.id))) return false;
  await begin(parts, inbound, session, busy, tellOnce);
  return true;
}

/** What waits in a session is begun, after what runs there or instead of it. */
async function begin(
  parts: GatewayParts,
  inbound: Inbound,
  session: string,
  busy: Route["busy"],
  tellOnce: TellOnce,
): Promise<void> {
  if ((busy ?? parts.busy) === "interrupt") await stopTurn(parts, session, null, inbound.key);
  try {
    await parts.queues.queue(parts.names.turns).wake(session, { priority: priorities.interactive });
  } catch (error) {
    parts.log.warn({ error, session }, "the queue can't be reached; the message is stored and will be answered when it is back");
    void tellOnce(inbound.chat, troublesFor(parts, inbound).queue);
  }
}

/** True when the message named skills: it is a request with their texts before it. */
async function skillsAsked(
  parts: GatewayParts,
  id: number,
  person: Person,
  inbound: InboundMessage,
  found: Route,
  ways: Ways,
): Promise<boolean> {
  const asked = await skillRequest(parts.db, parts.commands, person, inbound);
  if (asked === null) return false;
  await becomeRequest(parts.db, id, asked);
  const running = found.session !== null && (await sessionState(parts.db, found.session))?.running !== null;
  if (!(await request(parts, id, person, asked, found, ways))) ways.silences.get(id)?.();
  else if (running) await sayWhen(parts, id, person, asked, found.busy ?? parts.busy);
  return true;
}

/** Says what becomes of a request that was asked as a command while a turn runs: that turn's answer is none to it, and Discord waits for one. */
async function sayWhen(parts: GatewayParts, id: number, person: Person, asked: InboundMessage, busy: BusyMode): Promise<void> {
  // It is what runs next, and its answer the next thing said.
  if (busy === "interrupt") return;
  const { answers } = await languageFor(parts, person, asked.sender);
  const markdown = busy === "steer" ? answers.steered : answers.comesNext;
  await say(parts, `inbox:${id}`, [{ chat: asked.chat, markdown }], asked.messageId);
}

import { setImmediate } from "node:timers/promises";
import { usualLanguage } from "../commands/languages/chosen.ts";
import { languageOf } from "../commands/languages/index.ts";
import type { Inlet } from "../core/adapter.ts";
import { chatKey, type ChatRef, type Person } from "../core/chats.ts";
import { Failure } from "../core/failures.ts";
import type { Language } from "../core/language.ts";
import type { Inbound, InboundButton, InboundMessage } from "../core/inbound.ts";
import { remember } from "../core/maps.ts";
import type { Outbound } from "../core/outbound.ts";
import { priorities } from "../core/queue.ts";
import { takePairing } from "../store/people.ts";
import {
  assignInbound,
  becomeRequest,
  changeWaiting,
  findRoute,
  isUnrouted,
  joinInbound,
  type Route,
  settleInbound,
  type Stored,
  storeInbound,
  unroutedInbound,
} from "../store/inbox.ts";
import { putSentFile } from "../store/files.ts";
import type { Db } from "../store/hold.ts";
import { moveChat } from "../store/moved-chats.ts";
import { addOutbound } from "../store/outbox.ts";
import { noteLeft } from "../store/presences.ts";
import { openSession } from "../store/sessions.ts";
import { approve, decideAccess, type Notice } from "./access.ts";
import { createBursts } from "./bursts.ts";
import { languageFor, runCommand } from "./commands.ts";
import type { GatewayParts } from "./parts.ts";
import { takeFiles } from "./files.ts";
import { isPlain } from "./plain.ts";
import { skillRequest } from "./skills/requests.ts";
import { takeChoice, takeWords } from "./questions.ts";
import { type TellOnce, tellingOnce } from "./troubles.ts";
import { stopCompress, stopTurn } from "./stopping.ts";

export interface Gateway extends Inlet {
  /** Routes what a dead gateway left unrouted that long ago; 0 only where no other can be at it. Resolves once all of it is in line. */
  sweep(platforms: readonly string[], olderMs?: number): Promise<void>;
  /** A chat has another id from now on. What has come under the old one is routed before that is noted. Rejects when that fails. */
  moved(platform: string, from: string, to: string): Promise<void>;
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
  const lanes = new Map<string, Lane>();
  const routing = new Set<number>();
  const closing = new AbortController();
  const tellOnce = tellingOnce(parts);

  const enter = (key: string): Lane => {
    const lane = lanes.get(key) ?? { tail: Promise.resolve(), inside: 0, queued: 0, routing: 0 };
    lanes.set(key, lane);
    lane.inside += 1;
    return lane;
  };
  const leave = (key: string, lane: Lane): void => {
    lane.inside -= 1;
    if (lane.inside === 0) lanes.delete(key);
  };
  const ways: Ways = { tellOnce, closing: closing.signal, silences: new Map() };
  const bursts = createBursts(({ ids, message }) => enqueue(ids, message, () => route(parts, ids, message, null, ways)));
  const take = (id: number, inbound: Inbound, known: Route | null): void => {
    if (routing.has(id)) return;
    routing.add(id);
    const lane = lanes.get(chatKey(inbound.chat));
    const before = lane?.queued;
    // An edit concerns what is still gathered, too.
    if (inbound.type === "change") bursts.end(inbound);
    const whole = inbound.type !== "message" || bursts.take(id, inbound);
    const still = lane?.queued === before ? known : null;
    if (whole) enqueue([id], inbound, () => route(parts, [id], inbound, still, ways));
  };
  const enqueue = (ids: readonly number[], inbound: Inbound, task: () => Promise<void>): void => {
    const key = chatKey(inbound.chat);
    const lane = enter(key);
    lane.queued += 1;
    lane.routing += 1;
    lane.tail = lane.tail
      .then(task)
      .catch((error: unknown) => parts.log.warn({ error, ids }, "an event could not be routed; it will be tried again"))
      .finally(() => {
        for (const id of ids) routing.delete(id);
        lane.routing -= 1;
        leave(key, lane);
      });
  };
  return {
    async receive(inbound, unanswered) {
      const key = chatKey(inbound.chat);
      const lane = enter(key);
      const quietAt = lane.routing === 0 ? lane.queued : null;
      const alone = lane.routing === 0 && lane.inside === 1;
      try {
        const stored = await store(parts, inbound, alone && isPlain(inbound) && !bursts.holds(inbound), tellOnce);
        if (stored === null) return;
        parts.metrics.messageIn(inbound.chat.platform);
        if (unanswered) remember(ways.silences, stored.id, unanswered, mostSilences);
        const { session, busy } = stored.route;
        // An earlier event of the chat (a /new, a first message) may have changed where this one goes since it was stored.
        if (stored.assigned && session !== null)
          enqueue([stored.id], inbound, () => begin(parts, inbound, session, busy, tellOnce));
        else take(stored.id, inbound, lane.queued === quietAt ? stored.route : null);
        // The message's own way comes first: asking the platform for the next one would hold it up by a millisecond.
        await setImmediate();
      } finally {
        leave(key, lane);
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
      await lanes.get(chatKey(chat))?.tail;
      await moveChat(parts.db, platform, from, to);
    },
    async settled() {
      bursts.flush();
      const late = setTimeout(() => closing.abort(), settleMs);
      await Promise.all([...lanes.values()].map((lane) => lane.tail));
      clearTimeout(late);
    },
  };
}

/** The order of one chat's events; it exists while anything of the chat is being stored or routed. */
interface Lane {
  tail: Promise<void>;
  /** Who keeps the lane: receipts and routings under way. */
  inside: number;
  /** How many routings have ever been queued here, and how many are not over. */
  queued: number;
  routing: number;
}

/** What routing may need. */
interface Ways {
  readonly tellOnce: TellOnce;
  readonly closing: AbortSignal;
  /** What is called where nothing is said in answer to an event. */
  readonly silences: Map<number, () => void>;
}

async function store(parts: GatewayParts, inbound: Inbound, plain: boolean, tellOnce: TellOnce): Promise<Stored | null> {
  try {
    return await storeInbound(parts.db, inbound, plain);
  } catch (error) {
    parts.log.error(
      { error, chat: chatKey(inbound.chat) },
      "a message could not be stored; it stays with the platform and is asked for again",
    );
    if (inbound.type === "message" && inbound.addressed) void tellOnce(inbound.chat, troublesFor(parts, inbound).store);
    throw new Failure("state.unavailable", "the message could not be stored", { retryable: true, cause: error });
  }
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
  if (others.length > 0) await joinInbound(parts.db, id, others, inbound);
  const found = known ?? (await findRoute(parts.db, inbound.chat, inbound.sender));
  if (inbound.type === "left") {
    if (found.person !== null) await noteLeft(parts.db, found.person.id, inbound, id);
    return await settleInbound(parts.db, id);
  }
  const decision = await decideAccess(parts.db, { ...parts.access, language: parts.language }, inbound, found.person);
  if (decision.type === "out") {
    await say(parts, `inbox:${id}`, decision.notices);
    ways.silences.get(id)?.();
    return await settleInbound(parts.db, id);
  }
  const { person } = decision;
  switch (inbound.type) {
    case "stop":
      if (found.session !== null) await stopTurn(parts, found.session, inbound.turn);
      if (found.session !== null && inbound.turn === null) await stopCompress(parts, found.session);
      return await settleInbound(parts.db, id);
    case "button":
      if (!(await command(parts, id, person, asMessage(inbound), found.session, ways))) await press(parts, id, person, inbound);
      return await settleInbound(parts.db, id);
    case "change":
      await changeWaiting(parts.db, inbound);
      return await settleInbound(parts.db, id, found.session);
    case "message":
      return await message(parts, id, person, inbound, found, ways);
  }
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
  if (await command(parts, id, person, inbound, found.session, ways)) return await settleInbound(parts.db, id, found.session);
  if (found.session !== null && found.asks && inbound.text !== "" && (await takeWords(parts, person, found.session, inbound))) {
    // Its words are the answer to a question; what came with them is for the turn that goes on.
    if (inbound.files === undefined) return await settleInbound(parts.db, id, found.session);
  }
  return await request(parts, id, person, inbound, found, ways);
}

/** A request for the agent: into its session, and the session on the queue. */
async function request(
  parts: GatewayParts,
  id: number,
  person: Person,
  inbound: InboundMessage,
  { session: open, busy }: Route,
  { tellOnce, closing }: Ways,
): Promise<void> {
  if (inbound.files !== undefined) await takeFiles(parts, id, inbound.chat.platform, inbound.files, closing);
  const session = open ?? (await openSession(parts.db, inbound.chat, inbound.kind)).session;
  // Somebody else has taken it up meanwhile.
  if (await assignInbound(parts.db, id, session, person.id)) await begin(parts, inbound, session, busy, tellOnce);
}

/** What waits in a session is begun, after what runs there or instead of it. */
async function begin(
  parts: GatewayParts,
  inbound: Inbound,
  session: string,
  busy: Route["busy"],
  tellOnce: TellOnce,
): Promise<void> {
  if ((busy ?? parts.busy) === "interrupt") await stopTurn(parts, session, null);
  try {
    await parts.queues.queue(parts.names.turns).wake(session, { priority: priorities.interactive });
  } catch (error) {
    parts.log.warn({ error, session }, "the queue can't be reached; the message is stored and will be answered when it is back");
    void tellOnce(inbound.chat, troublesFor(parts, inbound).queue);
  }
}

/** What the record knows of the person is not asked for: it may be what is in trouble. */
function troublesFor({ language }: GatewayParts, { sender }: Inbound): Language["troubles"] {
  return (languageOf(sender.language) ?? usualLanguage(language)).troubles;
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
  await request(parts, id, person, asked, found, ways);
  return true;
}

/** True when the message was a command: it has been run and answered. */
async function command(
  parts: GatewayParts,
  id: number,
  person: Person,
  inbound: InboundMessage,
  session: string | null,
  { silences }: Ways,
): Promise<boolean> {
  const ran = await runCommand(parts, person, inbound, session);
  if (ran === null) return false;
  // The thread is ours from now on, also after a /new: what is said in it next needs no mention. Nobody called us into it by a menu.
  const ours = session !== null || inbound.menu !== true;
  if (ours && inbound.kind === "shared" && inbound.chat.thread !== null) await openSession(parts.db, inbound.chat, inbound.kind);
  const { answer } = ran;
  if (answer === null && !ran.asks) silences.get(id)?.();
  if (answer === null) return true;
  const said = typeof answer === "string" ? { markdown: answer } : answer;
  await say(parts, `inbox:${id}`, [{ chat: inbound.chat, ...said }], inbound.messageId);
  return true;
}

/** A button may carry a command: pressing it is typing it. */
function asMessage({ data, ...inbound }: InboundButton): InboundMessage {
  return { ...inbound, type: "message", text: data, messageId: null, addressed: true, menu: true };
}

async function press(parts: GatewayParts, id: number, person: Person, { chat, data, sender }: InboundButton): Promise<void> {
  const language = () => languageFor(parts, person, sender);
  const words = await takeChoice(parts, person, data, language);
  if (words !== null) return await say(parts, `inbox:${id}`, [{ chat, markdown: words }]);
  const match = /^pair:(yes|no):([0-9A-Z]{1,16})$/.exec(data);
  if (match?.[2] === undefined) return;
  const own = await language();
  const by = { own, usual: parts.language };
  if (match[1] === "yes") return await say(parts, `inbox:${id}`, await approve(parts.db, person, match[2], chat, by));
  if (person.role !== "owner" && person.role !== "admin") return;
  await takePairing(parts.db, match[2]);
  await say(parts, `inbox:${id}`, [{ chat, markdown: own.access.ignored }]);
}

/** Puts notices into the outbox and wakes their deliveries. */
async function say(parts: GatewayParts, key: string, notices: readonly Notice[], replyTo: string | null = null): Promise<void> {
  for (const [index, notice] of notices.entries()) {
    const body: Outbound = { markdown: notice.markdown, replyTo, ...(notice.buttons ? { buttons: notice.buttons } : {}) };
    await addOutbound(parts.db, { key: `${key}:${index}`, chat: notice.chat, turn: null, body });
    if (notice.picture) await addPicture(parts.db, `${key}:${index}:picture`, notice.chat, notice.picture);
    await parts.queues
      .queue(parts.names.deliveries(notice.chat.platform))
      .wake(chatKey(notice.chat))
      .catch((error: unknown) => parts.log.warn({ error }, "the delivery queue can't be reached; the sweeper will send this"));
  }
}

async function addPicture(db: Db, key: string, chat: ChatRef, bytes: Uint8Array): Promise<void> {
  await putSentFile(db, key, bytes);
  const file = { kind: "picture", name: "chart.png", size: bytes.length, path: "" } as const;
  await addOutbound(db, { key, chat, turn: null, body: { markdown: "", replyTo: null, file } });
}

import { compressAsked, tellUncompressed } from "../src/agent/compression/asked.ts";
import type { Approving } from "../src/agent/approvals.ts";
import { type Compressor, windowOf } from "../src/agent/compression/compressor.ts";
import { memoryBlocks, type MemoryLimits, memoryOwner, remember } from "../src/agent/memory.ts";
import { modelSpeed } from "../src/agent/model-speed.ts";
import { pastPorts } from "../src/agent/past.ts";
import type { Digest, Searcher } from "../src/agent/digest.ts";
import type { Looker } from "../src/agent/pictures.ts";
import type { IncomingParts } from "../src/agent/incoming.ts";
import { createFooter } from "../src/agent/footer.ts";
import { freezeHead, userMessage } from "../src/agent/prompt.ts";
import type { Titles } from "../src/agent/titles.ts";
import { toolContext } from "../src/agent/call-context.ts";
import { runTurn } from "../src/agent/turn.ts";
import type { LeaveReason, TurnSetting } from "../src/agent/turn-setting.ts";
import { chatKey, type Person, type Viewer } from "../src/core/chats.ts";
import type { TurnEnd, TurnEvent } from "../src/core/events.ts";
import { asFailure } from "../src/core/failures.ts";
import { leaseMs } from "../src/core/limits.ts";
import type { Live } from "../src/core/live.ts";
import type { Log } from "../src/core/log.ts";
import type { Metrics } from "../src/core/metrics.ts";
import type { Models, ToolSpec } from "../src/core/model.ts";
import type { JobOutcome, Queues } from "../src/core/queue.ts";
import type { SandboxBackend } from "../src/core/sandbox.ts";
import type { ConfigurationPorts, PicturePorts, Tool, ToolLimits, WebPorts } from "../src/core/tool.ts";
import type { Db, Hold } from "../src/store/hold.ts";
import { abandonSession, freezePrompt, releaseIfIdle, type SessionInfo } from "../src/store/sessions.ts";
import { footerFacts, type FooterRules } from "../src/store/footers.ts";
import type { History } from "../src/store/journal.ts";
import { beginTurn, type Turn } from "../src/store/turns.ts";
import type { Asker } from "../src/tools/toolsets.ts";
import { type Claim, claimSession, nextWork, type Work } from "../src/store/work.ts";
import { askingFor, wakeDeliveries } from "./asking.ts";
import { incomingFor, sandboxOwnerOf } from "./incoming.ts";
import { watchingFor } from "./processes.ts";
import { keepLeases, type Leases } from "./leases.ts";
import { beginReadings, type Readings, withRequest } from "./readings.ts";

/** What a worker works with; made in `src/main.ts`. */
export interface TurnParts {
  readonly db: Db;
  readonly queues: Queues;
  readonly live: Live;
  readonly models: Models;
  readonly sandboxes: Pick<SandboxBackend, "open"> & { busy(): string | null };
  /** The tools that a new session is told of, and those that who asks may use. */
  readonly offer: {
    specs(asker: Asker & Pick<Looker, "session" | "choice">): Promise<readonly ToolSpec[]>;
    tools(asker: Asker, frozen: readonly ToolSpec[]): Promise<ReadonlyMap<string, Tool>>;
  };
  /** Bound to whoever asks. */
  pictures(looker: Looker): PicturePorts;
  digest(searcher: Searcher): Digest;
  readonly configuration: ConfigurationPorts;
  readonly web: WebPorts & Pick<IncomingParts, "pdfText">;
  readonly hear: IncomingParts["hear"];
  readonly approvals: Pick<Approving, "rules" | "judge">;
  readonly metrics: Metrics;
  readonly titles: Titles;
  readonly compressor: Compressor;
  readonly log: Log;
  readonly settings: TurnSettings;
}

export interface TurnSettings {
  readonly concurrency: number;
  readonly maxSteps: number;
  readonly steer: boolean;
  readonly drainMs: number;
  readonly memory: MemoryLimits;
  readonly limits: ToolLimits;
  readonly footers: FooterRules;
}

export interface TurnWorker {
  /** No new turns; running ones get `drainMs`, then they are left for another worker to resume. */
  drain(): Promise<void>;
}

/** The name of the queue that says which session has work. */
export const turnQueue = "turns";

/** Takes sessions off the queue and runs their turns, one after another, until nothing waits in them. */
export async function workTurns(parts: TurnParts, holder: string): Promise<TurnWorker> {
  const leases = keepLeases(parts.db, holder, parts.log);
  const state = { draining: false };
  const consumer = await parts.queues.consume(turnQueue, parts.settings.concurrency, async (session) => {
    return await workSession(parts, leases, holder, session, () => state.draining);
  });
  const signals = await parts.live.onSignal((turn) => leases.stop(turn));
  return {
    async drain() {
      state.draining = true;
      const timer = setTimeout(() => leases.leaveAll(), parts.settings.drainMs);
      await consumer.drain();
      clearTimeout(timer);
      await signals.close();
      await consumer.close();
      await parts.titles.close();
      leases.close();
    },
  };
}

async function workSession(
  parts: TurnParts,
  leases: Leases,
  holder: string,
  session: string,
  draining: () => boolean,
): Promise<JobOutcome> {
  const claim = draining() ? null : await claimSession(parts.db, session, holder, leaseMs);
  if (!claim) return { type: "done" };
  const { hold, info } = claim;
  const lease = leases.hold(session);
  try {
    let { work } = claim;
    let left = false;
    while (!left && !draining()) {
      const set: Set = (running) => lease.set(running);
      const worked = work && (await workOn(parts, { hold, info }, work, set));
      if (worked === "handed_over") break;
      left = await releaseIfIdle(parts.db, hold);
      if (!left) work = await nextWork(parts.db, hold);
    }
    if (!left) await letGo(parts, hold);
    return { type: "done" };
  } catch (error) {
    const failure = asFailure(error);
    parts.log.warn({ session, code: failure.code, error: failure }, "a session was let go of; it goes on from its journal");
    await abandonSession(parts.db, hold).catch(() => undefined);
    // Neither `again` nor a wake-up: a poisoned session must not spin. The sweeper brings it back in a second, and its attempts are counted.
    return { type: "done" };
  } finally {
    lease.drop();
  }
}

/** Leaves the session for whoever comes next, and says so on the queue (the sweeper would too, a second later). */
async function letGo(parts: TurnParts, hold: Hold): Promise<void> {
  await abandonSession(parts.db, hold);
  await parts.queues
    .queue(turnQueue)
    .wake(hold.session)
    .catch(() => undefined);
}

type Set = (running: { turn: string; leave(reason: LeaveReason): void } | null) => void;

async function workOn(parts: TurnParts, claim: Held, work: Work, set: Set): Promise<TurnEnd> {
  if (work.type !== "compress") return await workOne(parts, claim, work, set);
  return await shorten(parts, claim, work, set);
}

type Held = Omit<Claim, "work">;

/** Runs the session's unfinished turn, or the one it makes of the oldest message that waits. */
async function workOne(
  parts: TurnParts,
  { hold, info: found }: Held,
  work: Exclude<Work, { type: "compress" }>,
  set: Set,
): Promise<TurnEnd> {
  const { person } = work;
  const viewer = viewerOf(found, person);
  const ask = (info: SessionInfo) => beginReadings(parts, info, person, viewer);
  const early = found.prompt === null ? null : ask({ ...found, choice: work.choice });
  const { turn, opening } = work.type === "resume" ? { ...work, opening: null } : await begin(parts, hold, found, work, early);
  const { request } = turn;
  const control = new AbortController();
  set({ turn: turn.id, leave: (reason) => control.abort(reason) });
  if (work.type === "resume" && work.stopping) control.abort("stop" satisfies LeaveReason);
  const began = performance.now();
  const emit = emitter(parts.live, hold, turn);
  const reads = incomingFor(parts, { info: { ...found, choice: work.choice }, person, signal: control.signal, emit });
  const incoming: TurnSetting["incoming"] = (inbox, inbound) => tellingWaits(parts, emit, () => reads(inbox, inbound));
  const later: (() => Promise<void>)[] = [];
  const afterwards = (task: () => Promise<void>) => void later.push(task);
  try {
    const info = await tellingWaits(parts, emit, () => withPrompt(parts, { ...found, choice: work.choice }, person));
    const { model, tools } = early ?? ask(info);
    const one = { hold, info, turn, opening, viewer, model, tools, person, incoming, emit, afterwards };
    const end = await run(parts, { ...one, signal: control.signal });
    emit({ type: "finished", end });
    parts.metrics.turnEnd(end, performance.now() - began);
    if (end !== "handed_over" && end !== "parked") await wakeDeliveries(parts, [chatKey(request.chat)]);
    for (const task of later) await task();
    return end;
  } catch (error) {
    emit({ type: "finished", end: "handed_over" });
    throw error;
  } finally {
    set(null);
  }
}

/** Shortens the session's history between two turns, because somebody has asked for it. */
async function shorten(parts: TurnParts, held: Held, work: Work & { type: "compress" }, set: Set): Promise<TurnEnd> {
  const { db, metrics, compressor } = parts;
  const { hold } = held;
  const { request, person } = work;
  const control = new AbortController();
  set({ turn: request.key, leave: (reason) => control.abort(reason) });
  try {
    const info = await withPrompt(parts, held.info, person);
    const model = await parts.models.current({ id: info.session, choice: work.choice });
    const { signal } = control;
    const common = { db, hold, info, viewer: viewerOf(info, person), person: person.id, model, metrics, compressor, signal };
    const done = await compressAsked({ ...common, turn: null, step: 0, emit: () => undefined }, request);
    if (!done) return "handed_over";
  } catch (error) {
    const failure = asFailure(error);
    if (failure.code === "turn.stale") throw failure;
    parts.log.warn({ session: hold.session, code: failure.code, error: failure }, "a conversation could not be shortened");
    await tellUncompressed(db, hold, request, failure);
  } finally {
    set(null);
  }
  await wakeDeliveries(parts, [chatKey(request.chat)]);
  return "answered";
}

/** How often a wait is told of. */
const tellMs = 1_000;

/** Tells the chat what is waited for before a turn can begin: the sandbox's image, the first time. */
async function tellingWaits<Result>(
  { sandboxes }: TurnParts,
  emit: (event: TurnEvent) => void,
  task: () => Promise<Result>,
): Promise<Result> {
  const timer = setInterval(() => {
    const text = sandboxes.busy();
    if (text !== null) emit({ type: "notice", text });
  }, tellMs);
  return await task().finally(() => clearInterval(timer));
}

/** A message with files is read within its turn, which then shows what it does, can be stopped, and counts its attempts. */
async function begin(
  parts: TurnParts,
  hold: Hold,
  info: SessionInfo,
  { waiting }: Work & { type: "begin" },
  early: Readings | null,
): Promise<Pick<OneTurn, "turn" | "opening">> {
  parts.metrics.queueWait(Math.max(0, Date.now() - waiting.inbound.at));
  const read = waiting.inbound.files === undefined ? userMessage(waiting.inbound, info.kind) : null;
  const turn = await beginTurn(parts.db, hold, waiting, read);
  return { turn, opening: early === null || read === null ? null : withRequest(await early.history, turn, read) };
}

/** The session with its prompt's head, frozen at its first turn. */
async function withPrompt(parts: TurnParts, info: SessionInfo, person: Person): Promise<SessionInfo> {
  if (info.prompt) return info;
  const { memory: limits } = parts.settings;
  const memory = await memoryBlocks(parts.db, memoryOwner(info.kind, person, info.conversation), limits);
  const head = freezeHead({ kind: info.kind, memory, tools: await parts.offer.specs({ ...info, person }), day: new Date() });
  return { ...info, prompt: await freezePrompt(parts.db, info.session, head) };
}

interface OneTurn extends Pick<Readings, "model" | "tools"> {
  readonly hold: Hold;
  readonly info: SessionInfo;
  readonly turn: Turn;
  readonly opening: History | null;
  readonly viewer: Viewer;
  readonly person: Person;
  readonly signal: AbortSignal;
  readonly incoming: TurnSetting["incoming"];
  emit(event: TurnEvent): void;
  afterwards(task: () => Promise<void>): void;
}

async function run(parts: TurnParts, one: OneTurn): Promise<TurnEnd> {
  const { info, turn, viewer, person, signal } = one;
  const owner = memoryOwner(info.kind, person, info.conversation);
  const sandboxOwner = sandboxOwnerOf(info, person);
  const model = await one.model;
  const window = await windowOf(parts.compressor, model, signal);
  const shared: Parameters<typeof toolContext>[0] = {
    session: info.session,
    person,
    shared: info.kind === "shared",
    signal,
    limits: fittingLimits(parts.settings.limits, window),
    configuration: parts.configuration,
    pictures: parts.pictures({ session: info.session, choice: info.choice, person: person.id, signal }),
    past: pastPorts(parts.db, viewer, info.session, parts.digest({ session: info.session, person: person.id, signal })),
    watching: watchingFor(parts.db, { owner: sandboxOwner, session: info.session, turn: turn.id }),
    web: parts.web,
    modelSpeed: async (fresh, say) => {
      const model = await parts.models.current({ id: info.session, choice: info.choice });
      return await modelSpeed(parts.db, model, person.id, fresh, say, signal);
    },
    remember: (change) => remember(parts.db, owner, parts.settings.memory, change),
  };
  const context = toolContext(shared, () => parts.sandboxes.open(sandboxOwner, info.session));
  const { db, metrics, titles, compressor } = parts;
  const tools = await one.tools;
  // Asking for the model has read the configuration again.
  const { maxSteps, steer, footers } = parts.settings;
  const footer = createFooter({
    facts: () => footerFacts(db, footers, info.chat, turn.id),
    fields: footers.runtimeFooter.fields,
    model: model.name,
    window,
  });
  return await runTurn({
    db,
    hold: one.hold,
    info,
    turn,
    opening: one.opening,
    viewer,
    model,
    tools,
    context,
    asking: askingFor(parts, info, turn, person),
    messaging: { db, person, from: info.chat, wake: (chats) => wakeDeliveries(parts, chats) },
    approving: { ...parts.approvals, person, session: info.session, chat: info.kind, owner: sandboxOwner.key },
    metrics,
    titles,
    footer,
    compressor,
    maxSteps,
    steer,
    signal,
    incoming: one.incoming,
    emit(event) {
      // While the answer comes in, the record is asked for what goes below it.
      if (event.type === "text") footer.prepare();
      one.emit(event);
    },
    afterwards: one.afterwards,
  });
}

function viewerOf({ kind, conversation }: SessionInfo, person: Person): Viewer {
  return kind === "private" ? { kind: "person", person: person.id, conversation } : { kind: "shared", conversation };
}

/** One tool result takes a quarter of the window at most. */
function fittingLimits(limits: ToolLimits, window: number): ToolLimits {
  return { ...limits, resultChars: Math.min(limits.resultChars, Math.floor((window / 4) * resultDensity)) };
}

/** Characters of a token in a command's output: digits and marks make it denser than prose. */
const resultDensity = 2.5;

function emitter(live: Live, hold: Hold, turn: Turn): (event: TurnEvent) => void {
  let seq = 0;
  const address = { turn: turn.id, chat: turn.request.chat, fence: hold.fence, replyTo: turn.request.messageId };
  return (event) => {
    seq += 1;
    live.publish({ ...address, seq, event });
  };
}

import { windowOf } from "../src/agent/compression/compressor.ts";
import { memoryBlocks, memoryOwner, remember } from "../src/agent/memory.ts";
import { modelSpeed } from "../src/agent/model-speed.ts";
import { pastPorts } from "../src/agent/past.ts";
import { createFooter } from "../src/agent/footer.ts";
import { freezeHead, userMessage } from "../src/agent/prompt.ts";
import { toolContext } from "../src/agent/call-context.ts";
import { runTurn } from "../src/agent/turn.ts";
import type { LeaveReason, TurnSetting } from "../src/agent/turn-setting.ts";
import { chatKey, type Person, type Viewer } from "../src/core/chats.ts";
import type { TurnEnd, TurnEvent } from "../src/core/events.ts";
import type { Live } from "../src/core/live.ts";
import type { ToolLimits } from "../src/core/tool.ts";
import type { Hold } from "../src/store/hold.ts";
import { freezePrompt, type SessionInfo } from "../src/store/sessions.ts";
import { footerFacts } from "../src/store/footers.ts";
import type { History } from "../src/store/journal.ts";
import { beginTurn, type Turn } from "../src/store/turns.ts";
import type { Claim, Work } from "../src/store/work.ts";
import type { TurnParts } from "./turn-parts.ts";
import { askingFor, wakeDeliveries } from "./asking.ts";
import { incomingFor, sandboxOwnerOf } from "./incoming.ts";
import { watchingFor } from "./processes.ts";
import { beginReadings, type Readings, withRequest } from "./readings.ts";

/** A session that is held, as its turns know it. */
export type Held = Omit<Claim, "work">;

/** Says what runs, so that it can be told to leave. */
export type SetRunning = (running: { turn: string; leave(reason: LeaveReason): void } | null) => void;

/** Runs the session's unfinished turn, or the one it makes of the oldest message that waits. */
export async function workOne(
  parts: TurnParts,
  { hold, info: found }: Held,
  work: Exclude<Work, { type: "compress" }>,
  set: SetRunning,
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
export async function withPrompt(parts: TurnParts, info: SessionInfo, person: Person): Promise<SessionInfo> {
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

export function viewerOf({ kind, conversation }: SessionInfo, person: Person): Viewer {
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

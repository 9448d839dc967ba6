import { windowOf } from "../src/agent/compression/compressor.ts";
import { memoryBlocks } from "../src/agent/memory.ts";
import { createFooter } from "../src/agent/footer.ts";
import { freezeHead, userMessage } from "../src/agent/prompt.ts";
import { offeredSkills, skillViewer } from "../src/agent/skills.ts";
import { withVisible } from "../src/agent/visible.ts";
import { runTurn } from "../src/agent/turn.ts";
import type { LeaveReason, TurnSetting } from "../src/agent/turn-setting.ts";
import { chatKey, type Person } from "../src/core/chats.ts";
import type { Errand } from "../src/core/errand.ts";
import type { TurnEnd } from "../src/core/events.ts";
import type { Hold } from "../src/store/hold.ts";
import { withLogContext } from "../src/insights/log-context.ts";
import { skillsBlock } from "../src/skills/listing.ts";
import { freezePrompt, type SessionInfo } from "../src/store/sessions.ts";
import { stepsOfErrands } from "../src/store/errand-steps.ts";
import { footerFacts } from "../src/store/footers.ts";
import { readJournal } from "../src/store/journal.ts";
import { beginTurn, newTurn, type Turn } from "../src/store/turns.ts";
import type { Claim, Work } from "../src/store/work.ts";
import { toolsetsOf } from "../src/tools/index.ts";
import type { TurnParts } from "./turn-parts.ts";
import { askingFor, wakeDeliveries } from "./asking.ts";
import { delegatingFor, misfitFor } from "./delegating.ts";
import { incomingFor } from "./incoming.ts";
import { errandIn, placeOf, sandboxOwnerOf, viewerOf } from "./places.ts";
import { beginReadings, type Readings, withRequest } from "./readings.ts";
import { emitter, tellingWaits } from "./saying.ts";
import { askerOf, contextOf, type OneTurn } from "./turn-context.ts";
import { loggedEvents } from "./turn-log.ts";

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
  const errand = await errandIn(parts.db, found);
  const ask = (info: SessionInfo) => beginReadings(parts, placeOf(info, errand), person, viewer);
  const early = found.prompt === null ? null : ask({ ...found, choice: work.choice });
  const { turn, opening, begun } =
    work.type === "resume" ? { ...work, opening: null, begun: Promise.resolve() } : await begin(parts, hold, found, work, early);
  const control = new AbortController();
  set({ turn: turn.id, leave: (reason) => control.abort(reason) });
  if (work.type === "resume" && work.stopping) control.abort("stop" satisfies LeaveReason);
  const began = performance.now();
  const emit = loggedEvents(parts.log, emitter(parts.live, hold, turn, errand));
  const reads = incomingFor(parts, {
    info: { ...placeOf(found, errand), choice: work.choice },
    person,
    signal: control.signal,
    emit,
  });
  const incoming: TurnSetting["incoming"] = (inbox, inbound) => tellingWaits(parts, emit, () => reads(inbox, inbound));
  const later: (() => Promise<void>)[] = [];
  const afterwards = (task: () => Promise<void>) => void later.push(task);
  // All that is logged in its course bears its id, whoever logs it.
  return await withLogContext({ turn: turn.id, session: hold.session }, async () => {
    try {
      const info = await tellingWaits(parts, emit, () => withPrompt(parts, { ...found, choice: work.choice }, person, errand));
      const { model, tools } = early ?? ask(info);
      const one = { hold, info, errand, turn, opening, begun, viewer, model, tools, person, incoming, emit, afterwards };
      const end = await run(parts, { ...one, signal: control.signal });
      emit({ type: "finished", end });
      parts.metrics.turnEnd(end, performance.now() - began);
      if (end !== "handed_over" && end !== "parked") await told(parts, turn);
      if (end === "answered" && errand === null) later.push(() => parts.reviews.consider({ ...found, person }));
      for (const task of later) await task();
      return end;
    } catch (error) {
      // Whoever takes the session over must find whether the turn has begun.
      await begun.catch(() => undefined);
      emit({ type: "finished", end: "handed_over" });
      throw error;
    } finally {
      set(null);
    }
  });
}

/** What the turn came to is in the record: has it said, or done what follows an errand. */
async function told(parts: TurnParts, { request: { chat, errand } }: Turn): Promise<void> {
  if (errand === undefined) return await wakeDeliveries(parts, [chatKey(chat)]);
  await parts.errands.ended(errand.id);
}

/**
 * Begins a turn. The model may be asked while that is still written: `begun` says when it is, and until then the turn writes nothing. A message
 * with files is read within its turn, which then shows what it does, can be stopped, and counts its attempts.
 */
async function begin(
  parts: TurnParts,
  hold: Hold,
  info: SessionInfo,
  { waiting, ids }: Work & { type: "begin" },
  early: Readings | null,
): Promise<Pick<OneTurn, "turn" | "opening" | "begun">> {
  parts.metrics.queueWait(Math.max(0, Date.now() - waiting.inbound.at));
  const plain = waiting.inbound.files === undefined && waiting.inbound.skills === undefined;
  const read = plain ? userMessage(await withVisible(parts.db, waiting.inbound, info, waiting.person), info.kind) : null;
  const begun = beginTurn(parts.db, hold, waiting, read, ids).then(() => undefined);
  begun.catch(() => undefined);
  const turn = newTurn(hold, waiting, ids);
  if (early === null || read === null) await begun;
  return { turn, begun, opening: early === null || read === null ? null : withRequest(await early.history, ids, read) };
}

/** The session with its prompt's head, frozen at its first turn. */
export async function withPrompt(
  parts: TurnParts,
  info: SessionInfo,
  person: Person,
  errand: Errand | null,
): Promise<SessionInfo> {
  if (info.prompt) return info;
  const place = placeOf(info, errand);
  const remembers = errand?.terms.memory ?? true;
  const memory = remembers ? await memoryBlocks(parts.db, { ...place, person }, parts.settings.memory) : [];
  const tools = await parts.offer.specs({ ...place, person });
  const skills = skillsBlock(await offeredSkills(parts.skills, skillViewer(place.kind, person), toolsetsOf(tools)));
  const head = freezeHead({ kind: info.kind, rules: errand?.terms.rules ?? null, skills, memory, tools, day: new Date() });
  return { ...info, prompt: await freezePrompt(parts.db, info.session, head) };
}

async function run(parts: TurnParts, one: OneTurn): Promise<TurnEnd> {
  const { info, errand, turn, viewer, person, signal } = one;
  const place = placeOf(info, errand);
  const sandboxOwner = sandboxOwnerOf(place, person);
  const model = await one.model;
  const window = await windowOf(parts.compressor, model, signal);
  const asker = askerOf(one, place);
  const context = contextOf(parts, one, { place, owner: sandboxOwner, asker, window });
  const { db, metrics, titles, compressor } = parts;
  const tools = await one.tools;
  // Asking for the model has read the configuration again.
  const { maxSteps, steer, footers } = parts.settings;
  const mostSteps = Math.min(maxSteps, errand?.terms.maxSteps ?? maxSteps);
  // What its subagents have taken is gone, also after a restart; before its first step it can have had none.
  const used = turn.step === 0 ? 0 : await stepsOfErrands(db, turn.id);
  const footer = createFooter({
    facts: () => footerFacts(db, footers, place.chat, turn.id),
    fields: footers.runtimeFooter.fields,
    model: model.name,
    window,
  });
  const end = await runTurn({
    db,
    hold: one.hold,
    info,
    turn,
    opening: one.opening,
    begun: one.begun,
    viewer,
    model,
    tools,
    context,
    asking: askingFor(parts, place, turn, person, errand),
    messaging: { db, person, from: place.chat, wake: (chats) => wakeDeliveries(parts, chats) },
    approving: {
      ...parts.approvals,
      person,
      session: info.session,
      chat: info.kind,
      owner: sandboxOwner.key,
      attended: errand?.terms.attended ?? true,
    },
    metrics,
    titles,
    footer,
    compressor,
    delegating: delegatingFor(parts, place, turn, person, errand),
    misfit: misfitFor(errand),
    maxSteps: mostSteps - used,
    mostSteps,
    steer: steer && errand === null,
    urgency: errand === null ? "interactive" : errand.type === "run" ? "scheduled" : "subagent",
    signal,
    incoming: one.incoming,
    emit(event) {
      // While the answer comes in, the record is asked for what goes below it.
      if (event.type === "text") footer.prepare();
      one.emit(event);
    },
    afterwards: one.afterwards,
  });
  if (end === "answered" && errand === null) {
    const messages = async () => {
      const journal = await readJournal(db, viewer, info.session);
      return journal.filter((each) => each.turn === turn.id).map(({ message }) => message);
    };
    one.afterwards(() => parts.skillReview.consider({ turn: turn.id, asker, messages }));
  }
  return end;
}

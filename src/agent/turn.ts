import type { TurnEnd } from "../core/events.ts";
import type { Failure } from "../core/failures.ts";
import type { InboundMessage } from "../core/inbound.ts";
import type { ModelMessage } from "../core/model.ts";
import { type JournalEntry, readHistory, readJournal } from "../store/journal.ts";
import { dropFiles } from "../store/files.ts";
import { parkTurn } from "../store/questions.ts";
import { journalRequest, steeringMessages, steerTurn } from "../store/turns.ts";
import { accountOf } from "./account.ts";
import { countCall, type Outcome } from "./call-record.ts";
import { fail, leave, openCalls } from "./endings.ts";
import { struckOut, tooManyAttempts } from "./failures.ts";
import { newHistory } from "./compression/state.ts";
import { explained, fitted, outgrown, recovered } from "./history.ts";
import { isStuck } from "./loops.ts";
import { type CallEnd, callModel } from "./model-call.ts";
import { userMessage } from "./prompt.ts";
import { stepRequest } from "./requests.ts";
import { type Mode, modeAfter, strikesOf } from "./strikes.ts";
import { type Step, takeAnswer, takeRepeating } from "./taking.ts";
import { type CallSetting, runCalls } from "./tool-calls.ts";
import { again, type LoopState, type Next, type TurnSetting } from "./turn-setting.ts";

/** A turn that keeps killing its workers is given up after this many attempts. */
const maxAttempts = 8;

/**
 * Runs a turn from wherever its journal stands to its end: finish open tool calls → ask the model → journal → run its calls → repeat
 * until text without calls, a limit, a stop, or a failure. Throws only `turn.stale` and failures of the record itself; then nothing
 * has been said, and whoever takes the session over goes on from the journal.
 */
export async function runTurn(setting: TurnSetting): Promise<TurnEnd> {
  if (setting.turn.attempts > maxAttempts) return await fail(setting, "", tooManyAttempts(maxAttempts));
  const state: LoopState = { step: setting.turn.step, canRequire: true, opening: setting.opening, history: newHistory() };
  setting.emit({ type: "started" });
  for (;;) {
    const next = await advance(setting, state);
    if (next.type === "end") return next.end;
  }
}

/** One step: whatever the journal says comes next. */
async function advance(setting: TurnSetting, state: LoopState): Promise<Next> {
  if (state.opening === null || setting.signal.aborted) await setting.begun;
  const journal = await takeHistory(setting, state);
  if (!journal.some(({ turn }) => turn === setting.turn.id)) return await readRequest(setting);
  const open = openCalls(journal, setting.turn.id);
  if (open) {
    const calling = callSetting(setting, ownOf(setting, journal), state.step);
    const parked = !setting.signal.aborted && (await runCalls(calling, state.step, open.calls, open.answered));
    if (parked && !setting.signal.aborted) return await park(setting);
    if (setting.signal.aborted) return await leave(setting, "", open.calls, state.step);
    setting.emit({ type: "step", step: state.step + 1 });
    return again;
  }
  if (setting.signal.aborted) {
    await setting.begun;
    return await leave(setting, "", [], state.step);
  }
  const steered = state.step > setting.turn.step ? await takeSteering(setting) : 0;
  const entries = steered > 0 ? await readJournal(setting.db, setting.viewer, setting.info.session) : journal;
  return await ask(setting, state, entries);
}

/** The journal as it stands. With it comes how it is shown; from the first look on, that changes only by this turn itself. */
async function takeHistory(setting: TurnSetting, state: LoopState): Promise<readonly JournalEntry[]> {
  const { entries, compaction } = state.opening ?? (await readHistory(setting.db, setting.viewer, setting.info.session));
  state.opening = null;
  state.history.compaction = compaction;
  return entries;
}

/** A call waits for a person's answer: no worker is kept waiting with it. */
async function park(setting: TurnSetting): Promise<Next> {
  await parkTurn(setting.db, setting.hold, setting.turn.id);
  return { type: "end", end: "parked" };
}

async function ask(setting: TurnSetting, state: LoopState, journal: readonly JournalEntry[]): Promise<Next> {
  state.step += 1;
  const own = ownOf(setting, journal);
  const mode = modeOf(setting, state, own);
  if (mode === "struck_out") {
    await setting.begun;
    return {
      type: "end",
      end: await fail(setting, accountOf(own, setting.tools, await setting.asking.language()), struckOut(setting.model.name)),
    };
  }
  const messages = await fitted(setting, state, journal);
  const { maxTokens } = state.history;
  const room = maxTokens === null ? {} : { maxTokens };
  const began = performance.now();
  const ended = await callModel(
    setting.model,
    { ...stepRequest(setting, messages, own, mode), ...room },
    setting.signal,
    setting.emit,
    setting.begun,
  );
  const next = await takeEnd(setting, { state, own, mode }, journal, ended);
  const counted = () => count(setting, state.step, outcomeOf(ended, performance.now() - began));
  if (next.type === "end") setting.afterwards(counted);
  else await counted();
  return next;
}

/** The last step is one without calls; so is the one after a turn that only goes in circles. */
function modeOf(setting: TurnSetting, state: LoopState, own: readonly ModelMessage[]): Mode {
  if (state.step >= setting.maxSteps || isStuck(own)) return "closing";
  return modeAfter(strikesOf(own, setting.tools), state.canRequire);
}

async function takeEnd(setting: TurnSetting, step: Step, journal: readonly JournalEntry[], ended: CallEnd): Promise<Next> {
  switch (ended.type) {
    case "answer":
      if (await outgrown(setting, step.state, journal, ended.answer)) return again;
      return await takeAnswer(setting, step, ended.answer);
    case "repeating":
      return await takeRepeating(setting, step, ended.kept);
    case "aborted":
      return await leave(setting, ended.partial, [], step.state.step);
    case "failed":
      return await takeFailure(setting, step, journal, ended.failure, ended.partial);
  }
}

async function takeFailure(
  setting: TurnSetting,
  { state, own, mode }: Step,
  journal: readonly JournalEntry[],
  failure: Failure,
  partial: string,
): Promise<Next> {
  if (failure.code === "model.overlong" && (await recovered(setting, state, journal, failure))) return again;
  if (failure.code === "model.refused" && mode === "required") {
    // Not every server knows `required`; the schema is what is left.
    state.canRequire = false;
    return again;
  }
  const said =
    mode === "closing" && partial.trim() === "" ? accountOf(own, setting.tools, await setting.asking.language()) : partial;
  const told = failure.code === "model.overlong" ? explained(setting, state, journal, failure) : failure;
  return { type: "end", end: await fail(setting, said, told) };
}

/** What the turn was sent, files and all, as its first journal entry; stopped before that, without what the files say. */
async function readRequest(setting: TurnSetting): Promise<Next> {
  const { db, hold, turn, info } = setting;
  const read = await setting.incoming(turn.inbox, turn.request);
  if (read === null && setting.signal.reason !== "stop") return { type: "end", end: "handed_over" };
  await journalRequest(db, hold, turn, read ?? userMessage({ ...turn.request, text: unread(turn.request) }, info.kind));
  await dropFiles(db, turn.inbox);
  return again;
}

function unread({ text, files = [] }: InboundMessage): string {
  const names = files.map(({ name }) => `[file ${JSON.stringify(name)}, not looked at]`);
  return [text, ...names].filter((part) => part !== "").join("\n\n");
}

async function takeSteering({ db, hold, info, steer, turn, incoming }: TurnSetting): Promise<number> {
  let taken = 0;
  for (const message of await steeringMessages(db, info, steer, 20)) {
    const read = await incoming(message.id, message.inbound);
    if (read === null) break;
    await steerTurn(db, hold, turn.id, message, read);
    if (message.inbound.files !== undefined) await dropFiles(db, message.id);
    taken += 1;
  }
  return taken;
}

/** What of the journal is this turn's. */
function ownOf(setting: TurnSetting, journal: readonly JournalEntry[]): readonly ModelMessage[] {
  return journal.filter((entry) => entry.turn === setting.turn.id).map((entry) => entry.message);
}

function outcomeOf(ended: CallEnd, ms: number): Outcome {
  switch (ended.type) {
    case "answer":
      return ended;
    case "failed":
      return { type: "failed", code: ended.failure.code, ms };
    case "repeating":
      return { type: "failed", code: "repeating", ms };
    case "aborted":
      return { type: "failed", code: "aborted", ms };
  }
}

async function count(setting: TurnSetting, step: number, outcome: Outcome): Promise<void> {
  const { db, metrics, info, turn, model, tools } = setting;
  const calling = { db, metrics, session: info.session, turn: turn.id, task: "turn", step, model, tools } as const;
  await countCall(calling, outcome);
}

function callSetting(setting: TurnSetting, own: readonly ModelMessage[], step: number): CallSetting {
  const { db, hold, tools, context, asking, approving, messaging, delegating, metrics, emit } = setting;
  const stepsLeft = setting.mostSteps - step;
  const common = { db, hold, turn: setting.turn.id, own, tools, context, asking, approving, messaging };
  return { ...common, delegating, stepsLeft, metrics, emit };
}

import type { Viewer } from "../core/chats.ts";
import type { TurnEnd, TurnEvent } from "../core/events.ts";
import { Failure } from "../core/failures.ts";
import type { Metrics } from "../core/metrics.ts";
import type { Model, ModelAnswer, ModelMessage, ModelRequest, ToolCall } from "../core/model.ts";
import type { Outbound } from "../core/outbound.ts";
import type { Tool, ToolContext } from "../core/tool.ts";
import type { Db, Hold } from "../store/hold.ts";
import { type JournalEntry, journalCallEnd, journalStep, readJournal, recordModelCall } from "../store/journal.ts";
import type { SessionInfo } from "../store/sessions.ts";
import { closeTurn, steerTurn, type Turn, waitingMessages } from "../store/turns.ts";
import { callModel } from "./model-call.ts";
import { userMessage } from "./prompt.ts";
import { type CallSetting, runCalls } from "./tool-calls.ts";

/** Why a turn's signal fired: a person stopped it, or this worker must let go of it. */
export type LeaveReason = "stop" | "leave";

/** A turn that keeps killing its workers is given up after this many attempts. */
const maxAttempts = 8;
/** How often an answer that is empty or cut off in a tool call is asked for again. */
const maxRepairs = 2;

/** Everything a turn needs, bound to its session and asker. */
export interface TurnSetting {
  readonly db: Db;
  readonly hold: Hold;
  readonly info: SessionInfo;
  readonly turn: Turn;
  readonly viewer: Viewer;
  readonly model: Model;
  readonly tools: ReadonlyMap<string, Tool>;
  readonly context: Omit<ToolContext, "progress">;
  readonly metrics: Metrics;
  readonly maxSteps: number;
  /** Whether messages that arrive meanwhile join at the next step. */
  readonly steer: boolean;
  /** Aborted with a `LeaveReason` as its reason. */
  readonly signal: AbortSignal;
  emit(event: TurnEvent): void;
  /** Takes work that must not hold up the answer: it is done once the answer is on its way. */
  afterwards(work: () => Promise<void>): void;
}

/** What the loop does next. */
type Next = { readonly type: "again" } | { readonly type: "end"; readonly end: TurnEnd };
const again: Next = { type: "again" };

/**
 * Runs a turn from wherever its journal stands to its end: finish open tool calls → ask the model → journal → run its calls → repeat
 * until text without calls, a limit, a stop, or a failure. Throws only `turn.stale` and failures of the record itself; then nothing
 * has been said, and whoever takes the session over goes on from the journal.
 */
export async function runTurn(setting: TurnSetting): Promise<TurnEnd> {
  if (setting.turn.attempts > maxAttempts) return await fail(setting, "", tooManyAttempts());
  const state: LoopState = { step: setting.turn.step, repairs: 0 };
  setting.emit({ type: "started" });
  for (;;) {
    const next = await advance(setting, state);
    if (next.type === "end") return next.end;
  }
}

interface LoopState {
  step: number;
  repairs: number;
}

/** One step: whatever the journal says comes next. */
async function advance(setting: TurnSetting, state: LoopState): Promise<Next> {
  const journal = await readJournal(setting.db, setting.viewer, setting.info.session);
  const open = openCalls(journal, setting.turn.id);
  if (open) {
    if (!setting.signal.aborted) await runCalls(callSetting(setting), state.step, open.calls, open.answered);
    if (setting.signal.aborted) return await leave(setting, "", open.calls, state.step);
    setting.emit({ type: "step", step: state.step + 1 });
    return again;
  }
  if (setting.signal.aborted) return await leave(setting, "", [], state.step);
  const steered = setting.steer && state.step > setting.turn.step ? await takeSteering(setting) : 0;
  const entries = steered > 0 ? await readJournal(setting.db, setting.viewer, setting.info.session) : journal;
  return await ask(setting, state, entries);
}

async function ask(setting: TurnSetting, state: LoopState, journal: readonly JournalEntry[]): Promise<Next> {
  state.step += 1;
  const last = state.step >= setting.maxSteps;
  const ended = await callModel(setting.model, request(setting, journal, last), setting.signal, setting.emit);
  switch (ended.type) {
    case "failed":
      setting.metrics.modelFailure(ended.failure.code);
      return { type: "end", end: await fail(setting, ended.partial, ended.failure) };
    case "aborted":
      return await leave(setting, ended.partial, [], state.step);
    case "answer": {
      const next = await take(setting, state, ended.answer, last);
      const counted = () => count(setting, state.step, ended.answer);
      if (next.type === "end") setting.afterwards(counted);
      else await counted();
      return next;
    }
  }
}

/** What to do with a whole answer: run its calls, ask again, or close the turn with it. */
async function take(setting: TurnSetting, state: LoopState, answer: ModelAnswer, last: boolean): Promise<Next> {
  const { content, reasoning, calls } = answer;
  if (calls.length > 0 && answer.finish !== "length" && !last) {
    await journalStep(setting.db, setting.hold, setting.turn.id, state.step, { role: "assistant", content, reasoning, calls });
    return again;
  }
  const flaw = flawOf(answer);
  if (flaw !== null && !last && state.repairs < maxRepairs) {
    state.repairs += 1;
    await repair(setting, state.step, answer, flaw);
    return again;
  }
  if (content.trim() === "")
    return { type: "end", end: await fail(setting, "", last ? stepLimit(setting.maxSteps) : emptyAnswer()) };
  await close(setting, "answered", { role: "assistant", content, reasoning, calls: [] }, null, { markdown: content });
  return { type: "end", end: "answered" };
}

/** What the model must be told about its own answer, or null when it is fine. */
function flawOf(answer: ModelAnswer): string | null {
  if (answer.calls.length > 0)
    return "[Your tool call was cut off by the length limit and was not run. Make it shorter, or split it.]";
  return answer.content.trim() === "" ? "[Your answer was empty. Answer now, or call a tool.]" : null;
}

async function repair(setting: TurnSetting, step: number, answer: ModelAnswer, flaw: string): Promise<void> {
  const content = answer.content.trim() === "" ? "(nothing)" : answer.content;
  await journalStep(setting.db, setting.hold, setting.turn.id, step, {
    role: "assistant",
    content,
    reasoning: answer.reasoning,
    calls: [],
  });
  await journalStep(setting.db, setting.hold, setting.turn.id, step, { role: "user", content: flaw });
}

/** The request for a step. At the limit the tools stay in the prompt, so that its prefix stays, but the model is asked for text. */
function request(setting: TurnSetting, journal: readonly JournalEntry[], last: boolean): ModelRequest {
  const head = setting.info.prompt;
  if (!head) throw new Failure("internal", `session ${setting.info.session} has no prompt`);
  const closing: ModelMessage[] = last
    ? [
        {
          role: "user",
          content: "[You have used all steps. Without calling a tool, say what you did, what you found and what is left.]",
        },
      ]
    : [];
  const messages: ModelMessage[] = [
    { role: "system", content: head.system },
    ...journal.map((entry) => entry.message),
    ...closing,
  ];
  return { messages, tools: head.tools, toolChoice: last ? "none" : "auto" };
}

/** The calls of the turn's last assistant message that have no result yet; null when there are none. */
function openCalls(
  journal: readonly JournalEntry[],
  turn: string,
): { calls: readonly ToolCall[]; answered: ReadonlySet<number> } | null {
  const own = journal.filter((entry) => entry.turn === turn).map((entry) => entry.message);
  const at = own.findLastIndex((message) => message.role === "assistant" && message.calls.length > 0);
  const message = own[at];
  if (message?.role !== "assistant") return null;
  const answered = new Set<number>();
  for (const result of own.slice(at + 1)) {
    if (result.role !== "tool") continue;
    const position = message.calls.findIndex((call, index) => call.id === result.call && !answered.has(index));
    if (position >= 0) answered.add(position);
  }
  return answered.size < message.calls.length ? { calls: message.calls, answered } : null;
}

async function takeSteering(setting: TurnSetting): Promise<number> {
  const waiting = await waitingMessages(setting.db, setting.info.session, 20);
  for (const message of waiting) {
    await steerTurn(setting.db, setting.hold, setting.turn.id, message, userMessage(message.inbound, setting.info.kind));
  }
  return waiting.length;
}

/** The signal has fired: say what there is and end (a stop), or let go without a word (another worker goes on). */
async function leave(setting: TurnSetting, partial: string, calls: readonly ToolCall[], step: number): Promise<Next> {
  if (setting.signal.reason !== "stop") return { type: "end", end: "handed_over" };
  if (calls.length > 0)
    await answerOpenCalls(setting, step, "The person stopped this before it ended; it may have happened in part.");
  const said = partial.trim() === "" ? "[Stopped by the person before an answer.]" : `${partial}\n[Stopped by the person here.]`;
  const message: ModelMessage = { role: "assistant", content: said, reasoning: "", calls: [] };
  await close(setting, "stopped", message, null, { markdown: partial, ending: { type: "stopped" } });
  return { type: "end", end: "stopped" };
}

/** Every call gets a result, also those cut off: an orphaned call would spoil all later prompts. */
async function answerOpenCalls(setting: TurnSetting, step: number, content: string): Promise<void> {
  const journal = await readJournal(setting.db, setting.viewer, setting.info.session);
  const open = openCalls(journal, setting.turn.id);
  for (const [position, call] of (open?.calls ?? []).entries()) {
    if (open?.answered.has(position)) continue;
    const place = { turn: setting.turn.id, step, position };
    await journalCallEnd(setting.db, setting.hold, place, "unknown", { role: "tool", call: call.id, name: call.name, content });
  }
}

async function fail(setting: TurnSetting, partial: string, failure: Failure): Promise<TurnEnd> {
  await answerOpenCalls(setting, setting.turn.step, "This was given up before it ended; it may have happened in part.");
  const content = partial.trim() === "" ? `[No answer: ${failure.message}]` : `${partial}\n[Broken off here: ${failure.message}]`;
  const { code, message, advice } = failure;
  const body = { markdown: partial, ending: { type: "failed", failure: { code, message, advice } } } as const;
  await close(setting, "failed", { role: "assistant", content, reasoning: "", calls: [] }, message, body);
  return "failed";
}

async function close(
  setting: TurnSetting,
  status: "answered" | "stopped" | "failed",
  message: ModelMessage,
  failure: string | null,
  body: Pick<Outbound, "markdown" | "ending">,
): Promise<void> {
  const answer: Outbound = { ...body, replyTo: setting.turn.request.messageId };
  await closeTurn(setting.db, setting.hold, setting.turn, { status, message, failure, answer });
}

async function count(setting: TurnSetting, step: number, answer: ModelAnswer): Promise<void> {
  setting.metrics.modelCall(setting.model.name, answer.usage);
  await recordModelCall(setting.db, setting.turn.id, step, {
    model: setting.model.name,
    server: setting.model.server,
    ...answer.usage,
  });
}

function callSetting(setting: TurnSetting): CallSetting {
  const { db, hold, tools, context, metrics, emit } = setting;
  return { db, hold, turn: setting.turn.id, tools, context, metrics, emit };
}

function tooManyAttempts(): Failure {
  return new Failure("turn.limit", `this request stopped its worker ${maxAttempts} times`, {
    advice: "Ask it in another way, or in smaller parts.",
  });
}

function stepLimit(steps: number): Failure {
  return new Failure("turn.limit", `the request took all of its ${steps} steps without an answer`, {
    advice: "Ask for a smaller part, or raise agent.max_turns.",
  });
}

function emptyAnswer(): Failure {
  return new Failure("model.empty", "the model gave an empty answer", { advice: "Send /retry to ask again." });
}

import type { TurnEnd } from "../core/events.ts";
import { Failure } from "../core/failures.ts";
import type { ModelAnswer, ModelMessage, ModelRequest } from "../core/model.ts";
import { type JournalEntry, journalStep, readJournal, recordModelCall } from "../store/journal.ts";
import { steerTurn, waitingMessages } from "../store/turns.ts";
import { close, fail, leave, openCalls } from "./endings.ts";
import { fitted, recovered } from "./history.ts";
import { callModel } from "./model-call.ts";
import { userMessage } from "./prompt.ts";
import { type CallSetting, runCalls } from "./tool-calls.ts";
import { again, type LoopState, type Next, type TurnSetting } from "./turn-setting.ts";

/** A turn that keeps killing its workers is given up after this many attempts. */
const maxAttempts = 8;
/** How often an answer that is empty or cut off in a tool call is asked for again. */
const maxRepairs = 2;

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
  const messages = await fitted(setting, state, journal);
  const ended = await callModel(setting.model, request(setting, messages, last), setting.signal, setting.emit);
  switch (ended.type) {
    case "failed":
      if (ended.failure.code === "model.overlong" && (await recovered(setting, state, journal, ended.failure))) return again;
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
function request(setting: TurnSetting, conversation: readonly ModelMessage[], last: boolean): ModelRequest {
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
  const messages: ModelMessage[] = [{ role: "system", content: head.system }, ...conversation, ...closing];
  const caller = { person: setting.turn.person, session: setting.info.session, urgency: "interactive" } as const;
  return { messages, tools: head.tools, toolChoice: last ? "none" : "auto", caller };
}

async function takeSteering(setting: TurnSetting): Promise<number> {
  const waiting = await waitingMessages(setting.db, setting.info.session, 20);
  for (const message of waiting) {
    await steerTurn(setting.db, setting.hold, setting.turn.id, message, userMessage(message.inbound, setting.info.kind));
  }
  return waiting.length;
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

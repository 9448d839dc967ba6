import type { TurnEvent } from "../core/events.ts";
import { asFailure } from "../core/failures.ts";
import type { Metrics } from "../core/metrics.ts";
import type { ModelMessage, ToolCall } from "../core/model.ts";
import { Parked, type Question } from "../core/question.ts";
import type { Tool } from "../core/tool.ts";
import { redact } from "../core/redact.ts";
import { closeNames } from "../model/names.ts";
import type { Db, Hold } from "../store/hold.ts";
import { type CallPlace, callStates, journalCallEnd, journalCallStart } from "../store/journal.ts";
import type { CallStatus } from "../store/schema.ts";
import { parseArguments } from "../tools/arguments.ts";
import { type Approving, leaveFor } from "./approvals.ts";
import type { CallContext } from "./call-context.ts";
import { type Delegating, delegationPorts } from "./delegating.ts";
import { type LoopWatch, watchLoops } from "./loops.ts";
import { listChats, type Messaging, postTo } from "./messaging.ts";
import { progressWithoutSecrets } from "./progress.ts";
import { type Asking, askPerson } from "./questions.ts";
import { callingPorts } from "./within.ts";

/** What running a step's calls needs, bound to one turn. */
export interface CallSetting {
  readonly db: Db;
  readonly hold: Hold;
  readonly turn: string;
  /** The turn's own part of the journal: what has been called so far. */
  readonly own: readonly ModelMessage[];
  readonly tools: ReadonlyMap<string, Tool>;
  readonly context: CallContext;
  readonly asking: Asking;
  readonly approving: Approving;
  readonly messaging: Messaging;
  readonly delegating: Delegating;
  /** See `DelegationSetting`. */
  readonly stepsLeft: number;
  readonly metrics: Metrics;
  emit(event: TurnEvent): void;
}

/** What one call came to: a result, a question, or (null) nothing because the turn is being left or stopped. */
type Ran = { readonly status: Exclude<CallStatus, "started" | "parked">; readonly content: string } | "parked" | null;

/**
 * Runs the calls of a step in order, neighbouring reads side by side. Each is journalled before it starts, and its result before the
 * model sees it. After a crash the calls that had ended are skipped, and an effectful one that had started is reported as unknown.
 * Ends early, without a result for the rest, when the turn's signal fires or a call has to wait for a person's answer: true for that.
 */
export async function runCalls(
  setting: CallSetting,
  step: number,
  calls: readonly ToolCall[],
  answered: ReadonlySet<number>,
): Promise<boolean> {
  const states = await callStates(setting.db, setting.turn, step);
  const loops = watchLoops(setting.own);
  let position = 0;
  let parked = false;
  while (position < calls.length && !parked && !setting.context.signal.aborted) {
    const batch = takeBatch(setting.tools, calls, position);
    const open = batch.filter((at) => !answered.has(at));
    const results = await Promise.all(
      open.map((at) => runOne(setting, loops, { turn: setting.turn, step, position: at }, callAt(calls, at), states.get(at))),
    );
    for (const [index, at] of open.entries()) {
      const result = results[index];
      if (result === "parked") parked = true;
      else if (result) await keep(setting, loops, { turn: setting.turn, step, position: at }, callAt(calls, at), result);
    }
    position += batch.length;
  }
  return parked;
}

/** The next call, or a run of neighbouring reads. */
function takeBatch(tools: ReadonlyMap<string, Tool>, calls: readonly ToolCall[], from: number): readonly number[] {
  const reads = (at: number) => tools.get(callAt(calls, at).name)?.kind !== "effect";
  const batch = [from];
  if (!reads(from)) return batch;
  for (let at = from + 1; at < calls.length && reads(at); at += 1) batch.push(at);
  return batch;
}

function callAt(calls: readonly ToolCall[], at: number): ToolCall {
  const call = calls[at];
  if (!call) throw new Error(`no call at ${at}`);
  return call;
}

async function runOne(
  setting: CallSetting,
  loops: LoopWatch,
  place: CallPlace,
  call: ToolCall,
  before: CallStatus | undefined,
): Promise<Ran> {
  const tool = setting.tools.get(call.name);
  if (before === "started" && tool?.kind === "effect") return { status: "unknown", content: unknownOutcome(call.name) };
  if (!tool) return { status: "failed", content: noSuchTool(call.name, setting.tools) };
  const refusal = loops.refusal(call);
  if (refusal !== null) return { status: "failed", content: refusal };
  const parsed = parseArguments(tool, call.arguments);
  if (!parsed.ok) return { status: "failed", content: parsed.error };
  const leave = await leaveOf(setting, tool, parsed.args, place);
  if (setting.context.signal.aborted) return null;
  if (leave !== null) return leave;
  await journalCallStart(setting.db, setting.hold, place, call, tool.kind);
  setting.emit({ type: "tool.started", call: call.id, tool: call.name, preview: redact(tool.preview(parsed.args)) });
  const began = performance.now();
  const ran = await attempt(setting, tool, parsed.args, call, place);
  if (ran === "parked") return ran;
  const ms = Math.round(performance.now() - began);
  setting.emit({ type: "tool.finished", call: call.id, tool: call.name, ok: ran?.status === "done", ms });
  setting.metrics.toolCall(call.name, ran?.status === "done", ms);
  return ran;
}

/** Null when the call may run. */
async function leaveOf(setting: CallSetting, tool: Tool, args: unknown, place: CallPlace): Promise<Ran> {
  try {
    const refusal = await leaveFor(setting, place, tool, args);
    return refusal === null ? null : { status: "failed", content: refusal };
  } catch (error) {
    if (error instanceof Parked) return "parked";
    return { status: "failed", content: `Error: ${asFailure(error).message}` };
  }
}

/** Null when the turn was stopped or left while the tool ran: then nobody knows how it ended. */
async function attempt(setting: CallSetting, tool: Tool, args: unknown, call: ToolCall, place: CallPlace): Promise<Ran> {
  const ask = (question: Question) => askPerson(setting, place, question);
  const chats = {
    list: () => listChats(setting.messaging),
    post: (target: string, text: string) => postTo(setting.messaging, place, target, text),
  };
  const progress = progressWithoutSecrets((text) =>
    setting.emit({ type: "tool.output", call: call.id, chunk: setting.context.skills.conceal(text) }),
  );
  const tools = callingPorts(setting, progress);
  const delegation = delegationPorts({ ...setting, beside: delegatingBeside(setting) }, place);
  try {
    const content = await tool.run(args, { ...setting.context, progress, ask, chats, tools, delegation });
    return setting.context.signal.aborted ? null : { status: "done", content };
  } catch (error) {
    if (error instanceof Parked) return setting.context.signal.aborted ? null : "parked";
    return setting.context.signal.aborted ? null : { status: "failed", content: `Error: ${asFailure(error).message}` };
  }
}

/** How many other calls of the step hand tasks over: they share the steps that are left. */
function delegatingBeside({ own, tools }: CallSetting): number {
  const asked = own.findLast((message) => message.role === "assistant");
  return (asked?.calls ?? []).filter(({ name }) => tools.get(name)?.toolset === "delegation").length - 1;
}

async function keep(
  setting: CallSetting,
  loops: LoopWatch,
  place: CallPlace,
  call: ToolCall,
  ran: Exclude<Ran, "parked" | null>,
): Promise<void> {
  const content = loops.noted(call, redact(setting.context.skills.conceal(ran.content)));
  const message: ModelMessage = { role: "tool", call: call.id, name: call.name, content };
  await journalCallEnd(setting.db, setting.hold, place, ran.status, message);
}

function unknownOutcome(name: string): string {
  return `The outcome of this ${name} call is unknown: the worker stopped while it ran. It may have happened, in part or whole. Check before you do it again.`;
}

function noSuchTool(name: string, tools: ReadonlyMap<string, Tool>): string {
  const close = closeNames(name, tools.keys());
  const meant = close.length === 0 ? "" : ` Did you mean ${close.join(" or ")}?`;
  return `There is no tool named "${name.slice(0, shownNameChars)}".${meant} Use one of: ${[...tools.keys()].join(", ")}.`;
}

/** A name that a model made up may be anything. */
const shownNameChars = 80;

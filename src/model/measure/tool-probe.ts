import { randomBytes } from "node:crypto";
import { asFailure, type Failure } from "../../core/failures.ts";
import type { Model, ModelFacts, ModelRequest, ModelUsage, ToolSpec } from "../../core/model.ts";
import { sum } from "../../core/numbers.ts";
import { probeCases, type ProbeCase } from "../probe-cases/index.ts";
import { ask, median, writingSpeed } from "./asking.ts";
import { type Score, score } from "./score.ts";

export interface ProbeOptions {
  /** The agent's own tools; the cases are about some of them. */
  readonly tools: readonly ToolSpec[];
  /** All hundred cases rather than twenty. */
  readonly full: boolean;
  readonly deadlineMs: number;
  readonly say: (line: string) => void;
}

/** What a probe of a model's tool calls found. */
export interface ToolProbe {
  readonly cases: number;
  /** Cases that were answered in time, and those that were answered rightly. */
  readonly done: number;
  readonly right: number;
  readonly rightTool: number;
  readonly calls: number;
  readonly textCalls: number;
  /** What went wrong, a case each. */
  readonly wrong: readonly { readonly name: string; readonly instead: string }[];
  /** The first failure of a request, and how many failed. */
  readonly failure: Failure | null;
  readonly failures: number;
  /** Until the first token: of the first request, and the middle of the others. */
  readonly coldMs: number | null;
  readonly warmMs: number | null;
  readonly writePerSecond: number | null;
  /** The part of all prompts that came from the server's cache. */
  readonly cached: number | null;
}

/** Enough for every case's answer; a model that can't stop thinking needs more. */
const answerTokens = 256;
const thinkingTokens = 1_024;
/** How often it is said how far a probe has come. */
const tellings = 4;
/** More at once would measure the server's queue. */
const mostAtOnce = 4;

/**
 * Asks the cases one after another, some at once, until all are done or the time is over. The first goes alone: when the server can't
 * take requests with tools at all, nothing more is asked.
 */
export async function probeTools(model: Model, signal: AbortSignal, options: ProbeOptions): Promise<ToolProbe> {
  const facts = await model.facts(signal);
  const within = AbortSignal.any([signal, AbortSignal.timeout(options.deadlineMs)]);
  const cases = probeCases(options.tools, options.full);
  // A beginning of its own, so that the first prompt is really a cold one.
  const system = `Probe ${randomBytes(3).toString("hex")}. You are the assistant of a team. Use the tools when a request needs them, and only then.`;
  const queue = [...cases.entries()];
  const taken: Taken[] = [];
  const worker = async (most: number): Promise<void> => {
    for (let asked = 0; asked < most && !within.aborted; asked += 1) {
      const next = queue.shift();
      if (next === undefined) return;
      const [at, each] = next;
      const one = await take(model, requestOf(each, system, facts), each, within);
      if (one === null) return;
      taken.push({ ...one, cold: at === 0 });
      if (taken.length % Math.ceil(cases.length / tellings) === 0)
        options.say(`Tool calls: ${taken.length} of ${cases.length} cases …`);
    }
  };
  await worker(1);
  const failure = taken[0]?.failure ?? null;
  if (failure === null || !isRefusal(failure)) {
    await Promise.all(Array.from({ length: Math.min(facts.slots ?? mostAtOnce, mostAtOnce) }, () => worker(Infinity)));
  }
  return summary(cases.length, taken);
}

/** The same request would be refused again. */
function isRefusal({ code, retryable, message }: Failure): boolean {
  return (code === "model.refused" && !retryable) || code === "model.unreachable" || /requires --jinja/.test(message);
}

interface Taken {
  readonly name: string;
  readonly score: Score | null;
  readonly usage: ModelUsage | null;
  readonly failure: Failure | null;
  readonly cold: boolean;
}

/** One case; null when the time was over. */
async function take(
  model: Model,
  request: ModelRequest,
  { name, ...rest }: ProbeCase,
  within: AbortSignal,
): Promise<Omit<Taken, "cold"> | null> {
  try {
    const answer = await ask(model, request, within);
    return { name, score: score({ name, ...rest }, answer), usage: answer.usage, failure: null };
  } catch (thrown) {
    return within.aborted ? null : { name, score: null, usage: null, failure: asFailure(thrown) };
  }
}

function requestOf({ messages, tools }: ProbeCase, system: string, facts: ModelFacts): ModelRequest {
  const thinksAnyway = facts.effort === true && facts.thinking !== true;
  return {
    messages: [{ role: "system", content: system }, ...messages],
    tools: tools.toSorted((one, other) => (one.name < other.name ? -1 : 1)),
    toolChoice: "auto",
    effort: "none",
    temperature: 0,
    maxTokens: thinksAnyway ? thinkingTokens : answerTokens,
  };
}

function summary(cases: number, taken: readonly Taken[]): ToolProbe {
  const scores = taken.flatMap((each) => (each.score === null ? [] : [each.score]));
  const failures = taken.flatMap((each) => (each.failure === null ? [] : [each.failure]));
  const usages = taken.flatMap((each) => (each.usage === null ? [] : [each.usage]));
  const first = (list: readonly Taken[]): number[] => list.flatMap(({ usage }) => usage?.firstTokenMs ?? []);
  return {
    cases,
    done: taken.length,
    right: scores.filter((each) => each.right).length,
    rightTool: scores.filter((each) => each.tool).length,
    calls: sum(scores.map((each) => each.calls)),
    textCalls: sum(scores.map((each) => each.textCalls)),
    wrong: taken.flatMap(({ name, score: it, failure }) =>
      it?.right === true ? [] : [{ name, instead: it?.instead ?? failure?.message ?? "" }],
    ),
    failure: failures[0] ?? null,
    failures: failures.length,
    coldMs: median(first(taken.filter((each) => each.cold))),
    warmMs: median(first(taken.filter((each) => !each.cold))),
    writePerSecond: median(
      usages.filter((it) => (it.completionTokens ?? 0) >= fewTokens).flatMap((it) => writingSpeed(it) ?? []),
    ),
    cached: cachedPart(usages),
  };
}

/** A speed of fewer tokens says little. */
const fewTokens = 8;

function cachedPart(usages: readonly ModelUsage[]): number | null {
  const told = usages.filter((it) => it.cachedTokens !== null && it.promptTokens !== null);
  const all = sum(told.map((it) => it.promptTokens ?? 0));
  return all === 0 ? null : sum(told.map((it) => it.cachedTokens ?? 0)) / all;
}

import type { ModelMessage, ToolCall } from "../core/model.ts";

/** The same call with the same result: told from the third time on, and not run any more after the fifth. */
const toldFrom = 3;
const runAtMost = 5;
/** Searches in a row that found nothing, after which the model is told so. */
const emptyFrom = 4;
/** Steps of nothing but refused calls after which the turn is brought to its end. */
const mostRefusedSteps = 3;

/** Watches the calls of a turn for circles. */
export interface LoopWatch {
  /** Why this call is not to be run again; null: run it. */
  refusal(call: ToolCall): string | null;
  /** Takes a call's result in; returns it with what the model should know of it. */
  noted(call: ToolCall, result: string): string;
}

/** Goes on from what the turn's journal tells. Calls whose results differ are never in anybody's way. */
export function watchLoops(own: readonly ModelMessage[]): LoopWatch {
  const state: State = { seen: new Set(), since: new Map(), last: new Map(), empty: { tool: "", count: 0 } };
  for (const { call, result } of callsWithResults(own)) {
    if (!result.startsWith(refused) && !isWaiting(call)) take(state, call, withoutNote(result));
  }
  return {
    refusal: (call) => {
      if (isWaiting(call)) return null;
      const result = state.last.get(keyOf(call));
      const times = result === undefined ? 0 : (state.since.get(pairOf(call, result)) ?? 0);
      return times < runAtMost
        ? null
        : `${refused} it has given the same result ${times} times. Do something else, or answer with what you have.`;
    },
    noted: (call, result) => {
      if (result.startsWith(refused) || isWaiting(call)) return result;
      const note = take(state, call, result);
      return note === null ? result : `${result}${noteBegins}${note}]`;
    },
  };
}

/** Whether the turn's last steps were nothing but calls that were not run again. */
export function isStuck(own: readonly ModelMessage[]): boolean {
  let steps = 0;
  for (const message of own.toReversed()) {
    if (message.role === "tool" && !message.content.startsWith(refused)) return false;
    if (message.role === "user") return false;
    if (message.role === "assistant") steps += 1;
    if (steps >= mostRefusedSteps) return true;
  }
  return false;
}

const refused = "This call was not run again:";
const noteBegins = "\n\n[Going in circles? ";

function withoutNote(result: string): string {
  const at = result.endsWith("]") ? result.lastIndexOf(noteBegins) : -1;
  return at < 0 ? result : result.slice(0, at);
}

interface State {
  /** Every call with its result so far. */
  readonly seen: Set<string>;
  /** How often each has come since the last one that was new: where something new happens, nothing is a circle. */
  readonly since: Map<string, number>;
  /** The last result of each call. */
  readonly last: Map<string, string>;
  /** Empty results in a row of one tool. */
  empty: { tool: string; count: number };
}

function take(state: State, call: ToolCall, result: string): string | null {
  const pair = pairOf(call, result);
  if (!state.seen.has(pair)) state.since.clear();
  state.seen.add(pair);
  const times = (state.since.get(pair) ?? 0) + 1;
  state.since.set(pair, times);
  state.last.set(keyOf(call), result);
  const count = isEmptySearch(call, result) ? (state.empty.tool === call.name ? state.empty.count : 0) + 1 : 0;
  state.empty = { tool: call.name, count };
  if (times >= toldFrom)
    return `This same call has given the same result ${times} times. Do something else, wait longer before you look again, or answer with what you have.`;
  if (count > 0 && count % emptyFrom === 0)
    return `${count} searches in a row found nothing. What you look for may not be there: look in another way, or say so.`;
  return null;
}

const sleeping = /(?:^|[;&|(]|\bdo\s)\s*sleep\s+[\d.$]/;

/** A look that waits is meant to be repeated: at a background process, or behind a `sleep`. */
function isWaiting(call: ToolCall): boolean {
  const { action, command } = fieldsOf(call);
  if (call.name === "process") return action === "wait" || action === "poll";
  return typeof command === "string" && sleeping.test(command);
}

const nothing = /^(?:\(no output\)(?:\n\[exit code 1\])?|\(?no (?:matches|results|files)\b[^\n]*|\[\]|\{\}|null|)$/i;
const searching = /^\s*(?:grep|rg|ag|find|fd|locate|ls|git grep)\b/;

/** A command without output has mostly done its work; only one that looks for something has found nothing. */
function isEmptySearch(call: ToolCall, result: string): boolean {
  if (!nothing.test(result.trim())) return false;
  const command = fieldsOf(call)["command"];
  return typeof command !== "string" || searching.test(command);
}

/** Calls of a turn with their results, in the order of the results. */
function* callsWithResults(own: readonly ModelMessage[]): Generator<{ call: ToolCall; result: string }> {
  let open: ToolCall[] = [];
  for (const message of own) {
    if (message.role === "assistant") open = [...message.calls];
    if (message.role !== "tool") continue;
    const at = open.findIndex((call) => call.id === message.call);
    const [call] = at < 0 ? [] : open.splice(at, 1);
    if (call) yield { call, result: message.content };
  }
}

function pairOf(call: ToolCall, result: string): string {
  return `${keyOf(call)}\n${result}`;
}

/** The name and the arguments in one spelling, whatever the order of the fields. */
function keyOf(call: ToolCall): string {
  return `${call.name} ${canonical(call.arguments)}`;
}

function canonical(json: string): string {
  try {
    return JSON.stringify(sorted(JSON.parse(json)));
  } catch {
    return json;
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([name, inner]) => [name, sorted(inner)]));
}

function fieldsOf(call: ToolCall): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(call.arguments);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

import { remember } from "../core/maps.ts";
import type { ModelRequest, ModelUsage, ToolSpec } from "../core/model.ts";

/** What is known of how fast one server reads. */
export interface Speed {
  /** How long this request may take before its first byte; `ceilingMs` while nothing has been measured. */
  patienceMs(request: ModelRequest, ceilingMs: number): number;
  /** Takes in what a finished request tells. */
  learn(request: ModelRequest, usage: ModelUsage): void;
  /** Tokens per second of reading; null: not measured yet. */
  readonly promptPerSecond: number | null;
}

/** Until the server has told how many tokens a text has: cautious, a little more than English takes. */
const firstCharsPerToken = 3.5;
/** Slower than measured by this factor is still patience: the other slots read too. */
const slack = 4;
/** On top, for what the server does besides reading: waking up, swapping, another program's requests. */
const graceMs = 60_000;
/** Never less than this share of the configured time: the server's queue may hold requests that are not ours. */
const floorShare = 0.1;
/** A measurement over fewer tokens says more of overhead than of speed. */
const fewestTokens = 64;
/** Sessions whose last prompt's length is remembered. */
const mostSessions = 2_000;

/** Measures one server. */
export function newSpeed(): Speed {
  const state = { perSecond: null as number | null, charsPerToken: firstCharsPerToken, read: new Map<string, number>() };
  return {
    patienceMs: (request, ceilingMs) => {
      if (state.perSecond === null) return ceilingMs;
      const session = request.caller?.session ?? null;
      const cached = session === null ? 0 : (state.read.get(session) ?? 0);
      const tokens = Math.max(0, charsOf(request) / state.charsPerToken - cached);
      const wanted = (tokens / state.perSecond) * 1_000 * slack + graceMs;
      return Math.min(ceilingMs, Math.max(wanted, ceilingMs * floorShare));
    },
    learn: (request, usage) => {
      const { promptTokens } = usage;
      if (promptTokens === null || promptTokens <= 0) return;
      if (promptTokens >= fewestTokens) state.charsPerToken = blend(state.charsPerToken, charsOf(request) / promptTokens);
      const session = request.caller?.session ?? null;
      const seen = session !== null && state.read.has(session);
      const speed = measured(usage, promptTokens, seen);
      if (speed !== null) state.perSecond = state.perSecond === null ? speed : blend(state.perSecond, speed);
      if (session !== null) remember(state.read, session, promptTokens, mostSessions);
    },
    get promptPerSecond() {
      return state.perSecond;
    },
  };
}

/** Tokens per second of this call, or null when too little was read or it is unknown how much came from the cache. */
function measured(usage: ModelUsage, promptTokens: number, seen: boolean): number | null {
  const { cachedTokens, promptPerSecond, firstTokenMs } = usage;
  // A server that keeps its cache to itself: only a session's first prompt was surely read.
  if (cachedTokens === null && seen) return null;
  const uncached = promptTokens - (cachedTokens ?? 0);
  if (uncached < fewestTokens) return null;
  if (promptPerSecond !== null && promptPerSecond > 0) return promptPerSecond;
  return firstTokenMs === null || firstTokenMs <= 0 ? null : (uncached * 1_000) / firstTokenMs;
}

function blend(before: number, value: number): number {
  return before + (value - before) * 0.3;
}

const toolChars = new WeakMap<readonly ToolSpec[], number>();

/** The characters a request's prompt is made of. */
function charsOf({ messages, tools }: ModelRequest): number {
  let chars = toolChars.get(tools);
  if (chars === undefined) {
    chars = JSON.stringify(tools).length;
    toolChars.set(tools, chars);
  }
  for (const message of messages) {
    chars += message.content.length;
    if (message.role === "assistant") for (const call of message.calls) chars += call.name.length + call.arguments.length;
  }
  return chars;
}

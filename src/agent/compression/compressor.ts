import type { Log } from "../../core/log.ts";
import { remember } from "../../core/maps.ts";
import type { Model, Models } from "../../core/model.ts";
import { baseline, type Reading, silentCut } from "./silent-cut.ts";

/** The configuration's `compression` section as it is now. */
export interface CompressionSettings {
  readonly enabled: boolean;
  /** The share of the window from which a conversation is shortened. */
  readonly threshold: number;
  /** The share of the threshold that the newest messages keep. */
  readonly targetRatio: number;
  readonly protectFirst: number;
  readonly protectLast: number;
  /** A conversation of this many messages is shortened however short they are. */
  readonly messageLimit: number;
  /** How long an answer may be as configured; null: the server's. */
  readonly answerTokens: number | null;
}

/** What one worker shares among its conversations to keep them within their models' windows. All of it can be learnt again. */
export interface Compressor {
  readonly models: Models;
  readonly log: Log;
  settings(): Promise<CompressionSettings>;
  /** Windows that servers have told in an error or shown by a cut, by model; smaller than what they said when asked. */
  readonly windows: Map<string, LearntWindow>;
  /** How many times longer a session's prompts are than estimated. */
  readonly ratios: Map<string, number>;
  /** What a session's servers have read of its prompts, by which a silent cut is found out. */
  readonly readings: Map<string, Reading>;
  /** Sessions whose summary failed: no other is asked for until then. */
  readonly pauses: Map<string, { readonly until: number; readonly failures: number }>;
}

/** Stands while the server says the same when asked, and not for ever: it may have been started again with more room. */
interface LearntWindow {
  readonly window: number;
  readonly told: number | null;
  readonly until: number;
}

const learntMs = 3_600_000;

export function openCompressor(parts: Pick<Compressor, "models" | "log" | "settings">): Compressor {
  return { ...parts, windows: new Map(), ratios: new Map(), readings: new Map(), pauses: new Map() };
}

/** What is taken for the window of a model whose server does not tell. */
const unknownWindow = 32_768;

/** Tokens a request may have, prompt and answer together. */
export async function windowOf(compressor: Compressor, model: Model, signal: AbortSignal): Promise<number> {
  const { window } = await model.facts(signal);
  const learnt = compressor.windows.get(keyOf(model));
  if (learnt === undefined || learnt.told !== window || performance.now() > learnt.until) return window ?? unknownWindow;
  return learnt.window;
}

/** Remembers a window that turned out to be smaller than thought. */
export async function learnWindow(compressor: Compressor, model: Model, window: number, signal: AbortSignal): Promise<void> {
  const known = await windowOf(compressor, model, signal);
  const { window: told } = await model.facts(signal);
  const learnt = Math.min(known, Math.max(smallestWindow, Math.floor(window)));
  remember(compressor.windows, keyOf(model), { window: learnt, told, until: performance.now() + learntMs }, mostRemembered);
}

const smallestWindow = 1_024;

/** The length from which a conversation is shortened: the threshold, with room for an answer. */
export function limitOf({ threshold }: CompressionSettings, window: number): number {
  return Math.min(threshold * window, window - Math.min(answerRoom, window / 4));
}

/** What an answer gets at least. */
const answerRoom = 1_024;

/** How many times longer than estimated a session's prompts are; null until that is known. */
export function ratioOf(compressor: Compressor, session: string): number | null {
  return compressor.ratios.get(session) ?? null;
}

/** Learns from a count how far the estimate was off. A count far below it is no count of the whole prompt. */
export function learnRatio(compressor: Compressor, session: string, tokens: number, estimate: number): void {
  const ratio = tokens / Math.max(1, estimate);
  if (ratio >= leastRatio) remember(compressor.ratios, session, Math.min(ratio, mostRatio), mostRemembered);
}

const leastRatio = 0.5;
const mostRatio = 4;

/**
 * Takes in how much of a session's prompt its server says to have read. The window that a server must have which has cut the prompt without
 * a word; null where it has read all of it.
 */
export async function takeReading(
  compressor: Compressor,
  model: Model,
  session: string,
  now: Reading,
  signal: AbortSignal,
): Promise<number | null> {
  const key = `${session} ${keyOf(model)}`;
  const before = compressor.readings.get(key) ?? null;
  const cut = await silentCut(model, now, before, signal);
  if (cut === null) remember(compressor.readings, key, baseline(now, before), mostRemembered);
  else compressor.readings.delete(key);
  return cut;
}

/** Whether a summary for this session failed a short while ago. */
export function isPaused(compressor: Compressor, session: string): boolean {
  return performance.now() < (compressor.pauses.get(session)?.until ?? 0);
}

/** No summary for a while, longer each time. */
export function pause(compressor: Compressor, session: string): void {
  const failures = (compressor.pauses.get(session)?.failures ?? 0) + 1;
  const ms = pauseMs[Math.min(failures, pauseMs.length) - 1] ?? 0;
  remember(compressor.pauses, session, { until: performance.now() + ms, failures }, mostRemembered);
}

const pauseMs = [60_000, 300_000, 900_000] as const;

/** Sessions remembered at most. */
const mostRemembered = 5_000;

function keyOf({ server, name }: Model): string {
  return `${server} ${name}`;
}

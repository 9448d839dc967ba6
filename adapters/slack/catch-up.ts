import { z } from "zod";
import type { Log } from "../../src/core/log.ts";
import { remember } from "../../src/core/maps.ts";
import { pause } from "../../src/core/pause.ts";
import { backoff } from "../backoff.ts";
import { type MissedMessage, mostMissedAnswered, oldestMissedMs } from "../missed.ts";
import { reason, toFailure } from "./errors.ts";
import { type Fields, text } from "./fields.ts";
import type { SlackOptions } from "./options.ts";
import type { Missed } from "./missed.ts";

/** Messages that were written while nobody was there to be told: Slack gives an event up after some six minutes. */
export interface CatchUp {
  /** A message has been stored, or concerns nobody. `forUs`: what is written in its channel later may be for us, too. */
  seen(channel: string, ts: string, forUs: boolean): void;
  /** Events may have been missed until now: begins to read what the channels have in which we were spoken to. */
  look(): void;
  /** Writes down what has been seen. */
  save(): Promise<void>;
}

export interface CatchUpParts {
  readonly settings: SlackOptions["settings"];
  /** Whose record this is. */
  readonly key: string;
  /** Younger messages are answered. */
  readonly answerMs: number;
  /** What a channel has since then. */
  read(channel: string, since: number): Promise<Missed>;
  /** Resolves when it is stored. */
  take(channel: string, message: Fields): Promise<void>;
  /** Whether a message is surely for us: only such are named when they are too old. */
  concerns(channel: string, message: Fields): boolean;
  told(message: Fields): Promise<MissedMessage>;
  /** Says in a channel what was missed; of nothing, that not all could be read. `newest`: when the newest of it was written. */
  name(channel: string, missed: readonly MissedMessage[], newest: string, all: boolean): Promise<void>;
  readonly signal: AbortSignal;
  readonly log: Log;
}

const saveEveryMs = 3_000;
const mostPlaces = 200;
const mostSeen = 5_000;
/** What Slack was still trying to tell when all ended may be older than what was stored last; the inbox drops what it has. */
const triesSeconds = 600;
const firstMs = 500;
const longestMs = 60_000;

interface State {
  readonly parts: CatchUpParts;
  /** When the newest message was written that has been seen, of all channels; 0: none. */
  newest: number;
  /** Since when it is not known what was written; null: all is read. */
  unread: number | null;
  /** Channels in which we were spoken to; the latest are last. */
  readonly places: Map<string, true>;
  /** What came in by itself, in this process. */
  readonly seen: Map<string, true>;
  /** Channels still to be read. */
  readonly left: Set<string>;
  running: boolean;
  loaded: boolean;
  changed: boolean;
  timer: NodeJS.Timeout | null;
}

const storedSchema = z.object({ newest: z.number(), unread: z.number().nullable(), places: z.array(z.string()) });

export function createCatchUp(parts: CatchUpParts): CatchUp {
  const state: State = {
    parts,
    newest: 0,
    unread: null,
    places: new Map(),
    seen: new Map(),
    left: new Set(),
    running: false,
    loaded: false,
    changed: false,
    timer: null,
  };
  return {
    seen(channel, ts, forUs) {
      state.newest = Math.max(state.newest, Number(ts));
      remember(state.seen, `${channel}:${ts}`, true, mostSeen);
      const stranger = forUs && !state.places.has(channel);
      if (forUs) remember(state.places, channel, true, mostPlaces);
      touch(state);
      // A channel that was not written down before an end by force would not be looked into.
      if (stranger) void save(state);
    },
    look() {
      expect(state);
      if (state.running) return;
      state.running = true;
      void run(state);
    },
    save: () => save(state),
  };
}

/** From here on all channels are to be read; what was not read before stays unread. */
function expect(state: State): void {
  if (!state.loaded) return;
  state.unread ??= state.newest;
  for (const channel of [...state.places.keys()].toReversed()) state.left.add(channel);
  touch(state);
}

/** Reads until all is read, or we are paused. Never rejects. */
async function run(state: State): Promise<void> {
  const { parts, left } = state;
  const delays = backoff(firstMs, longestMs);
  while (!parts.signal.aborted) {
    const wait = (await load(state)) ? await round(state) : 0;
    if (wait === null) {
      state.unread = null;
      touch(state);
      await save(state);
      // Told meanwhile that there may be more?
      if (left.size === 0) break;
    } else await pause(Math.max(wait, delays.next()), parts.signal);
  }
  state.running = false;
}

/** Reads each channel that is left, those that were spoken in last first; null: all could be read. Else how long Slack asks to wait. */
async function round(state: State): Promise<number | null> {
  const { parts, left } = state;
  const these = [...left];
  for (const channel of these) {
    if (parts.signal.aborted) return 0;
    // Told meanwhile to read all again, it is left again.
    left.delete(channel);
    try {
      await channelOf(state, channel, state.unread ?? state.newest);
    } catch (error) {
      const { retryable, retryAfterMs } = toFailure(error, true);
      parts.log.debug({ channel, reason: reason(error) }, "what was missed in a channel of Slack's could not be read");
      // What we may not read is nothing to speak of.
      if (!retryable) continue;
      left.add(channel);
      if (retryAfterMs !== null) return retryAfterMs;
    }
  }
  return left.size === 0 ? null : 0;
}

/** Takes what a channel has that was not seen; names what is too old, or too much, to be answered unasked. */
async function channelOf({ parts, seen }: State, channel: string, since: number): Promise<void> {
  const oldest = (Date.now() - oldestMissedMs) / 1_000;
  const found = await parts.read(channel, Math.max(oldest, since - triesSeconds));
  const missed = found.messages.filter(({ ts }) => !seen.has(`${channel}:${String(ts)}`));
  const { taken, passed, answers } = sorted(parts, channel, missed);
  const named = passed.filter((message) => momentOf(message) > since);
  // What lies before the newest chatter of a channel in which nobody speaks to us is hardly ours.
  const unsaid = !found.all && missed.length > 0 && (channel.startsWith("D") || answers > 0);
  if (named.length > 0 || unsaid) {
    const newest = text((named.at(-1) ?? missed.at(-1))?.["ts"]) ?? String(since);
    await parts.name(channel, await Promise.all(named.map(parts.told)), newest, found.all);
  }
  // Read again, it would be answered after all: by then what came before it has been seen.
  for (const { ts } of passed) remember(seen, `${channel}:${String(ts)}`, true, mostSeen);
  for (const message of taken) await parts.take(channel, message);
}

interface Sorted {
  readonly taken: readonly Fields[];
  /** What is for us and is not to be answered. */
  readonly passed: readonly Fields[];
  /** How much that is for us is young enough. */
  readonly answers: number;
}

function sorted(parts: CatchUpParts, channel: string, missed: readonly Fields[]): Sorted {
  const taken: Fields[] = [];
  const passed: Fields[] = [];
  let answers = 0;
  for (const message of missed.toReversed()) {
    const young = Date.now() - momentOf(message) * 1_000 <= parts.answerMs;
    const one = parts.concerns(channel, message);
    if (one && young) answers += 1;
    if (young && (!one || answers <= mostMissedAnswered)) taken.unshift(message);
    else if (one) passed.unshift(message);
  }
  return { taken, passed, answers };
}

/** When a message was written, in seconds. */
function momentOf(message: Fields): number {
  return Number(text(message["ts"]) ?? 0);
}

function touch(state: State): void {
  state.changed = true;
  state.timer ??= setTimeout(() => void save(state), saveEveryMs).unref();
}

/** False: not now. */
async function load(state: State): Promise<boolean> {
  if (state.loaded) return true;
  try {
    const words = await state.parts.settings.get(state.parts.key);
    const stored = storedSchema.safeParse(words === null ? null : JSON.parse(words)).data;
    // Before its first start nobody could write to it.
    state.unread = stored ? (stored.unread ?? stored.newest) : Date.now() / 1_000;
    state.newest = Math.max(state.newest, stored?.newest ?? state.unread);
    const since = [...state.places.keys()];
    for (const channel of [...(stored?.places ?? []), ...since]) remember(state.places, channel, true, mostPlaces);
  } catch (error) {
    state.parts.log.debug({ reason: reason(error) }, "what was seen of Slack's could not be looked up");
    return false;
  }
  state.loaded = true;
  expect(state);
  await save(state);
  return true;
}

async function save(state: State): Promise<void> {
  if (state.timer) clearTimeout(state.timer);
  state.timer = null;
  // What was seen before this process is not known yet.
  if (!state.changed || !state.loaded) return;
  state.changed = false;
  const { newest, unread, places } = state;
  await state.parts.settings.set(state.parts.key, JSON.stringify({ newest, unread, places: [...places.keys()] })).catch(() => {
    // The next message brings the next attempt.
    state.changed = true;
  });
}

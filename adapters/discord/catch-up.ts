import { z } from "zod";
import type { ChatRef } from "../../src/core/chats.ts";
import type { Log } from "../../src/core/log.ts";
import { remember } from "../../src/core/maps.ts";
import { pause } from "../../src/core/pause.ts";
import { backoff } from "../backoff.ts";
import { type MissedMessage, mostMissedAnswered, oldestMissedMs } from "../missed.ts";
import type { Client } from "./client.ts";
import { reason } from "./errors.ts";
import { fetchMissed, type Missed } from "./history.ts";
import type { DiscordOptions } from "./options.ts";
import { idAt, madeAt, nameOf, type WireChannel, type WireMessage } from "./wire.ts";

/** Messages that were written while nobody was connected. */
export interface CatchUp {
  /** A message has been stored, or concerns nobody. */
  seen(message: WireMessage): void;
  /** A message is told: what its channel has from before goes first. */
  before(message: WireMessage): Promise<void>;
  /** A session of these guilds begins: what came before it is not told. Takes what the private chats that are known have. */
  begin(guilds: readonly string[]): Promise<void>;
  /**
   * Fetches what a guild's channels have that was not seen; of many, what the newest have, and the rest beside what is told meanwhile. Rejects
   * when something could not be read now, or stored.
   */
  guild(id: string, channels: readonly WireChannel[]): Promise<void>;
  /** A guild is away for some time: what is written there until it is back is not told. */
  away(guild: string): void;
  /** A guild is none of ours any more. */
  left(guild: string): void;
  /** Ends what is read beside, for another time, and writes down what has been seen. */
  end(): Promise<void>;
}

export interface CatchUpParts {
  readonly client: Client;
  readonly settings: DiscordOptions["settings"];
  readonly application: string;
  /** Younger messages are answered. */
  readonly answerMs: number;
  take(message: WireMessage): Promise<void>;
  /** Whether a message would be answered: only such are named when they are too old. */
  concerns(message: WireMessage): Promise<ChatRef | null>;
  /** The chat that a channel is; null where we don't listen. */
  place(channel: string, guild: string | null): Promise<ChatRef | null>;
  /** Says in a chat what was missed; of nothing, that not all could be read. */
  name(chat: ChatRef, missed: readonly MissedMessage[], newest: string, all: boolean): Promise<void>;
  readonly log: Log;
}

const saveEveryMs = 3_000;
const mostPrivate = 200;
/** So many channels are waited for; what is told meanwhile stands behind them. */
const mostWaitedFor = 50;
/** Between attempts at one of the others. */
const firstMs = 500;
const longestMs = 15_000;

interface State {
  readonly parts: CatchUpParts;
  /** The newest message that has been seen, of all channels: ids grow with time. */
  newest: bigint;
  /** What has not been read yet, by its guild or `privately`. */
  readonly unread: Map<string, Unread>;
  readonly privates: Map<string, true>;
  changed: boolean;
  timer: NodeJS.Timeout | null;
  loaded: boolean;
  readonly ended: AbortController;
  /** Resolves then. */
  readonly over: Promise<void>;
  /** What is read beside. */
  readonly beside: Set<Promise<void>>;
}

interface Unread {
  /** What had been seen when this was heard last. */
  readonly since: bigint;
  /** Channels that are read: trouble with one does not have the others read again. */
  readonly done: Set<string>;
  /** Channels whose old messages were named: trouble with the rest does not have them named again. */
  readonly named: Set<string>;
  /** Channels that are read beside, with the reading where it is under way. */
  readonly later: Map<string, Promise<void> | null>;
  /** Attempts in a row that could not read a channel. */
  failed: number;
}

const privately = "private";

const storedSchema = z.object({
  newest: z.string(),
  privates: z.array(z.string()),
  unread: z.record(z.string(), z.string()).default({}),
});

export function createCatchUp(parts: CatchUpParts): CatchUp {
  const ended = new AbortController();
  const { promise: over, resolve } = Promise.withResolvers<void>();
  ended.signal.addEventListener("abort", () => resolve());
  const state: State = {
    parts,
    newest: 0n,
    unread: new Map(),
    privates: new Map(),
    changed: false,
    timer: null,
    loaded: false,
    ended,
    over,
    beside: new Set(),
  };
  return {
    seen(message) {
      const id = BigInt(message.id);
      if (id > state.newest) state.newest = id;
      const stranger = message.guild_id === undefined && !state.privates.has(message.channel_id);
      if (message.guild_id === undefined) remember(state.privates, message.channel_id, true, mostPrivate);
      touch(state);
      // Discord names nobody's private chats: one that was not written down before an end by force would not be looked into.
      if (stranger) void save(state);
    },
    async before({ guild_id: guild, channel_id: channel }) {
      const unread = state.unread.get(guild ?? privately);
      if (unread?.later.has(channel) !== true || unread.done.has(channel)) return;
      // It is tried again beside: nothing else waits for it.
      await readLater(state, unread, channel, guild ?? null).catch(() => undefined);
    },
    async begin(guilds) {
      await load(state);
      if (state.newest === 0n) state.newest = idAt(Date.now());
      else for (const each of [privately, ...guilds]) expect(state, each);
      touch(state);
      await save(state);
      await read(state, privately, [...state.privates.keys()].toReversed());
    },
    async guild(id, channels) {
      const since = state.unread.get(id)?.since;
      if (since === undefined) return;
      const last = ({ last_message_id: message }: WireChannel): bigint => BigInt(message ?? 0);
      const news = channels.filter((each) => last(each) > since).toSorted((one, other) => (last(one) > last(other) ? -1 : 1));
      // All of them, however many: what is left out here would never be told. The newest first, one at a time.
      await read(
        state,
        id,
        news.map((each) => each.id),
      );
    },
    away(guild) {
      expect(state, guild);
      touch(state);
    },
    left(guild) {
      state.unread.delete(guild);
      touch(state);
    },
    async end() {
      state.ended.abort();
      await Promise.all(state.beside);
      await save(state);
    },
  };
}

/** From now on something is not told; what was not read before stays unread. */
function expect({ unread, newest }: State, what: string): void {
  // What is being read may not know of this: it is read anew.
  unread.set(what, missing(unread.get(what)?.since ?? newest));
}

function missing(since: bigint): Unread {
  return { since, done: new Set(), named: new Set(), later: new Map(), failed: 0 };
}

/** Reads what is unread in these channels; rejects when it is to be tried again. */
async function read(state: State, what: string, channels: readonly string[]): Promise<void> {
  const unread = state.unread.get(what);
  if (!unread) return;
  const guild = what === privately ? null : what;
  if (unread.later.size > 0) return;
  for (const channel of channels.slice(0, mostWaitedFor)) await readOne(state, unread, channel, guild);
  const rest = channels.slice(mostWaitedFor).filter((each) => !unread.done.has(each));
  for (const channel of rest) unread.later.set(channel, null);
  const over = (): void => {
    if (state.unread.get(what) !== unread) return;
    state.unread.delete(what);
    touch(state);
  };
  if (rest.length === 0) return over();
  const reading = readBeside(state, unread, what, over).finally(() => state.beside.delete(reading));
  state.beside.add(reading);
}

async function readOne(state: State, unread: Unread, channel: string, guild: string | null): Promise<void> {
  if (unread.done.has(channel)) return;
  // Where we don't listen there is nothing to miss.
  if (guild === null || (await state.parts.place(channel, guild)) !== null) await channelOf(state, channel, guild, unread);
  unread.done.add(channel);
}

/** One that is read beside, whoever waits for it. */
function readLater(state: State, unread: Unread, channel: string, guild: string | null): Promise<void> {
  const reading =
    unread.later.get(channel) ?? readOne(state, unread, channel, guild).finally(() => unread.later.set(channel, null));
  unread.later.set(channel, reading);
  return reading;
}

/** Reads what nobody waits for, each channel until it is read; `over` when all of it is. Ends where it is to be read anew. Never rejects. */
async function readBeside(state: State, unread: Unread, what: string, over: () => void): Promise<void> {
  const { signal } = state.ended;
  const delays = backoff(firstMs, longestMs);
  const current = (): boolean => !signal.aborted && state.unread.get(what) === unread;
  for (const channel of unread.later.keys()) {
    while (current() && !unread.done.has(channel)) {
      try {
        await readLater(state, unread, channel, what === privately ? null : what);
        delays.reset();
      } catch (error) {
        state.parts.log.debug({ channel, reason: reason(error) }, "what was missed in a channel of Discord's is read later");
        await pause(delays.next(), signal);
      }
    }
  }
  if (current()) over();
}

function touch(state: State): void {
  state.changed = true;
  state.timer ??= setTimeout(() => void save(state), saveEveryMs).unref();
}

function keyOf({ parts }: State): string {
  return `discord:${parts.application}:seen`;
}

async function load(state: State): Promise<void> {
  if (state.loaded) return;
  const text = await state.parts.settings.get(keyOf(state));
  const stored = storedSchema.safeParse(text === null ? null : JSON.parse(text));
  if (stored.success) {
    state.newest = BigInt(stored.data.newest);
    for (const channel of stored.data.privates) remember(state.privates, channel, true, mostPrivate);
    for (const [what, since] of Object.entries(stored.data.unread)) state.unread.set(what, missing(BigInt(since)));
  }
  state.loaded = true;
}

async function save(state: State): Promise<void> {
  if (state.timer) clearTimeout(state.timer);
  state.timer = null;
  if (!state.changed) return;
  state.changed = false;
  const unread = Object.fromEntries([...state.unread].map(([what, { since }]) => [what, String(since)]));
  const value = JSON.stringify({ newest: String(state.newest), privates: [...state.privates.keys()], unread });
  await state.parts.settings.set(keyOf(state), value).catch(() => {
    // The next message brings the next attempt.
    state.changed = true;
  });
}

/** Takes what a channel has that was not seen; names what is too old, or too much, to be answered unasked. */
async function channelOf({ parts, ended, over }: State, channel: string, guild: string | null, unread: Unread): Promise<void> {
  const { since, named: done } = unread;
  const missed = await Promise.race([fetchMissed(parts, channel, guild, unread), over]);
  ended.signal.throwIfAborted();
  if (missed === undefined) return;
  const { taken, named, answers } = await sorted(parts, missed);
  if (!done.has(channel)) {
    const some = await nameOld(parts, named, missed.rest === null);
    // What lies before the newest chatter of a channel in which nobody speaks to us is hardly ours: that one stays as it is.
    const ours = missed.rest === "unread" || (missed.rest === "earlier" && (guild === null || answers > 0));
    const chat = !some && ours ? await parts.place(channel, guild) : null;
    if (chat !== null) await parts.name(chat, [], missed.messages.at(-1)?.id ?? String(since), false);
    done.add(channel);
  }
  for (const message of taken) {
    ended.signal.throwIfAborted();
    await parts.take(message);
  }
}

/** What is to be taken, and what only named; how many of all ask for an answer. */
async function sorted(parts: CatchUpParts, { messages }: Missed) {
  const taken: WireMessage[] = [];
  const named: WireMessage[] = [];
  let answers = 0;
  for (const message of messages.toReversed()) {
    const age = Date.now() - madeAt(message.id);
    const young = age <= parts.answerMs;
    const one = young && (await parts.concerns(message)) !== null;
    if (one) answers += 1;
    if (young && (!one || answers <= mostMissedAnswered)) taken.unshift(message);
    else if (age <= oldestMissedMs) named.unshift(message);
  }
  return { taken, named, answers };
}

/** False: there was nothing to name. */
async function nameOld(parts: CatchUpParts, old: readonly WireMessage[], all: boolean): Promise<boolean> {
  const byChat = new Map<string, { chat: ChatRef; missed: MissedMessage[]; newest: string }>();
  for (const message of old) {
    const chat = await parts.concerns(message);
    if (!chat) continue;
    const key = JSON.stringify(chat);
    const entry = byChat.get(key) ?? { chat, missed: [], newest: message.id };
    entry.missed.push({ who: nameOf(message.author, message.member?.nick), text: message.content });
    byChat.set(key, { ...entry, newest: message.id });
  }
  for (const { chat, missed, newest } of byChat.values()) await parts.name(chat, missed, newest, all);
  return byChat.size > 0;
}

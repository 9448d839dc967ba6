import { RateLimitError } from "@discordjs/rest";
import { Routes } from "discord-api-types/v10";
import { z } from "zod";
import type { ChatRef } from "../../src/core/chats.ts";
import type { Log } from "../../src/core/log.ts";
import { kept, remember } from "../../src/core/maps.ts";
import { pause } from "../../src/core/pause.ts";
import { type MissedMessage, mostMissedAnswered, oldestMissedMs } from "../missed.ts";
import type { Client, Request } from "./client.ts";
import { reason, toFailure } from "./errors.ts";
import type { DiscordOptions } from "./options.ts";
import { idAt, madeAt, messageSchema, nameOf, type WireChannel, type WireMessage } from "./wire.ts";

/** Messages that were written while nobody was connected. */
export interface CatchUp {
  /** A message has been stored, or concerns nobody. */
  seen(message: WireMessage): void;
  /** A session of these guilds begins: what came before it is not told. Takes what the private chats that are known have. */
  begin(guilds: readonly string[]): Promise<void>;
  /** Fetches what a guild's channels have that was not seen. Rejects when something could not be read now, or stored. */
  guild(id: string, channels: readonly WireChannel[]): Promise<void>;
  /** A guild is away for some time: what is written there until it is back is not told. */
  away(guild: string): void;
  /** A guild is none of ours any more. */
  left(guild: string): void;
  /** Writes down what has been seen. */
  save(): Promise<void>;
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
/** Discord gives no more at once. */
const pageSize = 100;
/** So much is read of a channel; of what came before it is only said that there was something. */
const mostPages = 10;
/** A channel that can't be read so often, over some 15 s, holds up the others no longer. */
const mostTries = 5;
/** A wait that Discord asks for is waited out on the spot when it is no longer; else everything would be read anew. */
const longestWaitMs = 10_000;

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
  /** Attempts in a row that could not read a channel. */
  failed: number;
}

interface Unread {
  /** What had been seen when this was heard last. */
  readonly since: bigint;
  /** Channels that are read: trouble with one does not have the others read again. */
  readonly done: Set<string>;
  /** Channels whose old messages were named: trouble with the rest does not have them named again. */
  readonly named: Set<string>;
}

const privately = "private";

const storedSchema = z.object({
  newest: z.string(),
  privates: z.array(z.string()),
  unread: z.record(z.string(), z.string()).default({}),
});

export function createCatchUp(parts: CatchUpParts): CatchUp {
  const state: State = {
    parts,
    newest: 0n,
    unread: new Map(),
    privates: new Map(),
    changed: false,
    timer: null,
    loaded: false,
    failed: 0,
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
    save: () => save(state),
  };
}

/** From now on something is not told; what was not read before stays unread. */
function expect({ unread, newest }: State, what: string): void {
  const known = kept(unread, what, () => missing(newest));
  known.done.clear();
  known.named.clear();
}

function missing(since: bigint): Unread {
  return { since, done: new Set(), named: new Set() };
}

/** Reads what is unread in these channels; rejects when it is to be tried again. */
async function read(state: State, what: string, channels: readonly string[]): Promise<void> {
  const unread = state.unread.get(what);
  if (!unread) return;
  const guild = what === privately ? null : what;
  for (const channel of channels.filter((each) => !unread.done.has(each))) {
    // Where we don't listen there is nothing to miss.
    if (guild === null || (await state.parts.place(channel, guild)) !== null) await channelOf(state, channel, guild, unread);
    unread.done.add(channel);
  }
  state.unread.delete(what);
  touch(state);
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
async function channelOf(state: State, channel: string, guild: string | null, { since, named: done }: Unread): Promise<void> {
  const { parts } = state;
  const missed = await fetchMissed(state, channel, guild, since);
  const taken: WireMessage[] = [];
  const named: WireMessage[] = [];
  let answers = 0;
  for (const message of missed.messages.toReversed()) {
    const age = Date.now() - madeAt(message.id);
    const young = age <= parts.answerMs;
    const one = young && (await parts.concerns(message)) !== null;
    if (one) answers += 1;
    if (young && (!one || answers <= mostMissedAnswered)) taken.unshift(message);
    else if (age <= oldestMissedMs) named.unshift(message);
  }
  if (!done.has(channel)) {
    const some = await nameOld(parts, named, missed.rest === null);
    // What lies before the newest chatter of a channel in which nobody speaks to us is hardly ours: that one stays as it is.
    const ours = missed.rest === "unread" || (missed.rest === "earlier" && (guild === null || answers > 0));
    const chat = !some && ours ? await parts.place(channel, guild) : null;
    if (chat !== null) await parts.name(chat, [], missed.messages.at(-1)?.id ?? String(since), false);
    done.add(channel);
  }
  for (const message of taken) await parts.take(message);
}

interface Missed {
  /** Oldest first. */
  readonly messages: readonly WireMessage[];
  /** What there is before these: nothing of ours, `earlier` messages, or what could not be read (`unread`). */
  readonly rest: "earlier" | "unread" | null;
}

/** The newest that a channel has since then, page by page. Rejects when it may be read later. */
async function fetchMissed(state: State, channel: string, guild: string | null, since: bigint): Promise<Missed> {
  const { client, log } = state.parts;
  const messages: WireMessage[] = [];
  let before: string | null = null;
  try {
    for (let page = 0; page < mostPages; page += 1) {
      // Asked for what comes after an id, Discord gives the oldest.
      const query: Record<string, string> = { limit: String(pageSize), ...(before === null ? {} : { before }) };
      const found = await pageOf(client, { method: "GET", path: Routes.channelMessages(channel), query });
      const read = found.flatMap((each: unknown) => {
        const parsed = messageSchema.safeParse(each);
        // A guild's messages don't name it here.
        return parsed.success ? [guild === null ? parsed.data : { ...parsed.data, guild_id: guild }] : [];
      });
      const ordered = read.toSorted((one, other) => (BigInt(one.id) < BigInt(other.id) ? -1 : 1));
      const missed = ordered.filter(({ id }) => BigInt(id) > since);
      messages.unshift(...missed);
      const oldest = ordered[0];
      const over = missed.length < ordered.length || (oldest !== undefined && Date.now() - madeAt(oldest.id) > oldestMissedMs);
      if (over || oldest === undefined || found.length < pageSize) return ended(state, { messages, rest: null });
      before = oldest.id;
    }
    return ended(state, { messages, rest: "earlier" });
  } catch (error) {
    state.failed += 1;
    const { retryable } = toFailure(error, true);
    if (retryable && state.failed < mostTries) throw error;
    log.debug({ channel, reason: reason(error) }, "what was missed in a channel of Discord's could not be read");
    // What we may not read is nothing to speak of.
    return ended(state, { messages, rest: retryable ? "unread" : null });
  }
}

/** The channel's reading is over, one way or the other: the next one has all its attempts before it. */
function ended(state: State, missed: Missed): Missed {
  state.failed = 0;
  return missed;
}

async function pageOf(client: Client, request: Request): Promise<readonly unknown[]> {
  const found = await client.call(request).catch(async (error: unknown) => {
    if (!(error instanceof RateLimitError) || error.retryAfter > longestWaitMs) throw error;
    await pause(error.retryAfter, client.closed);
    return await client.call(request);
  });
  return Array.isArray(found) ? found : [];
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

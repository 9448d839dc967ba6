import { Routes } from "discord-api-types/v10";
import { z } from "zod";
import type { ChatRef } from "../../src/core/chats.ts";
import type { Log } from "../../src/core/log.ts";
import type { Client } from "./client.ts";
import { reason } from "./errors.ts";
import type { DiscordOptions } from "./options.ts";
import { idAt, madeAt, messageSchema, nameOf, type WireChannel, type WireMessage } from "./wire.ts";

/** Messages that were written while nobody was connected. */
export interface CatchUp {
  /** A message has been stored, or concerns nobody. */
  seen(message: WireMessage): void;
  /** A session begins: what came before it is not told. Takes what the private chats that are known have. */
  begin(): Promise<void>;
  /** Fetches what a guild's channels have that was not seen. Rejects when something could not be stored. */
  guild(id: string, channels: readonly WireChannel[]): Promise<void>;
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
  name(chat: ChatRef, missed: readonly { readonly who: string; readonly text: string }[], newest: string): Promise<void>;
  readonly log: Log;
}

const saveEveryMs = 3_000;
/** Older messages are not even named: nobody waits for them. */
const oldestMs = 7 * 24 * 3_600_000;
const mostChannels = 50;
const mostPrivate = 200;
const mostMessages = 100;

interface State {
  readonly parts: CatchUpParts;
  /** The newest message that has been seen, of all channels: ids grow with time. */
  newest: bigint;
  /** What had been seen when the session began. */
  since: bigint;
  readonly privates: Map<string, true>;
  changed: boolean;
  timer: NodeJS.Timeout | null;
  loaded: boolean;
}

const storedSchema = z.object({ newest: z.string(), privates: z.array(z.string()) });

export function createCatchUp(parts: CatchUpParts): CatchUp {
  const state: State = { parts, newest: 0n, since: 0n, privates: new Map(), changed: false, timer: null, loaded: false };
  return {
    seen(message) {
      const id = BigInt(message.id);
      if (id > state.newest) state.newest = id;
      if (message.guild_id === undefined) rememberPrivate(state, message.channel_id);
      state.changed = true;
      state.timer ??= setTimeout(() => void save(state), saveEveryMs).unref();
    },
    async begin() {
      await load(state);
      state.since = state.newest;
      if (state.newest === 0n) state.newest = idAt(Date.now());
      state.changed = true;
      await save(state);
      if (state.since > 0n) for (const channel of [...state.privates.keys()].toReversed()) await channelOf(state, channel, null);
    },
    async guild(id, channels) {
      const news = channels.filter(({ last_message_id: last }) => last !== null && BigInt(last) > state.since);
      const newest = news.toSorted((one, other) =>
        BigInt(one.last_message_id ?? 0) > BigInt(other.last_message_id ?? 0) ? -1 : 1,
      );
      if (state.since > 0n) for (const channel of newest.slice(0, mostChannels)) await channelOf(state, channel.id, id);
    },
    save: () => save(state),
  };
}

function rememberPrivate({ privates }: State, channel: string): void {
  privates.delete(channel);
  privates.set(channel, true);
  const [oldest] = privates.keys();
  if (privates.size > mostPrivate && oldest !== undefined) privates.delete(oldest);
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
    for (const channel of stored.data.privates) rememberPrivate(state, channel);
  }
  state.loaded = true;
}

async function save(state: State): Promise<void> {
  if (state.timer) clearTimeout(state.timer);
  state.timer = null;
  if (!state.changed) return;
  state.changed = false;
  const value = JSON.stringify({ newest: String(state.newest), privates: [...state.privates.keys()] });
  await state.parts.settings.set(keyOf(state), value).catch(() => {
    // The next message brings the next attempt.
    state.changed = true;
  });
}

/** Takes what a channel has that was not seen; names what is too old to be answered unasked. */
async function channelOf(state: State, channel: string, guild: string | null): Promise<void> {
  const { parts } = state;
  const missed = await fetchMissed(state, channel, guild);
  const old: WireMessage[] = [];
  for (const message of missed) {
    const age = Date.now() - madeAt(message.id);
    if (age <= parts.answerMs) await parts.take(message);
    else if (age <= oldestMs) old.push(message);
  }
  await nameOld(parts, old);
}

async function fetchMissed({ parts, since }: State, channel: string, guild: string | null): Promise<readonly WireMessage[]> {
  const query = { after: String(since), limit: String(mostMessages) };
  try {
    const found: unknown = await parts.client.call({ method: "GET", path: Routes.channelMessages(channel), query });
    if (!Array.isArray(found)) return [];
    const messages = found.flatMap((each: unknown) => {
      const parsed = messageSchema.safeParse(each);
      // A guild's messages don't name it here.
      return parsed.success ? [guild === null ? parsed.data : { ...parsed.data, guild_id: guild }] : [];
    });
    return messages.toSorted((one, other) => (BigInt(one.id) < BigInt(other.id) ? -1 : 1));
  } catch (error) {
    parts.log.debug({ channel, reason: reason(error) }, "what was missed in a channel of Discord's could not be read");
    return [];
  }
}

async function nameOld(parts: CatchUpParts, old: readonly WireMessage[]): Promise<void> {
  const byChat = new Map<string, { chat: ChatRef; missed: { who: string; text: string }[]; newest: string }>();
  for (const message of old) {
    const chat = await parts.concerns(message);
    if (!chat) continue;
    const key = JSON.stringify(chat);
    const entry = byChat.get(key) ?? { chat, missed: [], newest: message.id };
    entry.missed.push({ who: nameOf(message.author, message.member?.nick), text: message.content });
    byChat.set(key, { ...entry, newest: message.id });
  }
  for (const { chat, missed, newest } of byChat.values()) await parts.name(chat, missed, newest);
}

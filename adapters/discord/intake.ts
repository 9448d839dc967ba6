import type { Inlet } from "../../src/core/adapter.ts";
import type { Log } from "../../src/core/log.ts";
import { backoff } from "../backoff.ts";
import type { CatchUp } from "./catch-up.ts";
import type { Gateway } from "./gateway.ts";
import { type Self, toInbound } from "./inbound.ts";
import type { DiscordRules } from "./options.ts";
import type { Places } from "./places.ts";
import type { Threads } from "./threads.ts";
import { channelSchema, goneSchema, guildSchema, messageSchema, readySchema, type WireMessage } from "./wire.ts";

export interface IntakeParts {
  readonly inlet: Inlet;
  readonly places: Places;
  readonly threads: Threads;
  readonly catchUp: CatchUp;
  readonly rules: DiscordRules;
  readonly self: () => MutableSelf | null;
  readonly gateway: () => Gateway | null;
  /** Buttons and commands wait in no line. */
  interaction(data: unknown): void;
  readonly log: Log;
}

/** Ourselves, as far as Discord has told. */
export interface MutableSelf extends Self {
  readonly roles: Set<string>;
}

/** Events in the order of arrival, each stored before the next. */
export interface Intake {
  take(type: string, data: unknown, sequence: number): void;
  /** Resolves when what is at hand is stored. */
  idle(): Promise<void>;
}

interface Item {
  readonly type: string;
  readonly data: unknown;
  readonly sequence: number;
}

const firstMs = 500;
const longestMs = 15_000;

/**
 * Stores what Discord tells. What can't be stored is not acknowledged, and the connection let go of: Discord tells it again, in order, as
 * long as it keeps the session.
 */
export function createIntake(parts: IntakeParts): Intake {
  const delays = backoff(firstMs, longestMs);
  const waiting: Item[] = [];
  let running: Promise<void> | null = null;
  // Discord does not say a second time that a session began: what has to be done then is owed until it is done.
  let owed: readonly string[] | null = null;
  const run = async (): Promise<void> => {
    for (let item = waiting[0]; item; item = waiting[0]) {
      try {
        if (item.type === "READY") owed = guildsOf(item.data);
        if (owed) await parts.catchUp.begin(owed);
        owed = null;
        await handle(parts, item);
      } catch (error) {
        parts.log.warn({ reason: String(error) }, "a message from Discord could not be stored; having it told again");
        waiting.length = 0;
        parts.gateway()?.comeBack(delays.next());
        return;
      }
      delays.reset();
      waiting.shift();
      parts.gateway()?.acknowledge(item.sequence);
    }
  };
  return {
    take(type, data, sequence) {
      if (type === "INTERACTION_CREATE") parts.interaction(data);
      waiting.push({ type, data, sequence });
      running ??= run().finally(() => {
        running = null;
      });
    },
    async idle() {
      await running;
    },
  };
}

/** Rejects when something could not be stored. */
async function handle(parts: IntakeParts, { type, data }: Item): Promise<void> {
  const { places } = parts;
  switch (type) {
    case "MESSAGE_CREATE": {
      const message = messageSchema.safeParse(data);
      if (message.success) return await takeMessage(parts, message.data, parts.catchUp.before);
      return parts.log.warn({ reason: "not a message" }, "Discord said something that makes no sense; it was skipped");
    }
    case "GUILD_CREATE":
      return await takeGuild(parts, data);
    case "GUILD_DELETE": {
      const guild = goneSchema.safeParse(data);
      if (guild.success) parts.catchUp[guild.data.unavailable ? "away" : "left"](guild.data.id);
      return undefined;
    }
    case "CHANNEL_CREATE":
    case "CHANNEL_UPDATE":
    case "THREAD_CREATE": {
      const channel = channelSchema.safeParse(data);
      if (channel.success) places.learn(channel.data);
      return undefined;
    }
    case "CHANNEL_DELETE":
    case "THREAD_DELETE": {
      const channel = channelSchema.safeParse(data);
      if (channel.success) places.forget(channel.data.id);
      return undefined;
    }
    default:
      return undefined;
  }
}

function guildsOf(ready: unknown): readonly string[] {
  const known = readySchema.safeParse(ready);
  return known.success ? known.data.guilds.map(({ id }) => id) : [];
}

/** Stores a message that is meant for us, and begins its thread. `before` is what goes first. */
export async function takeMessage(
  { inlet, places, threads, catchUp, rules, self }: Omit<IntakeParts, "gateway" | "interaction" | "log">,
  message: WireMessage,
  before?: CatchUp["before"],
): Promise<void> {
  const us = self();
  if (!us) return;
  const place = message.guild_id === undefined ? { parent: null, type: 1 } : await places.of(message.channel_id);
  const heard = toInbound(message, place, us, rules);
  if (heard) {
    await before?.(message);
    await inlet.receive(heard.inbound);
    if (heard.beginsThread) threads.begin(heard.inbound.chat, heard.inbound.text);
  }
  catchUp.seen(message);
}

async function takeGuild(parts: IntakeParts, data: unknown): Promise<void> {
  const guild = guildSchema.safeParse(data);
  const self = parts.self();
  if (!guild.success || !self) return;
  for (const role of guild.data.roles) if (role.tags?.bot_id === self.id) self.roles.add(role.id);
  const channels = [...guild.data.channels, ...guild.data.threads];
  for (const channel of channels) parts.places.learn(channel);
  await parts.catchUp.guild(guild.data.id, channels);
}

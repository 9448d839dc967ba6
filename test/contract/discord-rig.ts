import type { Inlet, NamedChannel } from "../../src/core/adapter.ts";
import type { ChatRef } from "../../src/core/chats.ts";
import { Failure } from "../../src/core/failures.ts";
import type { Inbound } from "../../src/core/inbound.ts";
import type { Log } from "../../src/core/log.ts";
import { createDiscord } from "../../adapters/discord/adapter.ts";
import type { DiscordOptions, DiscordRules } from "../../adapters/discord/options.ts";
import { discordServer, type DiscordServerOptions } from "../doubles/discord.ts";

/** An inlet that remembers, and refuses the next few when told to. */
export interface RecordingInlet extends Inlet {
  readonly received: Inbound[];
  /** What says of each, where somebody wants to know, that nothing will be said to it. */
  readonly silences: (() => void)[];
  refuse: number;
  /** Called before an event is taken. */
  before: (inbound: Inbound) => Promise<void>;
}

function recordingInlet(): RecordingInlet {
  const keys = new Set<string>();
  const inlet: RecordingInlet = {
    received: [],
    silences: [],
    refuse: 0,
    before: async () => undefined,
    async receive(inbound, unanswered) {
      await inlet.before(inbound);
      if (inlet.refuse > 0) {
        inlet.refuse -= 1;
        throw new Failure("state.unavailable", "the disk is full", { retryable: true });
      }
      // As the inbox does: a key that is known is a redelivery.
      if (!keys.has(inbound.key)) inlet.received.push(inbound);
      if (unanswered) inlet.silences.push(unanswered);
      keys.add(inbound.key);
    },
  };
  return inlet;
}

export interface LogLine {
  readonly level: keyof Log;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

const usualRules: DiscordRules = {
  guilds: [],
  channels: [],
  ignoredChannels: [],
  freeChannels: [],
  requireMention: true,
  autoThread: false,
  noThreadChannels: [],
  reactions: true,
  catchUpMs: 3_600_000,
};

/** A double, an adapter on it, and what both have seen. */
export async function discordRig(server: DiscordServerOptions = {}, more: Partial<DiscordRules> = {}) {
  const discord = await discordServer(server);
  const inlet = recordingInlet();
  const lines: LogLine[] = [];
  const at = (level: keyof Log) => (fields: Readonly<Record<string, unknown>>, message: string) =>
    void lines.push({ level, fields, message });
  const kept = new Map<string, string>();
  const renamed: NamedChannel[] = [];
  const make = (options: Partial<DiscordOptions> = {}) =>
    createDiscord({
      token: discord.token,
      apiUrl: discord.url,
      rules: { ...usualRules, ...more },
      slashCommands: { guild: null },
      commands: async () => [
        { name: "help", aliases: [], description: "What I can do" },
        { name: "model", aliases: [], description: "Switch", argument: { description: "A model", offers: "models" } },
      ],
      renamed: (channel) => void renamed.push(channel),
      suggest: async (_at, _name, typed) => ["qwen", "llama"].filter((name) => name.includes(typed)),
      settings: { get: async (key) => kept.get(key) ?? null, set: async (key, value) => void kept.set(key, value) },
      log: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") },
      ...options,
    });
  const adapter = make();
  return {
    discord,
    adapter,
    make,
    inlet,
    lines,
    kept,
    renamed,
    /** Resolves when this many events have been taken. */
    received: async (count: number) => await discord.waitFor(() => inlet.received.length >= count && inlet.received),
    /** The texts that have been taken. */
    texts: () => inlet.received.map((each) => (each.type === "message" ? each.text : each.type)),
    async [Symbol.asyncDispose]() {
      await adapter.close();
      await discord.close();
    },
  };
}

export function chatRef(chat: string, thread: string | null = null): ChatRef {
  return { platform: "discord", chat, thread };
}

import type { NamedChannel } from "../../src/core/adapter.ts";
import type { OfferedCommand } from "../../src/core/language.ts";
import type { Inbound } from "../../src/core/inbound.ts";
import type { Log } from "../../src/core/log.ts";

export interface DiscordOptions {
  readonly token: string;
  /** Discord's own API, or another server of it; `/v10` is added. */
  readonly apiUrl: string;
  readonly rules: DiscordRules;
  /** Null: no slash commands. Else registered for one guild (seen at once), or everywhere. */
  readonly slashCommands: { readonly guild: string | null } | null;
  commands(): Promise<readonly OfferedCommand[]>;
  /** How often they are asked for anew; a minute, unless a test has less time. */
  readonly menuEveryMs?: number;
  /** A channel is called otherwise from now on. */
  renamed(channel: NamedChannel): void;
  /** What a command's argument can be there, for people who may know. */
  suggest(at: Pick<Inbound, "sender" | "chat" | "kind">, command: string, typed: string): Promise<readonly string[]>;
  /** Small facts that outlive the process. */
  readonly settings: { get(key: string): Promise<string | null>; set(key: string, value: string): Promise<void> };
  readonly log: Log;
}

/** Where the bot listens, and how it answers there. Ids are Discord's own. */
export interface DiscordRules {
  /** Empty: all guilds that the bot has been invited to. */
  readonly guilds: readonly string[];
  /** Empty: all channels. A thread counts as its channel. */
  readonly channels: readonly string[];
  readonly ignoredChannels: readonly string[];
  /** Where it needs no mention. */
  readonly freeChannels: readonly string[];
  readonly requireMention: boolean;
  /** A mention in a channel begins a thread. */
  readonly autoThread: boolean;
  readonly noThreadChannels: readonly string[];
  readonly reactions: boolean;
  /** Messages missed while away are answered up to this age; older ones are named. */
  readonly catchUpMs: number;
}

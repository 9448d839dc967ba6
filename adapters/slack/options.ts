import type { NamedChannel } from "../../src/core/adapter.ts";
import type { Inbound } from "../../src/core/inbound.ts";
import type { OfferedCommand } from "../../src/core/language.ts";
import type { Log } from "../../src/core/log.ts";

/** How events reach us: over a socket that we open, or at an address that Slack calls. */
export type SlackDoor =
  | { readonly type: "socket"; readonly appToken: string }
  | { readonly type: "http"; readonly signingSecret: string; readonly host: string; readonly port: number };

export interface SlackOptions {
  readonly botToken: string;
  /** Null: neither an app token nor a signing secret is set. */
  readonly door: SlackDoor | null;
  /** The Web API's address, with or without a slash at its end. */
  readonly apiUrl: string;
  /** Channels to listen in; empty: all that the bot is in. Private chats always count. */
  readonly allowedChannels: readonly string[];
  readonly commands: readonly Pick<OfferedCommand, "name" | "aliases">[];
  /** Whether there is a skill of this name for whoever writes there: each is a command. */
  isSkill(at: Pick<Inbound, "sender" | "chat" | "kind">, name: string): Promise<boolean>;
  /** A channel is called otherwise from now on. */
  renamed(channel: NamedChannel): void;
  /** Messages missed while away are answered up to this age; older ones are named. */
  readonly catchUpMs: number;
  /** Small facts that outlive the process. */
  readonly settings: { get(key: string): Promise<string | null>; set(key: string, value: string): Promise<void> };
  readonly log: Log;
  /** How long a stream is fed before another takes its place; Slack ends streams after five minutes. */
  readonly streamMs?: number;
  /** How long an event waits for people's names. */
  readonly patienceMs?: number;
}

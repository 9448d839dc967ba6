import type { OfferedCommand } from "../../src/core/language.ts";
import type { Log } from "../../src/core/log.ts";
import type { WebhookOptions } from "./webhook.ts";

export interface TelegramOptions {
  readonly token: string;
  /** Null: Telegram's own servers. */
  readonly apiRoot: string | null;
  /** `auto`: tables and task lists go out as rich messages, which some clients show blank. */
  readonly richMessages: "off" | "auto";
  /** Null: the bot asks for its updates. */
  readonly webhook: WebhookOptions | null;
  /** For the menu that opens with `/`. */
  commands(): Promise<readonly OfferedCommand[]>;
  /** The accounts of owners and admins: in their private chats the menu has all commands. */
  rulers(): Promise<readonly string[]>;
  /** A group has another id from now on. Rejects when that can't be stored now. */
  moved(from: string, to: string): Promise<void>;
  /** How often both are asked for anew; a minute, unless a test has less time. */
  readonly menuEveryMs?: number;
  /** Small facts that outlive the process. */
  readonly settings: { get(key: string): Promise<string | null>; set(key: string, value: string): Promise<void> };
  readonly log: Log;
}

import type { Adapter } from "../src/core/adapter.ts";
import type { Account, ChatRef } from "../src/core/chats.ts";
import type { Inbound } from "../src/core/inbound.ts";
import type { OfferedCommand } from "../src/core/language.ts";
import type { Log } from "../src/core/log.ts";
import type { Config } from "../src/config/keys.ts";
import type { HistoryItem, PageFiles, PageStatus, Probes } from "./web/options.ts";

/** What a platform may use when it is made. */
export interface PlatformParts {
  readonly config: Config;
  readonly commands: readonly OfferedCommand[];
  /** The accounts of owners and admins on a platform. */
  rulers(platform: string): Promise<readonly string[]>;
  /** What a command's argument can be, for whoever types it and where; nothing for those who may not know. Never rejects. */
  suggest(at: Pick<Inbound, "sender" | "chat" | "kind">, command: string, typed: string): Promise<readonly string[]>;
  /** Small facts that outlive the process. */
  readonly settings: { get(key: string): Promise<string | null>; set(key: string, value: string): Promise<void> };
  readonly page: PageParts;
  readonly log: Log;
}

/** What the local page shows of the record and of the service. */
export interface PageParts {
  readonly token: string;
  readonly probes: Probes;
  history(chat: ChatRef, viewer: Account): Promise<readonly HistoryItem[]>;
  status(): Promise<PageStatus>;
  readonly files: PageFiles;
}

/** A platform as the registry lists it: whether the configuration turns it on, and how to make its adapter. */
export interface Platform {
  readonly name: string;
  /** True when people on it have proven themselves before they get here (the page's token). */
  readonly local: boolean;
  wanted(config: Config): boolean;
  load(): Promise<{ create(parts: PlatformParts): Promise<Adapter> }>;
}

import type { ChatRef } from "../core/chats.ts";
import type { ProgressMode } from "../core/chat-settings.ts";
import type { Command } from "../core/command.ts";
import type { FileRef } from "../core/files.ts";
import type { Live } from "../core/live.ts";
import type { Log } from "../core/log.ts";
import type { MemoryRules } from "../core/memory.ts";
import type { Metrics } from "../core/metrics.ts";
import type { ModelChoice, ProviderListing } from "../core/model.ts";
import type { Queues } from "../core/queue.ts";
import type { FooterRules } from "../store/footers.ts";
import type { AlarmLimits } from "../insights/alarms.ts";
import type { Db } from "../store/hold.ts";
import type { DeskParts } from "../schedules/desk.ts";
import type { AccessRules } from "./access.ts";
import type { SkillDesk } from "./skills/call.ts";

/** What does not depend on the session: which model answers, and where commands run. */
export interface StandingFacts {
  readonly model: string;
  readonly server: string;
  /** True while the built-in script answers for want of a model server. */
  readonly demonstration: boolean;
  readonly sandbox: string;
  /** Tokens that the configured model's window holds, where that is known. */
  readonly window?: number | null;
  /** More about it, a line each; a worker of an older version has told none. */
  readonly sandboxAbout?: readonly string[];
}

/** The models of this process, for `/model`. */
export interface ModelPorts {
  listings(signal: AbortSignal): Promise<readonly ProviderListing[]>;
  /** Makes a model everybody's default; says what took effect. */
  makeDefault(choice: ModelChoice): Promise<string>;
}

/** What the gateway works with; made in `src/main.ts`. */
export interface GatewayParts {
  readonly db: Db;
  readonly queues: Queues;
  readonly live: Live;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly access: AccessRules;
  readonly commands: readonly Command[];
  readonly version: string;
  /** As configured now. */
  footers(): FooterRules;
  toolProgress(): ProgressMode;
  /** The language of commands for those who have picked none and whose client tells none. */
  readonly language: string;
  /** From where the model's figures are something to look at, as configured now; as usual where it is not told. */
  alarmLimits?(): AlarmLimits;
  readonly memory: MemoryRules;
  /** What happens to a message that arrives while a turn runs. */
  readonly busy: "steer" | "queue" | "interrupt";
  /** Names of the queues: turns, and a platform's deliveries. */
  readonly names: { readonly turns: string; deliveries(platform: string): string };
  facts(): Promise<StandingFacts>;
  readonly models: ModelPorts;
  readonly schedules: DeskParts;
  readonly skills: SkillDesk;
  /** A file that came with a message of this platform; throws a `Failure` when it can't be had. */
  fetchFile(platform: string, file: FileRef, limitBytes: number, signal: AbortSignal): Promise<Uint8Array>;
  /** Tells a chat something past the outbox, for when the record or the queue is down. Never throws. */
  tell(chat: ChatRef, markdown: string): Promise<void>;
}

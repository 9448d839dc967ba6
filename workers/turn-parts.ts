import type { Approving } from "../src/agent/approvals.ts";
import type { Compressor } from "../src/agent/compression/compressor.ts";
import type { Digest, Searcher } from "../src/agent/digest.ts";
import type { Looker } from "../src/agent/pictures.ts";
import type { IncomingParts } from "../src/agent/incoming.ts";
import type { SkillReview } from "../src/agent/skill-review.ts";
import type { SkillWork } from "../src/agent/skill-asker.ts";
import type { Reviews } from "../src/agent/review.ts";
import type { Titles } from "../src/agent/titles.ts";
import type { MemoryRules } from "../src/core/memory.ts";
import type { Person } from "../src/core/chats.ts";
import type { DelegationRules } from "../src/core/delegation.ts";
import type { Live } from "../src/core/live.ts";
import type { Log } from "../src/core/log.ts";
import type { Metrics } from "../src/core/metrics.ts";
import type { ModelChoice, Models, ToolSpec } from "../src/core/model.ts";
import type { Places, Queues } from "../src/core/queue.ts";
import type { SandboxBackend } from "../src/core/sandbox.ts";
import type { ConfigurationPorts, PicturePorts, Tool, ToolLimits, WebPorts } from "../src/core/tool.ts";
import type { DeskParts } from "../src/schedules/desk.ts";
import type { Db } from "../src/store/hold.ts";
import type { FooterRules } from "../src/store/footers.ts";
import type { Asker } from "../src/tools/toolsets.ts";
import type { Errands } from "./errands.ts";

/** What a worker works with; made in `src/main.ts`. */
export interface TurnParts {
  readonly db: Db;
  readonly queues: Queues;
  readonly live: Live;
  readonly models: Models;
  readonly sandboxes: Pick<SandboxBackend, "open"> & { busy(): string | null };
  /** The tools that a new session is told of, and those that who asks may use. */
  readonly offer: {
    specs(asker: Asker & Pick<Looker, "session" | "choice">): Promise<readonly ToolSpec[]>;
    tools(asker: Asker, frozen: readonly ToolSpec[]): Promise<ReadonlyMap<string, Tool>>;
  };
  /** Bound to whoever asks. */
  pictures(looker: Looker): PicturePorts;
  digest(searcher: Searcher): Digest;
  readonly configuration: ConfigurationPorts;
  readonly web: WebPorts & Pick<IncomingParts, "pdfText">;
  readonly hear: IncomingParts["hear"];
  readonly approvals: Pick<Approving, "rules" | "judge">;
  readonly metrics: Metrics;
  readonly titles: Titles;
  readonly reviews: Reviews;
  readonly skills: SkillWork;
  readonly schedules: DeskParts;
  readonly skillReview: SkillReview;
  readonly compressor: Compressor;
  readonly errands: Pick<Errands, "ended">;
  readonly delegation: {
    rules(): Promise<DelegationRules>;
    modelNamed(person: Person, name: string): Promise<ModelChoice>;
  };
  readonly log: Log;
  readonly settings: TurnSettings;
  /** Begins to look whether the configuration has changed, so that nobody who asks for it a moment later has to wait. */
  glance(): void;
}

export interface TurnSettings {
  readonly places: Places;
  readonly maxSteps: number;
  readonly steer: boolean;
  readonly drainMs: number;
  readonly memory: MemoryRules;
  readonly limits: ToolLimits;
  readonly footers: FooterRules;
  /** For whoever has picked none and whose client tells none. */
  readonly language: string;
}

/** The name of the queue that says which session has work. */
export const turnQueue = "turns";

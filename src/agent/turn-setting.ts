import type { Viewer } from "../core/chats.ts";
import type { TurnEnd, TurnEvent } from "../core/events.ts";
import type { InboundMessage } from "../core/inbound.ts";
import type { Metrics } from "../core/metrics.ts";
import type { Model, ModelMessage, Urgency } from "../core/model.ts";
import type { Tool } from "../core/tool.ts";
import type { Db, Hold } from "../store/hold.ts";
import type { History } from "../store/journal.ts";
import type { SessionInfo } from "../store/sessions.ts";
import type { Turn } from "../store/turns.ts";
import type { Compressor } from "./compression/compressor.ts";
import type { HistoryState } from "./compression/state.ts";
import type { Approving } from "./approvals.ts";
import type { Delegating } from "./delegating.ts";
import type { Messaging } from "./messaging.ts";
import type { Asking } from "./questions.ts";
import type { Titles } from "./titles.ts";
import type { CallContext } from "./call-context.ts";
import type { Footer } from "./footer.ts";

/** Why a turn's signal fired: a person stopped it, or this worker must let go of it. */
export type LeaveReason = "stop" | "leave";

/** Everything a turn needs, bound to its session and asker. */
export interface TurnSetting {
  readonly db: Db;
  readonly hold: Hold;
  readonly info: SessionInfo;
  readonly turn: Turn;
  /** The history as it stands before the first step, where it has been read already. */
  readonly opening: History | null;
  /** Its beginning is in the record. Before that only the first request to the model may go out; nothing may be written. Rejects as `beginTurn`. */
  readonly begun: Promise<void>;
  readonly viewer: Viewer;
  readonly model: Model;
  readonly tools: ReadonlyMap<string, Tool>;
  readonly context: CallContext;
  readonly asking: Asking;
  readonly approving: Approving;
  readonly messaging: Messaging;
  readonly delegating: Delegating;
  readonly metrics: Metrics;
  readonly titles: Pick<Titles, "consider">;
  readonly footer: Footer;
  readonly compressor: Compressor;
  /** Steps that it may take itself, and those together with its subagents'. */
  readonly maxSteps: number;
  readonly mostSteps: number;
  /** What is wrong with the form of an answer, for the model; null: nothing, or no form was asked for. */
  misfit(answer: string): string | null;
  /** Who waits for the model's answers. */
  readonly urgency: Urgency;
  /** Whether messages that arrive meanwhile join at the next step. */
  readonly steer: boolean;
  /** A message, of this inbox row, as the model reads it, files and all; null when the signal has fired meanwhile. */
  incoming(inbox: number, inbound: InboundMessage): Promise<ModelMessage | null>;
  /** Aborted with a `LeaveReason` as its reason. */
  readonly signal: AbortSignal;
  emit(event: TurnEvent): void;
  /** Takes work that must not hold up the answer: it is done once the answer is on its way. */
  afterwards(work: () => Promise<void>): void;
}

/** What the loop does next. */
export type Next = { readonly type: "again" } | { readonly type: "end"; readonly end: TurnEnd };
export const again: Next = { type: "again" };

/** What changes while a turn runs. */
export interface LoopState {
  step: number;
  /** Whether the server takes a demand for a call, as far as is known. */
  canRequire: boolean;
  /** The history as it was read ahead, until the first step has taken it. */
  opening: History | null;
  readonly history: HistoryState;
}

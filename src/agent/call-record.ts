import type { Metrics } from "../core/metrics.ts";
import type { AuxiliaryTask, Model, ModelAnswer, ModelUsage } from "../core/model.ts";
import type { Tool } from "../core/tool.ts";
import type { Db } from "../store/hold.ts";
import { recordModelCall } from "../store/journal.ts";
import { passesAsSent } from "../tools/arguments.ts";

/** What is needed to count a model call. */
export interface RecordSetting {
  readonly db: Db;
  readonly metrics: Metrics;
  readonly session: string | null;
  /** Null for a side job. */
  readonly turn: string | null;
  readonly task: "turn" | AuxiliaryTask;
  readonly step: number;
  readonly model: Pick<Model, "name" | "server">;
  readonly tools: ReadonlyMap<string, Tool>;
}

/** How a call ended: an answer, or a failure's code with the time it took. */
export type Outcome =
  | { readonly type: "answer"; readonly answer: ModelAnswer }
  | { readonly type: "failed"; readonly code: string; readonly ms: number };

/** Counts one model call, in the metrics and in the record. */
export async function countCall(setting: RecordSetting, outcome: Outcome): Promise<void> {
  const { db, metrics, session, turn, task, step, model } = setting;
  const common = { session, turn, task, step, model: model.name, server: model.server };
  if (outcome.type === "failed") {
    metrics.modelFailure(outcome.code);
    const none = { calls: 0, validCalls: 0, textCalls: 0 };
    return await recordModelCall(db, { ...common, ...none, usage: untold(outcome.ms), failure: outcome.code });
  }
  const { usage, calls, textCalls } = outcome.answer;
  const validCalls = calls.filter((call) => passesAsSent(setting.tools.get(call.name), call.arguments)).length;
  metrics.modelCall(model.name, usage);
  if (calls.length > 0) metrics.modelToolCalls(model.name, { calls: calls.length, valid: validCalls, text: textCalls });
  await recordModelCall(db, { ...common, usage, calls: calls.length, validCalls, textCalls, failure: null });
}

/** A failed call tells nothing of itself but how long it took. */
function untold(totalMs: number): ModelUsage {
  return {
    promptTokens: null,
    completionTokens: null,
    cachedTokens: null,
    firstTokenMs: null,
    totalMs,
    queuedMs: 0,
    promptPerSecond: null,
    tokensPerSecond: null,
  };
}

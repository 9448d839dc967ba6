import type { TurnEnd } from "./events.ts";
import type { ModelUsage } from "./model.ts";

/** What the parts count. The real one (Prometheus) is made in `src/insights/metrics.ts`. Times in milliseconds. */
export interface Metrics {
  messageIn(platform: string): void;
  turnEnd(end: TurnEnd, ms: number): void;
  /** From the message's arrival to the first model request of its turn. */
  queueWait(ms: number): void;
  modelCall(model: string, usage: ModelUsage): void;
  /** Tool calls that an answer asked for: how many, how many were valid as they came, how many came as text. */
  modelToolCalls(model: string, counts: { readonly calls: number; readonly valid: number; readonly text: number }): void;
  modelFailure(code: string): void;
  toolCall(tool: string, ok: boolean, ms: number): void;
  delivery(platform: string, outcome: "sent" | "postponed" | "refused" | "repeated"): void;
  rateLimited(platform: string): void;
  /** The registry in Prometheus' text form. */
  render(): Promise<string>;
}

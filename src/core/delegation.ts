import type { ModelChoice } from "./model.ts";

/** A task for a subagent: all it will know. */
export interface DelegatedTask {
  readonly goal: string;
  readonly context: string;
  /** Of the sets of tools that the one who delegates has; empty: all of them. */
  readonly toolsets: readonly string[];
  /** By name; empty: the configured one. */
  readonly model: string;
  /** At most so many steps, within what the configuration allows. */
  readonly maxSteps: number | null;
  /** JSON Schema that the answer has to fit. */
  readonly outputSchema: Readonly<Record<string, unknown>> | null;
}

/** What came of a task. */
export interface DelegatedEnd {
  readonly goal: string;
  readonly status: "done" | "failed" | "stopped";
  /** Its own words; of one that failed or was stopped, what it had said so far and why. */
  readonly summary: string;
  /** Where a form was asked for: what it answered, or (undefined) nothing that fits. */
  readonly output?: unknown;
  readonly steps: number;
  /** How often it called which tool. */
  readonly tools: Readonly<Record<string, number>>;
  readonly tokens: number;
  readonly seconds: number;
}

/** What came of the tasks of a call, and the steps that its request has left for itself and for others. */
export interface Delegated {
  readonly ends: readonly DelegatedEnd[];
  readonly stepsLeft: number;
}

/** Handing tasks to subagents. */
export interface DelegationPorts {
  /**
   * Begins them, once for a call however often it runs, and throws `Parked` until all have ended. Throws for the model what can't be begun.
   */
  run(tasks: readonly DelegatedTask[]): Promise<Delegated>;
}

/** The bounds of delegation, from the configuration. */
export interface DelegationRules {
  /** Steps of one subagent. */
  readonly maxSteps: number;
  readonly atOnce: number;
  readonly mostInTurn: number;
  /** How deep subagents may delegate: 1: not at all. */
  readonly maxDepth: number;
  readonly timeoutMs: number | null;
  readonly model: ModelChoice | null;
}

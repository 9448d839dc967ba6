import type { Loaded } from "../config/load.ts";
import type { Context } from "./context.ts";

/** What a check found. `mend` is empty where nothing is to be done. */
export interface CheckResult {
  readonly state: "ok" | "warn" | "fail";
  readonly text: string;
  readonly mend: string;
}

/** One part that `hermes doctor` looks at; throwing a `Failure` is a fault with its mend. */
export interface Check {
  readonly name: string;
  run(input: CheckInput): Promise<readonly CheckResult[]>;
}

/** What a check may use. */
export interface CheckInput {
  readonly context: Context;
  readonly loaded: Loaded;
  readonly asked: Asked;
}

/** How thoroughly to look: `quick` asks the model nothing, `full` asks it a hundred tool calls rather than twenty. */
export interface Asked {
  readonly quick: boolean;
  readonly full: boolean;
}

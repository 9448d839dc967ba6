import type { Loaded } from "../../config/load.ts";
import type { Context } from "../context.ts";
import type { FindingId } from "./ids.ts";

/** What a check found. `mend` is empty where nothing is to be done. */
export interface CheckResult {
  readonly id: FindingId;
  readonly state: "ok" | "warn" | "fail";
  readonly text: string;
  readonly mend: string;
  /** What `hermes doctor --fix` can do about it. */
  readonly fix?: Fix;
}

/** A mend that the doctor can do. */
export interface Fix {
  /** Completes "may I …?". */
  readonly does: string;
  /** It can't be taken back, or is seen by others: only with consent. */
  readonly asks?: true;
  /** Does it; says what was done. */
  run(): Promise<string>;
}

/** One part that `hermes doctor` looks at; throwing a `Failure` is a fault with its mend, under `id`. */
export interface Check {
  readonly id: FindingId;
  readonly withinMs: number;
  /** It takes the machine's time, or measures it: after all others. */
  readonly last?: true;
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

/** Nothing is to be done. */
export function ok(id: FindingId, text: string): CheckResult {
  return { id, state: "ok", text, mend: "" };
}

/** Something may not do what is hoped. */
export function warn(id: FindingId, text: string, mend: string, fix?: Fix): CheckResult {
  return { id, state: "warn", text, mend, ...(fix === undefined ? {} : { fix }) };
}

/** A platform that has been asked too much has said nothing about the token. */
export function askedToWait(id: FindingId, platform: string): CheckResult {
  return warn(id, `${platform} asks to wait.`, "Try again in a minute.");
}

/** Something does not work. */
export function fail(id: FindingId, text: string, mend: string, fix?: Fix): CheckResult {
  return { id, state: "fail", text, mend, ...(fix === undefined ? {} : { fix }) };
}

import { isDeepStrictEqual } from "node:util";
import type { ModelMessage, ToolSpec } from "../../core/model.ts";

/** A request whose right answer is known. */
export interface ProbeCase {
  readonly name: string;
  readonly messages: readonly ModelMessage[];
  readonly tools: readonly ToolSpec[];
  readonly expected: Expected;
}

/** What a reliable model does: these calls, in any order; or no call, and words that fit. */
export type Expected =
  | { readonly type: "calls"; readonly calls: readonly ExpectedCall[] }
  | { readonly type: "words"; readonly fits: RegExp };

/** A call by its tool and the arguments that matter; others must be left out or have their defaults. */
export interface ExpectedCall {
  readonly name: string;
  readonly args: Readonly<Record<string, Fits>>;
}

/** Whether an argument is right. */
export type Fits = (value: unknown) => boolean;

/** The tools that cases are about, by name; throws when one is not there. */
export type Pick = (...names: readonly string[]) => readonly ToolSpec[];

/** One kind of case in five wordings, so that a long probe is no repetition of a short one. */
export type Family = (variant: Variant, pick: Pick) => ProbeCase;
export const variants = [0, 1, 2, 3, 4] as const;
export type Variant = (typeof variants)[number];

/** Five of a kind. */
export type Five<Value> = readonly [Value, Value, Value, Value, Value];

/** The text, give or take white space around it. */
export function same(text: string): Fits {
  return (value) => typeof value === "string" && value.trim() === text.trim();
}

/** A number, in quotes or not: the agent takes both. */
export function number(wanted: number): Fits {
  return (value) => value === wanted || (typeof value === "string" && value.trim() === String(wanted));
}

export function like(pattern: RegExp): Fits {
  return (value) => typeof value === "string" && pattern.test(value);
}

/** A path in the workspace, however it begins. */
export function path(wanted: string): Fits {
  return (value) => typeof value === "string" && value.trim().replace(/^(?:\.\/|\/workspace\/)/, "") === wanted;
}

/** Text that is JSON of this value, however it is laid out. */
export function jsonText(wanted: unknown): Fits {
  return (value) => {
    try {
      return typeof value === "string" && isDeepStrictEqual(JSON.parse(value), wanted);
    } catch {
      return false;
    }
  };
}

/** One message of a person. */
export function said(content: string): ModelMessage {
  return { role: "user", content };
}

export function call(name: string, args: Readonly<Record<string, Fits>>): Expected {
  return { type: "calls", calls: [{ name, args }] };
}

export function words(fits: RegExp): Expected {
  return { type: "words", fits };
}

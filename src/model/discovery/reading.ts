import { isObject } from "../arguments.ts";

export type Json = Readonly<Record<string, unknown>>;

/** The value below these keys, or undefined. */
export function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), value);
}

/** A count of one or more, or null. */
export function countOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) && value >= 1 ? Math.floor(value) : null;
}

/** A believable window, or null. */
export function windowOf(value: unknown): number | null {
  const count = countOf(value);
  return count !== null && count >= smallestWindow && count <= largestWindow ? count : null;
}

/** Outside of these a number is no window but a placeholder. */
const smallestWindow = 256;
const largestWindow = 10_000_000;

export function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

export function flagOf(value: unknown): boolean | null {
  return typeof value === "boolean" ? value : null;
}

/** The objects of a list; none when it is no list. */
export function objectsOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The texts of a list, or null when it is no list. */
export function textsOf(value: unknown): readonly string[] | null {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : null;
}

/** A count as people write it: 8,192. */
export function counted(count: number): string {
  return count.toLocaleString("en-US");
}

/** Whether an answer of vLLM's `/tokenize` is of a version that renders tools: the field came a little after they did. */
export function takesTools(tokenized: Json): boolean {
  return "token_strs" in tokenized;
}

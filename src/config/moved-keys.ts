import type { KeyPath } from "./keys.ts";

/** A key of the original that has a place of another name or form here. */
export interface MovedKey {
  readonly from: string;
  readonly to: KeyPath;
  /** The value as it is written there; undefined where it can't be carried over. */
  value(old: unknown): unknown;
}

/** Not read as they are; `hermes config migrate` brings them over. */
export const movedKeys: readonly MovedKey[] = [
  { from: "compression.summary_provider", to: "auxiliary.compression.provider", value: plainText },
  { from: "compression.summary_model", to: "auxiliary.compression.model", value: plainText },
  { from: "compression.summary_base_url", to: "auxiliary.compression.base_url", value: plainText },
  { from: "fallback_model", to: "fallback_providers", value: (old) => (isNamed(old) ? [old] : undefined) },
  {
    from: "unauthorized_dm_behavior",
    to: "access.pairing",
    value: (old) => (old === "pair" ? true : old === "ignore" ? false : undefined),
  },
];

/** The key that one of the original's, or a field of one, has become; null for any other. */
export function movedKey(path: string): MovedKey | null {
  return movedKeys.find(({ from }) => from === path || path.startsWith(`${from}.`)) ?? null;
}

function plainText(old: unknown): unknown {
  return typeof old === "string" && old !== "" ? old : undefined;
}

function isNamed(old: unknown): boolean {
  return typeof old === "object" && old !== null && ("provider" in old || "base_url" in old);
}

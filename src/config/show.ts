import type { Origin } from "./decide.ts";
import { shown, valueText } from "./findings.ts";
import { type KeyPath, keyOf, keyPaths } from "./keys.ts";
import type { Loaded } from "./load.ts";

/** A key as `hermes config show` prints it. */
export interface ShownKey {
  readonly path: KeyPath;
  /** Secrets are masked; addresses lose their passwords. */
  readonly value: string;
  readonly origin: Origin;
}

/** Every key with what is in force and where it comes from. */
export function shownKeys(loaded: Loaded): ShownKey[] {
  return keyPaths.map((path) => getKey(loaded, path));
}

/** One key with what is in force and where it comes from. */
export function getKey(loaded: Loaded, path: KeyPath): ShownKey {
  return { path, value: display(path, valueAt(loaded.config, path)), origin: loaded.origins[path] };
}

function display(path: KeyPath, value: unknown): string {
  if (value === null || value === undefined) return "(not set)";
  if (keyOf(path).secret === true) return "(set, not shown)";
  if (Array.isArray(value)) return value.length === 0 ? "(none)" : valueText(value);
  return typeof value === "string" ? shown(value, false).slice(1, -1) : valueText(value);
}

function valueAt(config: object, path: string): unknown {
  const names = path.split(".").map((name) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()));
  return names.reduce<unknown>(
    (value, name) => (typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined),
    config,
  );
}

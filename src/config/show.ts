import type { Origin } from "./decide.ts";
import { shown, valueText } from "./findings.ts";
import type { ProviderEntry } from "./providers.ts";
import { findInner, type InnerKey } from "./inner-keys.ts";
import { type KeyPath, keyOf, keyPaths } from "./keys.ts";
import type { Loaded } from "./load.ts";
import { knownKey } from "./set.ts";

/** A key as `hermes config show` prints it. */
export interface ShownKey {
  readonly path: string;
  /** Secrets are masked; addresses lose their passwords. */
  readonly value: string;
  readonly origin: Origin;
}

/** Every key with what is in force and where it comes from. */
export function shownKeys(loaded: Loaded): ShownKey[] {
  return keyPaths.map((path) => getKey(loaded, path));
}

/** The keys of a section. */
export function keysUnder(section: string): readonly KeyPath[] {
  return keyPaths.filter((path) => path.startsWith(`${section}.`));
}

/** A secret as it is, by any spelling of its key; null for what is none, or not set. */
export function secretOf(loaded: Loaded, name: string): string | null {
  const inner = findInner(name);
  if (inner !== null) return inner.path[0] === "api_key" ? (entryOf(loaded, inner)?.apiKey ?? null) : null;
  const path = knownKey(name);
  const value = keyOf(path).secret === true ? valueAt(loaded.config, path) : null;
  return typeof value === "string" ? value : null;
}

/** What is in force for a key, as it is. */
export function valueOf({ config }: Loaded, path: KeyPath): unknown {
  return valueAt(config, path);
}

/** A key's value for a program: typed; of a secret, null, and of lists of entries the text that people are shown. */
export function plainValue(loaded: Loaded, path: KeyPath): unknown {
  const value = valueAt(loaded.config, path);
  if (value === null || value === undefined || keyOf(path).secret === true) return null;
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value.map(listed);
  return display(path, value);
}

/** One key with what is in force and where it comes from. */
export function getKey(loaded: Loaded, path: KeyPath): ShownKey {
  return { path, value: display(path, valueAt(loaded.config, path)), origin: loaded.origins[path] };
}

/** A key, or a field of one named server, by any of its spellings. Throws `config.invalid` for what is no key. */
export function showKey(loaded: Loaded, name: string): ShownKey {
  const inner = findInner(name);
  if (inner === null) return getKey(loaded, knownKey(name));
  const entry = entryOf(loaded, inner);
  const [field, model] = inner.path;
  const origin = entry === undefined ? "default" : "config.yaml";
  if (field === "api_key") return { path: name, value: entry?.apiKey ? "(set, not shown)" : "(not set)", origin };
  const value = model === undefined ? fieldOf(entry, field) : entry?.contextLengths[model];
  return { path: name, value: display("providers", value), origin };
}

function entryOf({ config }: Loaded, { list, provider }: InnerKey): ProviderEntry | undefined {
  return (list === "providers" ? config.providers : config.customProviders).find((each) => each.name === provider);
}

function fieldOf(entry: ProviderEntry | undefined, field: string): unknown {
  if (entry === undefined) return null;
  return field === "base_url" ? entry.baseUrls[0] : valueAt(entry, field);
}

function display(path: KeyPath, value: unknown): string {
  if (value === null || value === undefined) return "(not set)";
  if (keyOf(path).secret === true) return "(set, not shown)";
  const { kind } = keyOf(path);
  if (kind.show !== undefined && Array.isArray(value) && isMapping(value[0])) return kind.show(value);
  if (Array.isArray(value)) return value.length === 0 ? "(none)" : value.map(listed).join(",");
  return typeof value === "string" ? shown(value, false).slice(1, -1) : valueText(value);
}

/** An entry of a plain list; addresses lose their passwords. */
function listed(value: unknown): string {
  return typeof value === "string" ? shown(value, false).slice(1, -1) : valueText(value);
}

function valueAt(config: object, path: string): unknown {
  const names = path.split(".").map((name) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()));
  return names.reduce<unknown>(
    (value, name) => (typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined),
    config,
  );
}

function isMapping(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

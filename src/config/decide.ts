import { type Finding, shown, valueText } from "./findings.ts";
import type { Environment } from "./home.ts";
import { type KeyPath, findKey, keyOf } from "./keys.ts";
import type { Setting } from "./yaml-file.ts";

/** Where a key's value came from. */
export type Origin = "environment" | ".env" | "config.yaml" | "default";

/** Variables of one origin, by the key they set. */
export interface Source {
  readonly origin: Origin;
  readonly values: ReadonlyMap<KeyPath, { readonly name: string; readonly value: string }>;
}

/** A key's value in force, where it came from, and what was wrong with it. */
export interface Decision {
  readonly path: KeyPath;
  readonly value: unknown;
  readonly origin: Origin;
  readonly findings: readonly Finding[];
}

/** The first source that sets the key decides; a value that can't be used gives the default and a finding. */
export function decide(path: KeyPath, sources: readonly Source[], settings: readonly Setting[]): Decision {
  const key = keyOf(path);
  for (const { origin, values } of sources) {
    const found = values.get(path);
    if (found !== undefined)
      return checked(path, origin, found.value, found.name, `${found.name} in ${origin === ".env" ? ".env" : "the environment"}`);
  }
  const written = key.environmentOnly ? [] : settings.filter((setting) => isSet(setting) && findKey(setting.path) === path);
  const setting = written.find((candidate) => candidate.path === path) ?? written[0];
  if (setting === undefined) return { path, value: key.fallback, origin: "default", findings: [] };
  const decision = checked(
    path,
    "config.yaml",
    setting.value,
    setting.path,
    `${setting.path} in config.yaml line ${setting.line}`,
  );
  return {
    ...decision,
    findings: [...decision.findings, ...written.filter((other) => other !== setting).map((other) => doubled(other, setting))],
  };
}

function checked(path: KeyPath, origin: Origin, raw: unknown, name: string, where: string): Decision {
  const key = keyOf(path);
  const parsed = key.kind.schema.safeParse(raw);
  if (parsed.success) return { path, value: parsed.data, origin, findings: [] };
  const message = `${where} is ${shown(raw, key.secret === true)}; ${withDefault(key.fallback)}`;
  return {
    path,
    value: key.fallback,
    origin: "default",
    findings: [{ severity: "error", key: name, message, mend: `Expected ${key.kind.expected}.${suggestion(path, raw)}` }],
  };
}

function withDefault(fallback: unknown): string {
  if (fallback === null) return "it counts as not set.";
  return `its default is used: ${valueText(fallback)}.`;
}

/** An address without `http://` is the commonest slip. */
function suggestion(path: KeyPath, raw: unknown): string {
  const key = keyOf(path);
  if (key.secret || typeof raw !== "string" || !key.kind.expected.includes("http://") || /:\/\/|@/.test(raw)) return "";
  const better = `http://${raw.trim().replace(/^\/+/, "")}`;
  return key.kind.schema.safeParse(better).success ? ` Did you mean ${better}?` : "";
}

function doubled(other: Setting, used: Setting): Finding {
  return {
    severity: "warning",
    key: other.path,
    message: `${other.path} in config.yaml line ${other.line} is another spelling of ${used.path}, which line ${used.line} sets; line ${used.line} is used.`,
    mend: `Remove line ${other.line}.`,
  };
}

function isSet(setting: Setting): boolean {
  return setting.value !== null && setting.value !== undefined;
}

/** A setting with its `${NAME}` parts replaced; with a finding, and without a value, where a variable is missing. */
export function interpolated(setting: Setting, variables: Environment): { setting: Setting; findings: readonly Finding[] } {
  const missing: string[] = [];
  const fill = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(fill);
    if (typeof value !== "string") return value;
    return value.replace(variablePattern, (_, name: string) => variables[name] ?? (missing.push(name), ""));
  };
  const value = fill(setting.value);
  if (missing.length === 0) return { setting: { ...setting, value }, findings: [] };
  const message = `${setting.path} in config.yaml line ${setting.line} uses \${${missing[0]}}, which is not set; the key counts as not set.`;
  const finding: Finding = {
    severity: "error",
    key: setting.path,
    message,
    mend: `Set ${missing[0]} in .env, or write the value itself.`,
  };
  return { setting: { ...setting, value: null }, findings: [finding] };
}

/** `${NAME}` in a value of config.yaml. */
export const variablePattern = /\$\{([A-Za-z_]\w*)\}/g;

import { type Finding, shown, valueText } from "./findings.ts";
import type { Environment } from "./home.ts";
import { type KeyPath, findKey, keyOf } from "./keys.ts";
import { nearest } from "./nearest.ts";
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
  if (parsed.success) {
    const faults = key.kind.faults?.(raw) ?? [];
    const findings = faults.map(({ severity, at, message, mend }) => ({
      severity,
      key: `${name}${at}`,
      message: `${where.replace(name, `${name}${at}`)}${message}`,
      mend,
    }));
    return { path, value: parsed.data, origin, findings };
  }
  const message = `${where} is ${shown(raw, key.secret === true)}; ${withDefault(key.fallback)}`;
  return {
    path,
    value: key.fallback,
    origin: "default",
    findings: [{ severity: "error", key: name, message, mend: `Expected ${key.kind.expected}.${suggestion(path, raw)}` }],
  };
}

function withDefault(fallback: unknown): string {
  if (fallback === null || (Array.isArray(fallback) && fallback.length === 0)) return "it counts as not set.";
  return `its default is used: ${valueText(fallback)}.`;
}

/** A slip in one of a few words; or an address without `http://`, the commonest of all. */
function suggestion(path: KeyPath, raw: unknown): string {
  const key = keyOf(path);
  if (key.secret || typeof raw !== "string") return "";
  const meant = key.kind.words === undefined ? null : nearest(raw.trim(), key.kind.words);
  if (meant !== null) return ` Did you mean ${meant}?`;
  if (!key.kind.expected.includes("http://") || /:\/\/|@/.test(raw)) return "";
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
  // Empty text is how the original writes "not set".
  return setting.value !== null && setting.value !== undefined && (setting.value !== "" || keepsEmpty(setting.path));
}

function keepsEmpty(written: string): boolean {
  const path = findKey(written);
  return path !== null && keyOf(path).emptyCounts === true;
}

/**
 * A setting with its `${NAME}` parts replaced. Where a variable is missing there is a finding, and no value: of the whole setting, or in
 * a list of mappings of that field alone.
 */
export function interpolated(setting: Setting, variables: Environment): { setting: Setting; findings: readonly Finding[] } {
  const { value, missing } = filled(setting.value, "", variables);
  const findings = missing.map(({ at, name }): Finding => {
    const place = `${setting.path}${at} in config.yaml line ${setting.line}`;
    const message = `${place} uses \${${name}}, which is not set; ${at === "" ? "the key" : "it"} counts as not set.`;
    return { severity: "error", key: setting.path, message, mend: `Set ${name} in .env, or write the value itself.` };
  });
  return { setting: { ...setting, value }, findings };
}

interface Filled {
  readonly value: unknown;
  readonly missing: readonly { readonly at: string; readonly name: string }[];
}

function filled(value: unknown, at: string, variables: Environment): Filled {
  if (typeof value === "string") {
    const name = [...value.matchAll(variablePattern)]
      .map((match) => match[1] ?? "")
      .find((each) => variables[each] === undefined);
    if (name !== undefined) return { value: null, missing: [{ at, name }] };
    return { value: value.replace(variablePattern, (_, each: string) => variables[each] ?? ""), missing: [] };
  }
  if (typeof value !== "object" || value === null) return { value, missing: [] };
  const parts = Object.entries(value).map(([name, inner]) => ({
    name,
    // A list of texts is one value: its key is what counts as not set.
    ...filled(inner, Array.isArray(value) ? (isText(inner) ? at : `${at}[${name}]`) : `${at}.${name}`, variables),
  }));
  const missing = parts.flatMap((part) => part.missing);
  if (!Array.isArray(value)) return { value: Object.fromEntries(parts.map((part) => [part.name, part.value])), missing };
  const lost = parts.some((part, index) => isText(value[index]) && part.missing.length > 0);
  return { value: lost ? null : parts.map((part) => part.value), missing: lost ? missing.slice(0, 1) : missing };
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

/** `${NAME}` in a value of config.yaml. */
export const variablePattern = /\$\{([A-Za-z_]\w*)\}/g;

import { readFile } from "node:fs/promises";
import { parseEnvText } from "./env-file.ts";
import type { Finding } from "./findings.ts";
import { type Environment, configFile, envFile, homeDirectory } from "./home.ts";
import { type Config, type KeyPath, keyOf, keyPaths } from "./keys.ts";
import { type Origin, type Source, decide, interpolated } from "./decide.ts";
import { providerFindings, resolved } from "./provider-names.ts";
import { unknownSettings, unknownVariables } from "./strangers.ts";
import { advice } from "./advice.ts";
import { type YamlContent, readConfigText } from "./yaml-file.ts";

export interface LoadOptions {
  /** Defaults to `process.env`. */
  readonly env?: Environment;
  /** Defaults to HERMES_HOME, or `~/.hermes`. */
  readonly home?: string;
  /** In place of what stands in config.yaml. */
  readonly yaml?: string;
}

export interface Loaded {
  readonly config: Config;
  readonly findings: readonly Finding[];
  readonly origins: Readonly<Record<KeyPath, Origin>>;
}

/**
 * The configuration in force: environment, then the home's .env, then its config.yaml, then defaults. Never throws for what is in
 * them: what can't be used is a finding, and its default is used.
 */
export async function loadConfig(options: LoadOptions = {}): Promise<Loaded> {
  const env = options.env ?? process.env;
  const home = options.home ?? homeDirectory(env);
  const [dotenv, yaml] = await Promise.all([readEnvFile(home), readYamlFile(home, options.yaml)]);
  const variables = { ...dotenv.values, ...withoutEmpty(env) };
  const settings = yaml.settings.map((setting) => interpolated(setting, variables));
  const sources: Source[] = [
    { origin: "environment", values: fromVariables(env) },
    { origin: ".env", values: fromVariables(dotenv.values, true) },
  ];
  const decided = keyPaths.map((path) =>
    decide(
      path,
      sources,
      settings.map((setting) => setting.setting),
    ),
  );
  // The table's paths are exactly the keys: `fromEntries` only forgets their names.
  const origins = Object.fromEntries(decided.map(({ path, origin }) => [path, origin])) as Record<KeyPath, Origin>;
  const written = arrange(home, decided);
  const config = resolved(written, variables, origins);
  const findings = [
    ...dotenv.findings,
    ...yaml.findings,
    ...settings.flatMap((setting) => setting.findings),
    ...unknownSettings(yaml.settings),
    ...unknownVariables(env, dotenv.values, yaml.settings),
    ...decided.flatMap((decision) => decision.findings),
    ...providerFindings(written, config, variables, origins),
    ...advice(written),
  ];
  return { config, findings, origins: filled(written, config, origins) };
}

/** What a named server filled in comes from where its name does. */
function filled(written: Config, config: Config, origins: Record<KeyPath, Origin>): Record<KeyPath, Origin> {
  if (written.model.provider === config.model.provider && written.model.baseUrl === config.model.baseUrl) return origins;
  const from = origins["model.provider"];
  const own = { "model.base_url": from, "model.base_urls": from, "model.api_key": from } as const;
  return config.model.provider === "main" ? origins : { ...origins, ...own };
}

/** `terminal.container_cpu` becomes `terminal.containerCpu`. The type is derived from the same table: the cast states that. */
function arrange(home: string, decided: readonly { path: KeyPath; value: unknown }[]): Config {
  const top: Branch = {};
  for (const { path, value } of decided) {
    const names = path.split(".").map(camel);
    const last = names.pop() ?? path;
    let branch = top;
    for (const name of names) branch = branch[name] = isBranch(branch[name]) ? branch[name] : {};
    branch[last] = value;
  }
  return { ...top, home } as unknown as Config;
}

interface Branch {
  [name: string]: unknown;
}

function isBranch(value: unknown): value is Branch {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function camel(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function fromVariables(variables: Environment, late = false): Map<KeyPath, { name: string; value: string }> {
  const values = new Map<KeyPath, { name: string; value: string }>();
  for (const path of keyPaths) {
    const { env: name, emptyCounts, early } = keyOf(path);
    const value = name === undefined ? undefined : variables[name]?.trim();
    if (name === undefined || value === undefined || (late && early === true)) continue;
    // An empty variable is what compose files make of an unset one.
    if (value === "" && emptyCounts !== true) continue;
    values.set(path, { name, value });
  }
  return values;
}

function withoutEmpty(env: Environment): Record<string, string> {
  const kept = Object.entries(env).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [[name, value] as const],
  );
  return Object.fromEntries(kept);
}

async function readEnvFile(home: string): Promise<{ values: Readonly<Record<string, string>>; findings: readonly Finding[] }> {
  const { text, findings } = await readText(envFile(home));
  const content = parseEnvText(text, envFile(home));
  return { values: content.values, findings: [...findings, ...content.findings] };
}

async function readYamlFile(home: string, instead: string | undefined): Promise<YamlContent> {
  const { text, findings } = instead === undefined ? await readText(configFile(home)) : { text: instead, findings: [] };
  const content = readConfigText(text, configFile(home));
  return { settings: content.settings, findings: [...findings, ...content.findings] };
}

/** A missing file is empty; one that can't be read is a finding. */
async function readText(file: string): Promise<{ text: string; findings: Finding[] }> {
  try {
    return { text: await readFile(file, "utf8"), findings: [] };
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "unknown";
    if (code === "ENOENT") return { text: "", findings: [] };
    const message = `${file} can't be read (${code}); nothing in it is used.`;
    return { text: "", findings: [{ severity: "error", key: null, message, mend: "Make it a file that you may read." }] };
  }
}

import { type AuxiliaryTask, auxiliaryTasks } from "../core/model.ts";
import type { Finding } from "./findings.ts";
import type { Environment } from "./home.ts";
import type { Config } from "./keys.ts";
import type { Origin } from "./decide.ts";
import { nearest } from "./nearest.ts";
import type { FallbackEntry, ProviderEntry } from "./providers.ts";
import { wellKnown } from "./well-known.ts";

/** What `model.provider` says when it names no entry: the server is `model.base_url`, or looked for. */
const unnamed = ["auto", "main", "custom", "ollama", "vllm", "llamacpp", "llama-server", "lmstudio", "sglang"];

/** Whether a `provider` key names no entry: the main server is meant. */
export function isUnnamed(name: string): boolean {
  return unnamed.includes(name.toLowerCase());
}

/** The named servers of a configuration: `custom_providers`, then `providers`, then the hosted services that it names. */
export function namedProviders(config: Config): readonly ProviderEntry[] {
  const written = [...config.customProviders, ...config.providers].filter((entry) => entry.baseUrls.length > 0);
  return written.filter((entry, index) => written.findIndex((other) => other.name === entry.name) === index);
}

/** The entry that a `provider` key means, or null. The original writes `custom:NAME` too. */
export function providerNamed(config: Config, written: string): ProviderEntry | null {
  const name = written.replace(/^custom:/, "");
  const all = namedProviders(config);
  return all.find((entry) => entry.name === name) ?? all.find((entry) => entry.name.toLowerCase() === name.toLowerCase()) ?? null;
}

/**
 * The configuration with what its parts say of each other put together: keys read from their variables, hosted services that are named
 * given their addresses, and `model.*` filled from the entry that `model.provider` names.
 */
export function resolved(config: Config, variables: Environment, origins: Readonly<Record<string, Origin>>): Config {
  const withKeys = {
    ...config,
    customProviders: config.customProviders.map((entry) => completed(entry, variables)),
    providers: [...config.providers, ...hosted(config, variables)].map((entry) => completed(entry, variables)),
    fallbackProviders: config.fallbackProviders.map((entry) => withKey(entry, variables)),
  };
  return { ...withKeys, model: mainModel(withKeys, origins) };
}

function completed(entry: ProviderEntry, variables: Environment): ProviderEntry {
  const known = wellKnown[entry.name.toLowerCase()];
  const baseUrls = entry.baseUrls.length > 0 || known === undefined ? entry.baseUrls : [known.baseUrl];
  // A proxy under a service's name gets no key of that service unasked.
  if (known === undefined || baseUrls.some((each) => each !== known.baseUrl)) return withKey(entry, variables);
  const keyEnv = entry.keyEnv ?? (entry.apiKey === null ? known.keyEnv : null);
  return withKey({ ...entry, baseUrls, keyEnv }, variables);
}

function withKey<T extends ProviderEntry | FallbackEntry>(entry: T, variables: Environment): T {
  if (entry.apiKey !== null || entry.keyEnv === null) return entry;
  return { ...entry, apiKey: variables[entry.keyEnv]?.trim() || null };
}

/** Hosted services whose key is set. */
function hosted(config: Config, variables: Environment): readonly ProviderEntry[] {
  const taken = new Set([...config.customProviders, ...config.providers].map((entry) => entry.name.toLowerCase()));
  return Object.entries(wellKnown).flatMap(([name, { keyEnv }]) =>
    taken.has(name) || !variables[keyEnv]?.trim() ? [] : [bare(name, keyEnv)],
  );
}

function bare(name: string, keyEnv: string): ProviderEntry {
  const none = { apiKey: null, model: null, contextLength: null, contextLengths: {}, concurrency: null };
  return { name, baseUrls: [], keyEnv, apiMode: "auto", ...none };
}

/** `model` in force. OPENAI_BASE_URL, which beats config.yaml, beats its `model.provider` too. */
function mainModel(config: Config, origins: Readonly<Record<string, Origin>>): Config["model"] {
  const { model } = config;
  const entry = overruled(origins) ? null : providerNamed(config, model.provider);
  if (entry === null) {
    const baseUrls = [...new Set([...(model.baseUrl === null ? [] : [model.baseUrl]), ...(model.baseUrls ?? [])])];
    const provider = overruled(origins) ? "main" : model.provider;
    return { ...model, provider, baseUrl: baseUrls[0] ?? null, baseUrls };
  }
  const name = model.default ?? entry.model;
  return {
    ...model,
    provider: entry.name,
    default: name,
    baseUrl: entry.baseUrls[0] ?? null,
    baseUrls: entry.baseUrls,
    apiKey: entry.apiKey,
    apiMode: origins["model.api_mode"] === "default" ? entry.apiMode : model.apiMode,
    contextLength: model.contextLength ?? (name === null ? null : entry.contextLengths[name]) ?? entry.contextLength,
    concurrency: model.concurrency ?? entry.concurrency,
  };
}

function overruled(origins: Readonly<Record<string, Origin>>): boolean {
  return origins["model.base_url"] === "environment" || origins["model.base_url"] === ".env";
}

/** Findings about names that mean nothing, entries that hide each other, and variables of keys that are not set. */
export function providerFindings(
  written: Config,
  config: Config,
  variables: Environment,
  origins: Readonly<Record<string, Origin>>,
): Finding[] {
  return [
    ...overruling(written, origins),
    ...namesOf(written).flatMap(({ key, name }) => unknownName(config, key, name)),
    ...doubles(written),
    ...withoutAddress(config),
    ...withoutVariable(config, variables),
    ...withoutModel(config),
  ];
}

function overruling(written: Config, origins: Readonly<Record<string, Origin>>): Finding[] {
  const { provider, baseUrl } = written.model;
  if (isUnnamed(provider) || baseUrl === null) return [];
  if (overruled(origins)) {
    const message = `model.provider is ${provider}, but OPENAI_BASE_URL in ${placeOf(origins)} overrules it.`;
    return [{ severity: "warning", key: "model.provider", message, mend: "Remove OPENAI_BASE_URL to use the provider." }];
  }
  if (providerNamed(written, provider) === null) return [];
  const message = `model.base_url is not used: model.provider ${provider} has an address of its own.`;
  return [{ severity: "warning", key: "model.base_url", message, mend: "Remove one of the two." }];
}

function placeOf(origins: Readonly<Record<string, Origin>>): string {
  return origins["model.base_url"] === ".env" ? ".env" : "the environment";
}

function namesOf(config: Config): { key: string; name: string }[] {
  const main = config.model.baseUrl === null && config.model.baseUrls === null ? [config.model.provider] : [];
  return [
    ...main.map((name) => ({ key: "model.provider", name })),
    ...auxiliaryTasks.map((task) => ({ key: `auxiliary.${task}.provider`, name: auxiliaryOf(config, task).provider })),
    ...config.fallbackProviders.flatMap(({ provider, baseUrl }, index) =>
      provider === null || baseUrl !== null ? [] : [{ key: `fallback_providers[${index}].provider`, name: provider }],
    ),
  ];
}

/** A side job's section. */
export function auxiliaryOf(config: Config, task: AuxiliaryTask) {
  switch (task) {
    case "compression":
      return config.auxiliary.compression;
    case "title_generation":
      return config.auxiliary.titleGeneration;
    case "vision":
      return config.auxiliary.vision;
    case "session_search":
      return config.auxiliary.sessionSearch;
    case "approval":
      return config.auxiliary.approval;
    case "background_review":
      return config.auxiliary.backgroundReview;
  }
}

function unknownName(config: Config, key: string, name: string): Finding[] {
  if (isUnnamed(name) || providerNamed(config, name) !== null) return [];
  const known = wellKnown[name.toLowerCase()];
  const message = `${key} is ${name}, but no provider of that name is set up.`;
  const meant = nearest(name, [...namedProviders(config).map((entry) => entry.name), ...Object.keys(wellKnown)]);
  const mend =
    known !== undefined
      ? `Give its key with \`hermes config set ${known.keyEnv}\`, or set providers.${name}.base_url.`
      : meant !== null
        ? `Did you mean ${meant}?`
        : `Set providers.${name}.base_url, or add it with \`hermes model\`.`;
  return [{ severity: "error", key, message, mend }];
}

function doubles(config: Config): Finding[] {
  const names = [...config.customProviders, ...config.providers].map((entry) => entry.name);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  return [...new Set(twice)].map((name) => ({
    severity: "warning",
    key: "custom_providers",
    message: `Two providers are named ${name}; the first is used.`,
    mend: "Give each a name of its own.",
  }));
}

function withoutAddress(config: Config): Finding[] {
  return [...config.customProviders, ...config.providers]
    .filter((entry) => entry.baseUrls.length === 0)
    .map(({ name }) => ({
      severity: "error",
      key: `providers.${name}`,
      message: `The provider ${name} has no base_url; it is not used.`,
      mend: `Set providers.${name}.base_url.`,
    }));
}

/** A server of one's own has one model as a rule; of a hosted service's many, none can be meant. */
function withoutModel(config: Config): Finding[] {
  return auxiliaryTasks.flatMap((task): Finding[] => {
    const { provider, model, baseUrl } = auxiliaryOf(config, task);
    const entry = isUnnamed(provider) || baseUrl !== null ? null : providerNamed(config, provider);
    if (entry === null || entry.model !== null || model !== null || wellKnown[entry.name.toLowerCase()] === undefined) return [];
    const key = `auxiliary.${task}.provider`;
    const mend = `\`hermes config set auxiliary.${task}.model NAME\` names one.`;
    return [{ severity: "warning", key, message: `${key} is ${entry.name}, and no model of it is named.`, mend }];
  });
}

function withoutVariable(config: Config, variables: Environment): Finding[] {
  const all = [...config.customProviders, ...config.providers, ...config.fallbackProviders];
  const missing = all.flatMap(({ keyEnv }) => (keyEnv !== null && !variables[keyEnv]?.trim() ? [keyEnv] : []));
  return [...new Set(missing)].map((name) => ({
    severity: "warning",
    key: name,
    message: `${name} is the key of a provider (key_env), and it is not set.`,
    mend: `\`hermes config set ${name}\` keeps it in .env.`,
  }));
}

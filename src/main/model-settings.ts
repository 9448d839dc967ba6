import type { Config } from "../config/keys.ts";
import { auxiliaryOf, isUnnamed, namedProviders, providerNamed } from "../config/provider-names.ts";
import { type FallbackEntry, type ProviderEntry, hostOf } from "../config/providers.ts";
import type { AuxiliaryTask, ModelChoice } from "../core/model.ts";
import type { AuxiliarySetting, ModelSettings, ProviderSetting } from "../model/settings.ts";

/** What the configuration says of models. */
export function modelSettings(config: Config): ModelSettings {
  const { model, agent } = config;
  const baseUrls = model.baseUrls ?? (model.baseUrl === null ? [] : [model.baseUrl]);
  const main = baseUrls.length === 0 ? null : mainProvider(config, baseUrls);
  const named = namedProviders(config).map(provider);
  const fallbacks = config.fallbackProviders.map((entry) => fallback(entry, [...(main === null ? [] : [main]), ...named]));
  const own = fallbacks.flatMap(({ own: server }) => (server === null ? [] : [server]));
  return {
    main,
    found: mainProvider(config, []),
    providers: [...named, ...own].filter((each) => each.name !== main?.name),
    fallbacks: fallbacks.map(({ choice }) => choice),
    auxiliary: auxiliarySettings(config),
    probe: model.probe,
    effort: agent.reasoningEffort,
    maxTokens: model.maxTokens,
    stallMs: model.stallTimeoutSeconds * 1_000,
    prefillMs: model.prefillTimeoutSeconds * 1_000,
    slotPinning: model.slotPinning,
  };
}

function mainProvider(config: Config, baseUrls: readonly string[]): ProviderSetting {
  const { model } = config;
  const entry = providerNamed(config, model.provider);
  return {
    name: entry?.name ?? "main",
    baseUrls,
    apiKey: model.apiKey,
    keyPlace: entry === null ? "OPENAI_API_KEY (model.api_key)" : keyPlace(entry),
    apiMode: model.apiMode,
    model: model.default,
    contextLength: model.contextLength,
    contextLengths: model.contextLength === null ? (entry?.contextLengths ?? {}) : {},
    concurrency: model.concurrency,
  };
}

function provider(entry: ProviderEntry): ProviderSetting {
  const { name, baseUrls, apiKey, apiMode, model, contextLength, contextLengths, concurrency } = entry;
  return { name, baseUrls, apiKey, keyPlace: keyPlace(entry), apiMode, model, contextLength, contextLengths, concurrency };
}

function keyPlace({ name, keyEnv }: ProviderEntry): string {
  return keyEnv === null ? `providers.${name}.api_key` : `${keyEnv} (the key_env of ${name})`;
}

/** A fallback with an address of its own is a server without an entry: it gets a name to be found by. */
function fallback(entry: FallbackEntry, known: readonly ProviderSetting[]): { choice: ModelChoice; own: ProviderSetting | null } {
  const { provider: wanted, model, baseUrl, apiKey, keyEnv } = entry;
  const provider = wanted === null || isUnnamed(wanted) ? null : wanted;
  if (baseUrl === null || known.some(({ name }) => name === provider)) return { choice: { provider, model }, own: null };
  const name = provider ?? `fallback ${hostOf(baseUrl)}`;
  const place = keyEnv === null ? "key_env in fallback_providers" : `${keyEnv} (key_env in fallback_providers)`;
  const none = { contextLength: null, contextLengths: {}, concurrency: null };
  const own = { name, baseUrls: [baseUrl], apiKey, keyPlace: place, apiMode: "auto", model, ...none } as const;
  return { choice: { provider: name, model }, own };
}

function auxiliarySettings(config: Config): Readonly<Record<AuxiliaryTask, AuxiliarySetting>> {
  return {
    compression: auxiliary(config, "compression"),
    title_generation: auxiliary(config, "title_generation"),
    vision: auxiliary(config, "vision"),
    session_search: auxiliary(config, "session_search"),
    approval: auxiliary(config, "approval"),
    background_review: auxiliary(config, "background_review"),
  };
}

function auxiliary(config: Config, task: AuxiliaryTask): AuxiliarySetting {
  const { provider: wanted, model, baseUrl, apiKey, contextLength, timeout } = auxiliaryOf(config, task);
  const entry = providerNamed(config, wanted);
  const name = entry?.name ?? (isUnnamed(wanted) ? "auto" : wanted);
  return { provider: name, model, baseUrl, apiKey, contextLength, timeoutMs: timeout * 1_000 };
}

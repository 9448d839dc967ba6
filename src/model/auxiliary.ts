import { Failure } from "../core/failures.ts";
import type { AuxiliaryTask, ModelChoice } from "../core/model.ts";
import type { ModelSettings, ProviderSetting } from "./settings.ts";

/** The provider a choice means, with its model. Throws `config.invalid` when there is none of that name; `key` says who asks. */
export function chosen(settings: ModelSettings, choice: ModelChoice, key: string): ProviderSetting {
  const provider = choice.provider === null ? mainOf(settings) : named(settings, choice.provider, key);
  return choice.model === null ? provider : { ...provider, model: choice.model };
}

/** A side job's own provider; null when it is the main one as it is. */
export function auxiliaryProvider(settings: ModelSettings, task: AuxiliaryTask): ProviderSetting | null {
  const { provider, model, baseUrl, apiKey, contextLength } = settings.auxiliary[task];
  const automatic = provider === "auto" || provider === "";
  if (automatic && model === null && baseUrl === null) return null;
  const own = baseUrl !== null ? addressed(task, baseUrl) : automatic ? mainOf(settings) : named(settings, provider, keyOf(task));
  return {
    ...own,
    model: model ?? own.model,
    apiKey: apiKey ?? own.apiKey,
    keyPlace: apiKey === null ? own.keyPlace : `auxiliary.${task}.api_key`,
    contextLength: contextLength ?? own.contextLength,
    contextLengths: contextLength === null ? own.contextLengths : {},
  };
}

/** The main provider, or how to speak to whatever is found by probing. */
function mainOf(settings: ModelSettings): ProviderSetting {
  return settings.main ?? settings.found;
}

function keyOf(task: AuxiliaryTask): string {
  return `auxiliary.${task}.provider`;
}

function addressed(task: AuxiliaryTask, baseUrl: string): ProviderSetting {
  return {
    name: `auxiliary.${task}`,
    baseUrls: [baseUrl],
    apiKey: null,
    keyPlace: `auxiliary.${task}.api_key`,
    apiMode: "auto",
    model: null,
    contextLength: null,
    contextLengths: {},
    concurrency: null,
  };
}

function named(settings: ModelSettings, name: string, key: string): ProviderSetting {
  const main = mainOf(settings);
  if (name === main.name || name === "main") return main;
  const found = settings.providers.find((provider) => provider.name === name);
  if (found !== undefined) return found;
  const known = [main, ...settings.providers].map((provider) => provider.name).join(", ");
  throw new Failure("config.invalid", `${key} names the provider "${name}", and there is none of that name; there are ${known}`, {
    advice: `Set ${key} to one of these, or add it to custom_providers.`,
  });
}

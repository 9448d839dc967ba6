import type { Config } from "../config/keys.ts";
import { type AuxiliaryTask, auxiliaryTasks } from "../core/model.ts";
import type { AuxiliarySetting, ModelSettings, ProviderSetting } from "../model/settings.ts";

/** What the configuration says of models. */
export function modelSettings(config: Config): ModelSettings {
  const { model, agent } = config;
  return {
    main: model.baseUrl === null ? null : mainProvider(config, [model.baseUrl]),
    found: mainProvider(config, []),
    providers: [],
    fallbacks: [],
    auxiliary: Object.fromEntries(auxiliaryTasks.map((task) => [task, automatic])) as Record<AuxiliaryTask, AuxiliarySetting>,
    probe: model.probe,
    effort: agent.reasoningEffort,
    maxTokens: model.maxTokens,
    stallMs: model.stallTimeoutSeconds * 1_000,
    prefillMs: model.prefillTimeoutSeconds * 1_000,
    slotPinning: model.slotPinning,
  };
}

const automatic: AuxiliarySetting = {
  provider: "auto",
  model: null,
  baseUrl: null,
  apiKey: null,
  contextLength: null,
  timeoutMs: 120_000,
};

function mainProvider({ model }: Config, baseUrls: readonly string[]): ProviderSetting {
  return {
    name: "main",
    baseUrls,
    apiKey: model.apiKey,
    keyPlace: "OPENAI_API_KEY (model.api_key)",
    apiMode: model.apiMode,
    model: model.default,
    contextLength: model.contextLength,
    contextLengths: {},
    concurrency: model.concurrency,
  };
}

import type { Config } from "../config/keys.ts";
import { Failure } from "../core/failures.ts";
import type { Log } from "../core/log.ts";
import type { Model } from "../core/model.ts";
import { modelSettings } from "../main/model-settings.ts";
import { shownModel } from "../model/address.ts";
import { counted } from "../model/discovery/reading.ts";
import { openModels } from "../model/models.ts";
import type { ModelSettings } from "../model/settings.ts";

/** What a command line may say instead of the configuration. */
export interface Instead {
  readonly baseUrl?: string;
  readonly model?: string;
  readonly apiKey?: string;
}

/** Opens the configured model (or the one asked for instead) as the agent would, and closes it afterwards. Throws when no server answers. */
export async function withModel<Value>(
  config: Config,
  instead: Instead,
  use: (model: Model, settings: ModelSettings) => Promise<Value>,
): Promise<Value> {
  const settings = settingsFor(config, instead);
  const models = openModels({ settings: async () => settings, demo: false, log: silent });
  try {
    const model = await models.current();
    // Nothing is measured of a script, and a fallback's figures would be taken for the main model's.
    if (model.demonstration)
      throw new Failure("model.unreachable", "there is no model server", { advice: "`hermes model` connects one." });
    return await use(model, settings);
  } finally {
    await models.close();
  }
}

/** The settings with what was asked for instead; without fallbacks, whose figures would be taken for the model's own. */
function settingsFor(config: Config, { baseUrl, model, apiKey }: Instead): ModelSettings {
  const settings = modelSettings(config);
  const own = settings.main ?? settings.found;
  const main = {
    ...own,
    ...(baseUrl === undefined ? {} : { baseUrls: [baseUrl], model: null, apiKey: null, contextLength: null }),
    ...(model === undefined ? {} : { model }),
    ...(apiKey === undefined ? {} : { apiKey }),
  };
  const configured = settings.main !== null || baseUrl !== undefined;
  return {
    ...settings,
    main: configured ? main : null,
    found: configured ? settings.found : main,
    fallbacks: [],
    slotPinning: "off",
  };
}

/** The model, its server and what it takes, in one line. */
export async function aboutModel(model: Model, signal: AbortSignal): Promise<string> {
  const { kind, version, window, slots } = await model.facts(signal);
  const server = kind === "other" ? "" : `${kind}${version === null ? "" : ` ${version}`}`;
  const places = slots === null ? "" : `${slots} ${slots === 1 ? "slot" : "slots"}`;
  const takes = window === null ? "" : `${counted(window)} tokens a request`;
  const facts = [server, takes, places].filter((fact) => fact !== "").join(", ");
  return `${shownModel(model.name)} at ${model.server}${facts === "" ? "" : ` (${facts})`}`;
}

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

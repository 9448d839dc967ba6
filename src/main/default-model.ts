import { hostname } from "node:os";
import { loadConfig } from "../config/load.ts";
import { namedProviders } from "../config/provider-names.ts";
import { saveDefault, saveModel } from "../config/save-provider.ts";
import type { ModelChoice } from "../core/model.ts";
import type { Base } from "./base.ts";

/** Makes a model the default in this machine's config.yaml; says what took effect, and where not. */
export async function makeDefaultModel(base: Base, { provider, model }: ModelChoice): Promise<string> {
  const { home } = base.config;
  const config = await base.follow.refresh();
  const entry = namedProviders(config).find(({ name }) => name === provider);
  const [baseUrl] = entry?.baseUrls ?? [];
  if (entry !== undefined && baseUrl !== undefined && model !== null)
    await saveDefault(home, { name: entry.name, baseUrl, model, apiMode: null, apiKey: null, contextLength: null });
  else if (model !== null) await saveModel(home, model);
  await base.follow.refresh();
  const { config: saved } = await loadConfig({ env: base.env, home });
  const overruled = entry !== undefined && saved.model.provider !== entry.name;
  if (overruled) return "It is saved, but OPENAI_BASE_URL in the environment overrules it until that is unset.";
  return `${placeSaved(base)} It counts for everybody from the next message on, except where a conversation has its own.`;
}

/** Where a change was written: with workers on other machines, each has a config.yaml of its own. */
export function placeSaved(base: Base): string {
  return base.mode === "all"
    ? "It is saved in config.yaml."
    : `It is saved in config.yaml on ${hostname()}; other machines keep theirs.`;
}

/** Says at the start why the model server can't be asked, so that it is seen before the first message is. Holds nothing up. */
export function tellOfSilence({ models, log, stack }: Base): void {
  const stop = new AbortController();
  stack.defer(async () => stop.abort());
  const look = async (): Promise<void> => {
    const [first] = await models.listings(stop.signal);
    if (stop.signal.aborted || first === undefined || first.failure === null) return;
    log.warn({}, `The model server can't be asked yet: ${first.failure}`);
  };
  look().catch((error: unknown) => log.debug({ error }, "the model server could not be looked at"));
}

import { whenItCounts } from "../config/effects.ts";
import { type Config, findKey, type KeyPath, keyOf, keyPaths } from "../config/keys.ts";
import { loadConfig } from "../config/load.ts";
import { auxiliaryOf, isUnnamed, namedProviders, providerNamed } from "../config/provider-names.ts";
import { knownKey, setKey, unsetKey } from "../config/set.ts";
import { getKey } from "../config/show.ts";
import { Failure } from "../core/failures.ts";
import { auxiliaryTasks, type Models, type ProviderListing } from "../core/model.ts";
import type { ConfigurationPorts } from "../core/tool.ts";

/** What the agent's own settings are read from and written to. */
export interface ConfigurationParts {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly models: Pick<Models, "listings">;
  /** Says where changes are written. */
  placeSaved(): string;
}

/** Sections that anybody who may speak to the agent may read; secrets are in none of their answers. */
const readable = ["model", "compression", "auxiliary", "agent", "display", "custom_providers", "providers", "fallback_providers"];

/** The agent's own settings, as its tool reads and changes them. One change at a time. */
export function openConfiguration(parts: ConfigurationParts): ConfigurationPorts {
  let last: Promise<unknown> = Promise.resolve();
  return {
    get: (key) => inWords(read(parts, key)),
    set: (key, value) => {
      const change = last.then(() => inWords(write(parts, key, value)));
      last = change.catch(() => undefined);
      return change;
    },
  };
}

/** The model reads an error's message alone: the mend belongs into it. */
async function inWords(work: Promise<string>): Promise<string> {
  try {
    return await work;
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.advice === null) throw thrown;
    throw new Failure(thrown.code, `${thrown.message} ${thrown.advice}`, { cause: thrown });
  }
}

async function read(parts: ConfigurationParts, name: string): Promise<string> {
  const paths = pathsUnder(name);
  const loaded = await loadConfig({ env: parts.env, home: parts.home });
  const lines = paths.map((path) => {
    const { value, origin } = getKey(loaded, path);
    return `${path}: ${value}${origin === "default" ? " (default)" : ""}  # ${keyOf(path).doc}`;
  });
  return lines.join("\n");
}

/** The keys that a name means: one, a section's, or all. */
function pathsUnder(name: string): readonly KeyPath[] {
  const path = name === "model" ? null : findKey(name);
  const all = keyPaths.filter((each) => readable.includes(each.replace(/\..*/, "")) && keyOf(each).secret !== true);
  const found =
    path === null ? all.filter((each) => name === "" || each.startsWith(`${name}.`)) : all.filter((each) => each === path);
  if (found.length > 0) return found;
  if (path !== null) throw new Failure("config.invalid", `${path} is not shown in chat.`);
  return [knownKey(name)].filter((each) => all.includes(each));
}

async function write(parts: ConfigurationParts, name: string, value: string): Promise<string> {
  const path = knownKey(name === "model" ? "model.default" : name);
  if (keyOf(path).chat !== true)
    throw new Failure(
      "config.invalid",
      `${path} can't be changed from chat. On the machine itself: hermes config set ${path}${keyOf(path).secret === true ? "" : " VALUE"}`,
    );
  const { config } = await loadConfig({ env: parts.env, home: parts.home });
  const remark = value === "" ? "" : await checked(parts, config, path, value);
  const { changed } = value === "" ? await unsetKey(parts.home, path) : await setKey(parts.home, path, value);
  const after = await loadConfig({ env: parts.env, home: parts.home });
  const { value: now, origin } = getKey(after, path);
  if (origin === "environment") return `Saved, but ${keyOf(path).env} in the environment overrules it: ${path} is still ${now}.`;
  const done = changed ? `${path} is ${now} now. ${parts.placeSaved()}` : `${path} was ${now} already.`;
  return [done, when(path, after.config), remark].filter(Boolean).join(" ");
}

function when(path: KeyPath, { compression }: Config): string {
  const share = `${Math.round(compression.threshold * 100)} % of the window`;
  return keyOf(path).effect === "compression"
    ? `${whenItCounts(path)} That is when its context reaches ${share}.`
    : whenItCounts(path);
}

/** Refuses a provider that is not set up, and a model that its server does not have; a remark where the server could not be asked. */
async function checked(parts: ConfigurationParts, config: Config, path: KeyPath, value: string): Promise<string> {
  if (path.endsWith(".provider")) return knownProvider(config, path, value);
  const provider = providerOfModel(config, path);
  if (provider === null) return "";
  const listings = await parts.models.listings(AbortSignal.timeout(listMs));
  const own = listings.find((each) => each.provider === provider) ?? null;
  if (own?.models.includes(value)) return "";
  if (own === null || own.failure !== null) return `Its server could not be asked whether it has ${value}.`;
  const elsewhere = listings.find((each) => each.models.includes(value));
  const advice =
    elsewhere === undefined
      ? `It lists ${own.models.slice(0, mostListed).join(", ")}.`
      : `The provider ${elsewhere.provider} has it: set ${path.replace(/[^.]+$/, "provider")} to ${elsewhere.provider} first.`;
  throw new Failure("model.refused", `${nameOf(own)} has no model ${value}; nothing was changed. ${advice}`);
}

const listMs = 5_000;
const mostListed = 20;

function nameOf({ provider, server }: ProviderListing): string {
  return provider === "main" ? server : provider;
}

/** The provider whose model a key names; null for other keys, and where the model is at a server of its own. */
function providerOfModel(config: Config, path: KeyPath): string | null {
  const main = providerNamed(config, config.model.provider)?.name ?? "main";
  if (path === "model.default") return main;
  const task = auxiliaryTasks.find((each) => path === `auxiliary.${each}.model`);
  if (task === undefined) return null;
  const { provider, baseUrl } = auxiliaryOf(config, task);
  if (baseUrl !== null) return null;
  return providerNamed(config, provider)?.name ?? (isUnnamed(provider) ? main : provider);
}

function knownProvider(config: Config, path: KeyPath, value: string): string {
  if (isUnnamed(value)) return "";
  const entry = providerNamed(config, value);
  if (entry === null) {
    const names = ["auto", ...namedProviders(config).map(({ name }) => name)].join(", ");
    throw new Failure("config.invalid", `There is no provider ${value}; nothing was changed. There are: ${names}.`);
  }
  const model = path.replace(/[^.]+$/, path.startsWith("model.") ? "default" : "model");
  return entry.model === null ? `Set ${model} too, to a model that ${entry.name} has.` : "";
}

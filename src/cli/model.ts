import { loadConfig, type Loaded } from "../config/load.ts";
import { namedProviders, providerNamed } from "../config/provider-names.ts";
import { hostOf, type ProviderEntry } from "../config/providers.ts";
import { saveDefault, saveModel } from "../config/save-provider.ts";
import { Failure } from "../core/failures.ts";
import { redact } from "../core/redact.ts";
import { shownAddress, tidyAddress } from "../model/address.ts";
import { connect } from "../model/connection.ts";
import { discover } from "../model/facts.ts";
import { type Context, type Define, exits } from "./context.ts";
import { apiModes, askMode, askModel, askWhich, askWindow, preferredModel, readWindow, unknownModel } from "./model-questions.ts";
import { findModels, type ModelServer } from "./model-server.ts";

interface Options {
  readonly baseUrl?: string;
  readonly model?: string;
  readonly apiKey?: string;
  readonly apiMode?: string;
  readonly contextLength?: string;
  readonly name?: string;
  readonly yes?: boolean;
}

/** `hermes model`: shows the model server; with flags or answers, verifies another one, saves it and makes it the default. */
export const define: Define = (command, context) => {
  command
    .option("--base-url <address>", "the model server's address, such as http://127.0.0.1:8000/v1")
    .option("--model <name>", "the model to use; the server's first one otherwise")
    .option("--api-key <key>", "the server's key, if it wants one")
    .option("--api-mode <mode>", "auto, chat_completions, responses or anthropic_messages")
    .option("--context-length <tokens>", "the model's window; otherwise the server is asked")
    .option("--name <name>", "what to call the server; its host and port otherwise")
    .option("-y, --yes", "save without asking")
    .action(async (options: Options) => {
      const loaded = await loadConfig({ env: context.env, home: context.home });
      showCurrent(context, loaded);
      const wanted = await wishes(context, loaded, options);
      if (wanted !== null) await connectModel(context, loaded, wanted);
    });
};

function showCurrent(context: Context, { config }: Loaded): void {
  const { model } = config;
  context.print(`Current model: ${model.default ?? "the first one that the server lists"}`);
  const named = providerNamed(config, model.provider);
  const address = model.baseUrl === null ? null : shownAddress(model.baseUrl);
  const unset = `none set; tried in turn: ${model.probe.join(", ") || "none"}`;
  context.print(`Active provider: ${address === null ? unset : named === null ? address : `${named.name} (${address})`}`);
}

/** What to connect: flags, or what a person chose and typed. `asked` says whether the rest is asked for too. */
interface Wish {
  readonly options: Options;
  /** The entry that is meant, when there is one. */
  readonly entry: ProviderEntry | null;
  readonly asks: NonNullable<Context["ask"]> | null;
}

async function wishes(context: Context, loaded: Loaded, options: Options): Promise<Wish | null> {
  const { yes: _yes, ...given } = options;
  const asks = options.yes === true ? null : context.ask;
  if (Object.keys(given).length > 0) return { options: checked(options), entry: entryOf(loaded, options), asks };
  if (asks === null) return null;
  const entries = namedProviders(loaded.config);
  const chosen = entries.length > 1 ? await askWhich(context, asks, entries) : "new";
  if (chosen === null) return null;
  if (chosen !== "new") return { options: { name: chosen.name }, entry: chosen, asks };
  context.print("Custom OpenAI-compatible endpoint configuration:");
  const baseUrl = await asks("API base URL [e.g. https://api.example.com/v1; Enter to leave it as it is]: ");
  if (baseUrl === "") return null;
  const apiKey = await asks("API key [optional]: ", "hidden");
  const typed = { baseUrl, ...(apiKey === "" ? {} : { apiKey }) };
  return { options: typed, entry: entryOf(loaded, typed), asks };
}

/** Refuses values that no server could mend. */
function checked(options: Options): Options {
  const { apiMode, contextLength } = options;
  if (apiMode !== undefined && modeOf(apiMode) === null) {
    throw new Failure("config.invalid", `there is no API mode ${apiMode}.`, {
      advice: `Modes: ${apiModes.map(({ mode }) => mode).join(", ")}.`,
    });
  }
  if (contextLength !== undefined && contextLength !== "auto" && readWindow(contextLength) === null) {
    throw new Failure("config.invalid", `${contextLength} is no context length.`, {
      advice: "Give a whole number of at least 1024.",
    });
  }
  return options;
}

function modeOf(written: string): string | null {
  const mode = { "auto-detect": "auto", codex_responses: "responses" }[written] ?? written;
  return apiModes.find((each) => each.mode === mode)?.mode ?? null;
}

/** The entry that the name or the address means; without either, the one in force. */
function entryOf({ config }: Loaded, { baseUrl, name }: Options): ProviderEntry | null {
  const all = namedProviders(config);
  if (name !== undefined) return all.find((entry) => entry.name === name) ?? null;
  if (baseUrl === undefined) return providerNamed(config, config.model.provider);
  const address = tidyAddress(baseUrl);
  return all.find((entry) => entry.baseUrls.some((each) => [address, `${address}/v1`].includes(tidyAddress(each)))) ?? null;
}

async function connectModel(context: Context, { config }: Loaded, { options, entry, asks }: Wish): Promise<void> {
  const address = options.baseUrl ?? entry?.baseUrls[0] ?? config.model.baseUrl;
  if (address === null)
    throw new Failure("config.invalid", "no model server is set.", { advice: "Give its address with --base-url." });
  const inForce = options.baseUrl === undefined && entry === null;
  const apiKey = options.apiKey ?? entry?.apiKey ?? (inForce ? config.model.apiKey : null);
  const place = entry?.keyEnv ?? (entry === null ? undefined : `providers.${entry.name}.api_key`);
  const server = await findModels(address, apiKey, AbortSignal.timeout(60_000), place);
  const count = `${server.models.length} model(s) visible`;
  context.print(`Verified endpoint via ${shownAddress(server.baseUrl)}/models (${count})`);
  if (options.baseUrl !== undefined && server.baseUrl !== address)
    context.print(`Corrected the address: ${redact(address)} → ${shownAddress(server.baseUrl)}`);
  const known = entry !== null && options.baseUrl === undefined;
  const settled = await settle(context, { options, entry, asks: asks }, server, { apiKey, current: config.model.default, known });
  if (settled === null) return context.exit(exits.failure);
  if (inForce && options.name === undefined) return await saveOnlyModel(context, server, settled.model);
  await save(context, server, settled, options.apiKey ?? null);
}

interface Settled {
  readonly model: string;
  readonly apiMode: string | null;
  readonly contextLength: number | "auto" | null;
  readonly name: string;
}

interface Known {
  readonly apiKey: string | null;
  readonly current: string | null;
  /** The server is set up: only the model is asked for. */
  readonly known: boolean;
}

/** Everything that is saved, from flags, answers, and what the entry has; null when the person said no. */
async function settle(
  context: Context,
  wish: Wish,
  server: ModelServer,
  { apiKey, current, known }: Known,
): Promise<Settled | null> {
  const { options, entry } = wish;
  const asks = known ? null : wish.asks;
  const flagged = options.apiMode === undefined ? null : modeOf(options.apiMode);
  const apiMode = flagged ?? (asks === null ? null : await askMode(context, asks, entry?.apiMode ?? "auto"));
  if (apiMode !== null) context.print(`API mode: ${apiModes.find(({ mode }) => mode === apiMode)?.short ?? apiMode}`);
  const model = await modelOf(context, wish, server, entry?.model ?? current);
  if (model === null) return null;
  const asked = options.contextLength === undefined && asks !== null ? await askWindow(context, asks) : null;
  const wanted = asked ?? (options.contextLength === undefined ? null : (readWindow(options.contextLength) ?? "auto"));
  const contextLength = await fitting(context, server, model, apiKey, wanted);
  const usual = entry?.name ?? hostOf(server.baseUrl);
  const typed = options.name ?? (asks === null ? "" : await asks(`Display name [${usual}]: `));
  return { model, apiMode, contextLength, name: typed === "" ? usual : typed };
}

async function modelOf(
  context: Context,
  { options, asks }: Wish,
  server: ModelServer,
  current: string | null,
): Promise<string | null> {
  const { model } = options;
  if (model !== undefined && !server.models.includes(model)) throw unknownModel(model, server);
  if (options.yes === true) return model ?? preferredModel(server, current);
  if (asks !== null) return model ?? (await askModel(context, asks, server, current));
  preferredModel(server, current);
  throw new Failure("config.invalid", "nothing was saved: there is no terminal to ask at.", {
    advice: "Add --yes to save without asking.",
  });
}

/** Never more than the server gives: then it is left to the server. */
async function fitting(
  context: Context,
  server: ModelServer,
  model: string,
  apiKey: string | null,
  wanted: number | "auto" | null,
): Promise<number | "auto" | null> {
  const connection = connect(apiKey);
  try {
    const { facts } = await discover(connection, server.baseUrl, model, null, AbortSignal.timeout(10_000));
    for (const remark of facts.remarks) context.print(remark);
    if (facts.window !== null && wanted === "auto") context.print(`Context length: ${facts.window} tokens, as the server says.`);
    if (typeof wanted !== "number" || facts.window === null || wanted <= facts.window) return wanted;
    context.print(`The server gives ${facts.window} tokens, less than ${wanted}: the server's is used.`);
    return "auto";
  } finally {
    await connection.close();
  }
}

async function save(context: Context, server: ModelServer, { name, ...chosen }: Settled, apiKey: string | null): Promise<void> {
  const { list, file } = await saveDefault(context.home, { name, baseUrl: server.baseUrl, apiKey, ...chosen });
  context.print(`Default model set to: ${chosen.model} (via ${shownAddress(server.baseUrl)})`);
  const where = list === "providers" ? "providers" : "custom providers";
  context.print(`💾 Saved to ${where} as "${name}" (edit in ${file})`);
  await overruled(context);
}

async function saveOnlyModel(context: Context, server: ModelServer, model: string): Promise<void> {
  const file = await saveModel(context.home, model);
  context.print(`Default model set to: ${model} (via ${shownAddress(server.baseUrl)})`);
  context.print(`💾 Saved in ${file}`);
}

async function overruled(context: Context): Promise<void> {
  const { origins } = await loadConfig({ env: context.env, home: context.home });
  if (origins["model.base_url"] === "environment")
    context.remark("But OPENAI_BASE_URL in the environment overrules it: unset that too.");
}

import { loadConfig, type Loaded } from "../config/load.ts";
import { namedProviders } from "../config/provider-names.ts";
import { hostOf, type ProviderEntry } from "../config/providers.ts";
import { saveDefault, saveModel } from "../config/save-provider.ts";
import { Failure } from "../core/failures.ts";
import { redact } from "../core/redact.ts";
import { shownAddress, tidyAddress } from "../model/address.ts";
import { connect, type Connection } from "../model/connection.ts";
import { discover } from "../model/facts.ts";
import { detectMode, speaks } from "../model/modes/detect.ts";
import { type Context, exits } from "./context.ts";
import {
  apiModes,
  askMode,
  askModel,
  askName,
  askWindow,
  checkedName,
  meantModel,
  modeOf,
  preferredModel,
  readWindow,
} from "./model-questions.ts";
import { findModels, type ModelServer } from "./model-server.ts";

/** What the flags said. */
export interface Options {
  readonly baseUrl?: string;
  readonly model?: string;
  readonly apiKey?: string;
  readonly apiMode?: string;
  readonly contextLength?: string;
  readonly name?: string;
  readonly yes?: boolean;
}

/** What to connect: flags, or what a person chose and typed. */
export interface Wish {
  readonly options: Options;
  /** The entry that is meant, when there is one. */
  readonly entry: ProviderEntry | null;
  /** Asks for the rest; null when nothing is to be asked. */
  readonly asks: NonNullable<Context["ask"]> | null;
  /** The server, when it has been verified already. */
  readonly server?: ModelServer;
}

/** Verifies a server, settles what is open, saves it and makes it the default. Nothing is written before the last answer. */
export async function connectModel(context: Context, loaded: Loaded, wish: Wish): Promise<void> {
  const target = targetOf(loaded, wish);
  const server = wish.server ?? (await verify(context, loaded, wish));
  const connection = connect(target.apiKey);
  try {
    const settled = await settle(context, { connection, server, loaded }, wish);
    if (settled === null) return context.exit(exits.failure);
    if (target.inForce && wish.options.name === undefined) await saveOnlyModel(context, server, settled.model);
    else await save(context, server, settled, wish.options.apiKey ?? null);
  } finally {
    await connection.close();
  }
}

interface Target {
  readonly address: string;
  readonly apiKey: string | null;
  /** Where its key is set, for a message. */
  readonly keyPlace: string | undefined;
  /** The server in force, which has no entry. */
  readonly inForce: boolean;
}

function targetOf({ config }: Loaded, { options, entry }: Wish): Target {
  const address = options.baseUrl ?? entry?.baseUrls[0] ?? config.model.baseUrl;
  if (address === null)
    throw new Failure("config.invalid", "no model server is set.", { advice: "Give its address with --base-url." });
  const inForce = options.baseUrl === undefined && entry === null;
  const own = entry === null ? null : entry.apiKey;
  const keyPlace = entry === null ? undefined : (entry.keyEnv ?? `providers.${entry.name}.api_key`);
  return { address, apiKey: options.apiKey ?? own ?? (inForce ? config.model.apiKey : null), keyPlace, inForce };
}

/** Asks the server for its models, and says what it found. Throws `model.unreachable`, `model.refused`, `model.broken` with the mend. */
export async function verify(context: Context, loaded: Loaded, wish: Wish): Promise<ModelServer> {
  const { options } = wish;
  const { address, apiKey, keyPlace } = targetOf(loaded, wish);
  const server = await findModels(address, apiKey, AbortSignal.timeout(60_000), keyPlace, "--api-key");
  preferredModel(server, null);
  context.print(`Verified endpoint via ${shownAddress(server.baseUrl)}/models (${server.models.length} model(s) visible)`);
  if (options.baseUrl !== undefined && server.baseUrl !== address)
    context.print(`Corrected the address: ${redact(address)} → ${shownAddress(server.baseUrl)}`);
  return server;
}

/** A verified server, and how to ask it more. */
interface Verified {
  readonly connection: Connection;
  readonly server: ModelServer;
  readonly loaded: Loaded;
}

interface Settled {
  readonly name: string;
  readonly model: string;
  readonly apiMode: string | null;
  readonly contextLength: number | "auto" | null;
}

/** Everything that is saved, from flags, answers, and what the entry has; null when the person said no. */
async function settle(context: Context, verified: Verified, wish: Wish): Promise<Settled | null> {
  // Of a server that is set up already, only the model is asked for.
  const rest = wish.entry !== null && wish.options.baseUrl === undefined ? { ...wish, asks: null } : wish;
  const apiMode = await settleMode(context, verified, rest);
  const model = await settleModel(context, verified, wish);
  if (model === null) return null;
  const contextLength = await settleWindow(context, verified, rest, model);
  return { model, apiMode, contextLength, name: await settleName(context, verified, rest) };
}

async function settleMode(
  context: Context,
  { connection, server }: Verified,
  { options, entry, asks }: Wish,
): Promise<string | null> {
  const flagged = options.apiMode === undefined ? null : modeOf(options.apiMode);
  const chosen = flagged ?? (asks === null ? null : await askMode(context, asks, entry?.apiMode ?? "auto"));
  if (chosen === null) return null;
  const signal = AbortSignal.timeout(askMs);
  const told = chosen === "auto" ? await detectMode(connection, server.baseUrl, signal) : null;
  const word = (mode: string): string => apiModes.find((each) => each.mode === mode)?.short ?? mode;
  context.print(`API mode: ${word(chosen)}${told === null ? "" : ` (${word(told)})`}`);
  const mode = wireModes.find((each) => each === chosen);
  if (mode !== undefined && !(await speaks(connection, server.baseUrl, mode, signal)))
    context.remark(
      `But ${shownAddress(server.baseUrl)} does not answer to ${word(mode)}: auto-detect would ask it in a way that it knows.`,
    );
  return chosen;
}

const wireModes = ["chat_completions", "responses", "anthropic_messages"] as const;

async function settleModel(
  context: Context,
  { server, loaded }: Verified,
  { options, entry, asks }: Wish,
): Promise<string | null> {
  const model = options.model === undefined ? undefined : meantModel(options.model, server);
  const likely = entry?.model ?? loaded.config.model.default;
  if (options.yes === true) return model ?? preferredModel(server, likely);
  if (asks !== null) return model ?? (await askModel(context, asks, server, likely));
  throw new Failure("config.invalid", "nothing was saved: there is no terminal to ask at.", {
    advice: "Add --yes to save without asking.",
  });
}

/** Never more than the server gives: then it is left to the server. */
async function settleWindow(
  context: Context,
  { connection, server }: Verified,
  { options, asks }: Wish,
  model: string,
): Promise<number | "auto" | null> {
  const flagged = options.contextLength === undefined ? null : (readWindow(options.contextLength) ?? "auto");
  const wanted = flagged ?? (asks === null ? null : await askWindow(context, asks));
  const { facts } = await discover(connection, server.baseUrl, model, null, AbortSignal.timeout(askMs));
  for (const remark of facts.remarks) context.print(remark);
  if (facts.window === null || wanted === null) return wanted;
  if (wanted === "auto") context.print(`Context length: ${facts.window} tokens, as the server says.`);
  if (wanted === "auto" || wanted <= facts.window) return wanted;
  context.print(`The server gives ${facts.window} tokens, less than ${wanted}: the server's is used.`);
  return "auto";
}

/** Servers answer such questions at once. */
const askMs = 10_000;

async function settleName(context: Context, { server, loaded }: Verified, { options, entry, asks }: Wish): Promise<string> {
  const usual = entry?.name ?? hostOf(server.baseUrl);
  const others = namedElsewhere(loaded, server, options.baseUrl === undefined ? entry : null);
  const flagged = options.name === undefined || options.name === "" ? null : checkedName(options.name);
  if (flagged === null && asks !== null && options.name === undefined) return await askName(context, asks, usual, others);
  const name = flagged ?? usual;
  const replaced = others.get(name);
  if (replaced !== undefined) context.remark(`${name} was ${replaced} until now; it is replaced. Another --name keeps both.`);
  return name;
}

/** The names that other servers have, with their addresses. */
function namedElsewhere({ config }: Loaded, { baseUrl }: ModelServer, own: ProviderEntry | null): ReadonlyMap<string, string> {
  const here = ({ name, baseUrls }: ProviderEntry): boolean =>
    name === own?.name || baseUrls.some((each) => [tidyAddress(each), `${tidyAddress(each)}/v1`].includes(baseUrl));
  const others = namedProviders(config).filter((entry) => !here(entry));
  return new Map(others.map(({ name, baseUrls: [address = ""] }) => [name, shownAddress(address)]));
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

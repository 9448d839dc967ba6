import { Failure } from "../core/failures.ts";
import type { Log } from "../core/log.ts";
import type {
  AuxiliaryTask,
  Effort,
  Model,
  ModelChoice,
  ModelFacts,
  ModelRequest,
  Models,
  ProviderListing,
} from "../core/model.ts";
import { shownAddress } from "./address.ts";
import { newAffinity, type Affinity } from "./affinity.ts";
import { auxiliaryProvider, chosen } from "./auxiliary.ts";
import { chatModel, type Target } from "./chat.ts";
import { effortFields } from "./effort.ts";
import { newFinder, type Finder } from "./finder.ts";
import { keyRefused } from "./plan.ts";
import { defaultPace, type Pace } from "./pace.ts";
import { newPinning, type Pinning } from "./pinning.ts";
import { newPool, type Pool, type Site } from "./pool.ts";
import type { ModelSettings, ProviderSetting } from "./settings.ts";
import { judge } from "./verdict.ts";
import { toWire } from "./wire.ts";

/** Where a process's models come from. */
export interface ModelOptions {
  /** What the configuration says, asked at each use. */
  settings(): Promise<ModelSettings>;
  /** Whether the built-in script answers when no server does. */
  readonly demo: boolean;
  readonly log: Log;
  readonly pace?: Pace;
  /** How many processes ask the same servers; default one. */
  workers?(): number;
}

/** The models of one process. Nothing is asked of any server before the first `current()`. */
export function openModels(options: ModelOptions): Models {
  const parts = newParts(options);
  const { pool, pinning, finder } = parts;
  return {
    current: async (session) => {
      const configured = await options.settings();
      const settings = { ...configured, effort: session?.choice?.effort ?? configured.effort };
      const main = await mainTargets(parts, settings, session?.choice ?? null);
      return await modelOf(parts, settings, [...main, ...fallbacks(parts, settings)], session?.id ?? null);
    },
    auxiliary: async (task) => {
      const settings = await options.settings();
      return await modelOf(parts, auxiliarySettings(settings, task), await auxiliaryTargets(parts, settings, task), null);
    },
    listings: async (signal) => {
      const { main, found, probe, providers } = await options.settings();
      const looked = main === null ? await finder.find(found, probe, true) : [];
      const seen = looked.map(({ sites }) => ({ ...found, baseUrls: sites.map(({ server }) => server.address) }));
      const all = [...(main === null ? seen : [main]), ...providers];
      return await Promise.all(all.map((provider) => listing(pool, provider, signal)));
    },
    close: async () => {
      await pinning.close();
      await finder.close();
      await pool.close();
    },
  };
}

interface Parts {
  readonly options: ModelOptions;
  readonly pace: Pace;
  readonly pool: Pool;
  readonly affinity: Affinity;
  readonly pinning: Pinning;
  readonly finder: Finder;
  /** What the log was told of, once each. */
  readonly complained: Set<string>;
}

function newParts(options: ModelOptions): Parts {
  const { log, demo, pace = defaultPace } = options;
  const workers = options.workers ?? (() => 1);
  const pool = newPool({ log, workers, placeMs: pace.placeMs, placeEveryMs: pace.placeEveryMs });
  const pinning = newPinning({ log, workers, idleMs: pace.idleMs });
  const finder = newFinder({ log, demo, pool, lookAgainMs: pace.lookAgainMs, demoPieceMs: pace.demoPieceMs });
  return { options, pace, pool, affinity: newAffinity(), pinning, finder, complained: new Set() };
}

/** How long `current()` waits to learn a server's models; the stream asks again with more patience. */
const listMs = 2_000;

async function modelOf(
  parts: Parts,
  settings: ModelSettings,
  targets: readonly Target[],
  session: string | null,
): Promise<Model> {
  const { pool: _pool, pace, affinity, pinning, options } = parts;
  const [first, ...others] = targets;
  if (first === undefined) throw noneFound(settings.probe);
  const model = chatModel({
    settings,
    pace,
    log: options.log,
    targets: [first, ...others],
    affinity,
    session,
    learn: (at, signal) => ready(parts, at, signal),
    facts: (at, signal) => learn(parts, at, signal),
    count: (at, request, signal) => count(parts, at, { request, effort: settings.effort }, signal),
    pin: (site, request) => pinning.pin(site, request, settings.slotPinning),
    rested: (site) => pinning.rested(site, settings.slotPinning),
  });
  const site = first.sites[0];
  // Trouble here is the stream's to tell, in its own words and after its own retries.
  if (site?.server.model === null) await site.server.settle(AbortSignal.timeout(listMs)).catch(() => undefined);
  return model;
}

/** What a server tells of its model, remembered where the gate looks too. */
async function learn({ options, complained }: Parts, site: Site, signal: AbortSignal): Promise<ModelFacts> {
  const { server, facts, host } = site;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(learnMs)]);
  if (server.model === null) await server.settle(limit).catch(() => undefined);
  const learnt = await facts.learn(server.address, server.model ?? "", limit);
  const told = facts.known(server.address, server.model ?? "") ?? host.facts;
  // Started with another number of slots: which of them hold what is not known any more.
  if (host.facts !== null && host.facts.slots !== told?.slots) host.slotsChanged();
  host.facts = told;
  for (const remark of learnt.remarks) {
    const line = `${shownAddress(server.address)}: ${remark}`;
    if (!complained.has(line)) options.log.warn({ model: server.model }, line);
    complained.add(line);
  }
  return learnt;
}

/** A server answers this at once, busy or not. */
const learnMs = 2_000;

/** What is known will do to send a request; what changed is learnt beside it. */
async function ready(parts: Parts, site: Site, signal: AbortSignal): Promise<void> {
  const { server, facts } = site;
  const known = server.model !== null && facts.known(server.address, server.model) !== null;
  const learning = learn(parts, site, signal);
  if (!known) await learning;
}

/** What thinking is asked for is part of the prompt: templates write it there. */
async function count(
  parts: Parts,
  site: Site,
  { request, effort }: { readonly request: ModelRequest; readonly effort: Effort },
  signal: AbortSignal,
): Promise<number | null> {
  const facts = await learn(parts, site, signal);
  const { server, counter } = site;
  const body = toWire(request, { model: server.model ?? "default", maxTokens: null, progress: false });
  const thinking = effortFields(facts, request.effort ?? effort);
  return await counter.count(server.address, facts.kind, { ...body, ...thinking }, signal);
}

function target(parts: Parts, provider: ProviderSetting): Target {
  const sites = provider.baseUrls.map((address) => parts.pool.site(provider, address));
  return { provider, sites, demonstration: false, gone: () => undefined };
}

/** The configured or chosen model; without a configured server whatever is found, or the demonstration. */
async function mainTargets(parts: Parts, settings: ModelSettings, choice: ModelChoice | null): Promise<readonly Target[]> {
  const provider = pickedOr(parts, settings, choice);
  if (provider.baseUrls.length > 0) return [target(parts, provider)];
  const helped = settings.fallbacks.length > 0;
  return await parts.finder.find(provider, settings.probe, helped);
}

/** What a session's people picked; the configured one when that is not there any more. */
function pickedOr(parts: Parts, settings: ModelSettings, choice: ModelChoice | null): ProviderSetting {
  const none = { provider: null, model: null };
  try {
    return chosen(settings, choice ?? none, "/model");
  } catch (thrown) {
    complain(parts, thrown);
    return chosen(settings, none, "/model");
  }
}

function fallbacks(parts: Parts, settings: ModelSettings): readonly Target[] {
  return settings.fallbacks.flatMap((choice) => {
    try {
      const provider = chosen(settings, choice, "fallback_providers");
      return provider.baseUrls.length > 0 ? [target(parts, provider)] : [];
    } catch (thrown) {
      complain(parts, thrown);
      return [];
    }
  });
}

/** A fallback that cannot be used must not take the main model down with it. */
function complain({ complained, options }: Parts, thrown: unknown): void {
  if (!(thrown instanceof Failure)) throw thrown;
  if (complained.has(thrown.message)) return;
  complained.add(thrown.message);
  options.log.warn({ advice: thrown.advice }, thrown.message);
}

/** A side job's own model first; the main one does it when that fails, except where it may lack what the job needs. */
async function auxiliaryTargets(parts: Parts, settings: ModelSettings, task: AuxiliaryTask): Promise<readonly Target[]> {
  const own = auxiliaryProvider(settings, task);
  const main = async (): Promise<readonly Target[]> => [
    ...(await mainTargets(parts, settings, null)),
    ...fallbacks(parts, settings),
  ];
  if (own === null) return await main();
  if (own.baseUrls.length === 0) return await parts.finder.find(own, settings.probe, false);
  const rest = task === "vision" ? [] : await main().catch(() => []);
  return [target(parts, own), ...rest.filter((other) => !other.demonstration)];
}

/** A side job's patience is its own: so long a silence, rather than so long in all, for a slow server that goes on is not stuck. */
function auxiliarySettings(settings: ModelSettings, task: AuxiliaryTask): ModelSettings {
  const { timeoutMs } = settings.auxiliary[task];
  return { ...settings, stallMs: Math.min(settings.stallMs, timeoutMs) };
}

async function listing(pool: Pool, provider: ProviderSetting, signal: AbortSignal): Promise<ProviderListing> {
  const [address = ""] = provider.baseUrls;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(listMs)]);
  const said = { provider: provider.name, server: address, models: [] };
  try {
    const { server } = pool.site(provider, address);
    const models = await server.list(limit);
    return { ...said, server: shownAddress(server.address), models, failure: null };
  } catch (thrown) {
    if (limit.aborted) return { ...said, failure: "it did not answer in time" };
    const { kind, failure } = judge(thrown, { address, model: null, bytes: false });
    if (kind !== "key_refused") return { ...said, failure: failure.message };
    const { message, advice } = keyRefused({ provider, address }, failure);
    return { ...said, failure: `${message}. ${advice ?? ""}`.trimEnd() };
  }
}

function noneFound(addresses: readonly string[]): Failure {
  const tried = addresses.length === 0 ? "no address to try" : `tried ${addresses.map(shownAddress).join(", ")}`;
  const advice = "Start one, or set OPENAI_BASE_URL (model.base_url) to where it runs (`hermes model`).";
  const about = { say: "unreachable", server: addresses.map(shownAddress).join(", ") } as const;
  return new Failure("model.unreachable", `no model server was found (${tried})`, { advice, retryable: true, about });
}

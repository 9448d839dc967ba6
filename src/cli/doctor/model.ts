import type { Config } from "../../config/keys.ts";
import { auxiliaryOf, isUnnamed, providerNamed } from "../../config/provider-names.ts";
import { asFailure, Failure } from "../../core/failures.ts";
import { auxiliaryTasks } from "../../core/model.ts";
import { shownAddress } from "../../model/address.ts";
import { counted } from "../../model/discovery/reading.ts";
import { leastWindow } from "../../model/discovery/remarks.ts";
import { withModel } from "../asked-model.ts";
import { findModels, type ModelServer } from "../model-server.ts";
import { type CheckInput, type CheckResult, fail, ok, warn } from "./check.ts";

const answerMs = 5_000;

/** The main model's servers, its name and its window; then those of side jobs and fallbacks. */
export async function checkModel({ loaded: { config } }: CheckInput): Promise<CheckResult[]> {
  const [main, others] = await Promise.all([mainModel(config), otherModels(config)]);
  return [...main, ...others];
}

async function mainModel(config: Config): Promise<CheckResult[]> {
  const { baseUrl, baseUrls, probe, apiKey } = config.model;
  const set = [...new Set([...(baseUrl === null ? [] : [baseUrl]), ...(baseUrls ?? [])])];
  if (set.length === 0) return await foundModel(config, probe);
  const asked = await Promise.all(set.map((address) => answerOf(address, apiKey)));
  const servers = asked.flatMap((each) => (each instanceof Failure ? [] : [each]));
  const named = servers[0] === undefined ? [] : nameResults(servers[0], config.model.default);
  const broken = named.some(({ state }) => state === "fail");
  return [
    ...asked.flatMap((each) => (each instanceof Failure ? [unanswered(each)] : [])),
    ...servers.map(({ baseUrl: address }) => ok("model.server", `${shownAddress(address)} answers.`)),
    ...named,
    ...(servers.length > 0 && !broken ? await windowResult(config) : []),
  ];
}

async function foundModel(config: Config, probe: readonly string[]): Promise<CheckResult[]> {
  const asked = await Promise.all(probe.map((address) => answerOf(address, config.model.apiKey)));
  const server = asked.find((each) => !(each instanceof Failure));
  if (server === undefined || server instanceof Failure) {
    const tried = probe.length === 0 ? "none is tried" : `none answers at ${probe.join(", ")}`;
    return [warn("model.server", `None is set, and ${tried}. A script answers instead.`, "`hermes model` connects one.")];
  }
  const found = ok("model.server", `${shownAddress(server.baseUrl)} answers; none is set, so it is taken.`);
  return [found, ...nameResults(server, config.model.default), ...(await windowResult(config))];
}

function unanswered({ message, advice }: Failure): CheckResult {
  return fail("model.server", `${message.replace(/\.?$/, ".")}`, advice ?? "");
}

async function answerOf(address: string, apiKey: string | null): Promise<ModelServer | Failure> {
  return await findModels(address, apiKey, AbortSignal.timeout(answerMs)).catch((thrown: unknown) => asFailure(thrown));
}

function nameResults({ baseUrl, models }: ModelServer, wanted: string | null): CheckResult[] {
  const address = shownAddress(baseUrl);
  if (models.length === 0) return [fail("model.name", `${address} lists no model.`, "Load one on the server.")];
  if (wanted === null || models.includes(wanted)) return [ok("model.name", `${wanted ?? models[0]} at ${address}.`)];
  const text = `${address} has no model ${wanted}; it lists ${models.slice(0, 5).join(", ")}.`;
  return [fail("model.name", text, "`hermes model` chooses one.")];
}

/** A window that is not known is guessed, and a long conversation fails late. */
async function windowResult(config: Config): Promise<CheckResult[]> {
  const facts = await withModel(config, {}, (model) => model.facts(AbortSignal.timeout(answerMs))).catch(() => null);
  if (facts === null) return [];
  if (facts.window !== null) {
    const from = config.model.contextLength === null ? "the server tells" : "model.context_length";
    const text = `${counted(facts.window)} tokens (${from})`;
    if (facts.window >= leastWindow) return [ok("model.window", `${text}.`)];
    return [
      warn(
        "model.window",
        `${text}; ${counted(leastWindow)} is the least to work with.`,
        "Start the server with a larger window.",
      ),
    ];
  }
  const mend = "`hermes config set model.context_length N`, as the server was started with.";
  return [warn("model.window", "The server does not tell how much the model can read at once.", mend)];
}

interface Other {
  readonly what: string;
  readonly address: string;
  readonly apiKey: string | null;
  readonly model: string | null;
}

/** Each asked once, whatever it is named for. A provider that is not set up is the configuration's finding. */
async function otherModels(config: Config): Promise<CheckResult[]> {
  const found = [...Map.groupBy(othersOf(config), ({ address, model }) => `${address} ${model}`).values()];
  return await Promise.all(
    found.map(async (same) => {
      const [first] = same;
      return first === undefined ? ok("model.others", "") : await otherResult(first, same.map(({ what }) => what).join(", "));
    }),
  );
}

async function otherResult({ address, apiKey, model }: Other, what: string): Promise<CheckResult> {
  const server = await answerOf(address, apiKey);
  if (server instanceof Failure) return warn("model.others", `For ${what}: ${server.message}`, server.advice ?? "");
  if (model !== null && !server.models.includes(model) && server.models.length > 0) {
    const text = `For ${what}: ${shownAddress(server.baseUrl)} has no model ${model}; it lists ${server.models.slice(0, 5).join(", ")}.`;
    return warn("model.others", text, "Name one that it has.");
  }
  return ok("model.others", `For ${what}: ${model ?? server.models[0] ?? "no model"} at ${shownAddress(server.baseUrl)}.`);
}

function othersOf(config: Config): readonly Other[] {
  const side = auxiliaryTasks.flatMap((task): Other[] => {
    const { provider, model, baseUrl, apiKey } = auxiliaryOf(config, task);
    const what = `auxiliary.${task}`;
    if (baseUrl !== null) return [{ what, address: baseUrl, apiKey, model }];
    return isUnnamed(provider) ? [] : named(config, provider, what, model);
  });
  const fallbacks = config.fallbackProviders.flatMap(({ provider, model, baseUrl, apiKey }, index): Other[] => {
    const what = `fallback_providers[${index}]`;
    if (baseUrl !== null) return [{ what, address: baseUrl, apiKey, model }];
    return provider === null ? [] : named(config, provider, what, model);
  });
  return [...side, ...fallbacks];
}

function named(config: Config, provider: string, what: string, model: string | null): Other[] {
  const entry = providerNamed(config, provider);
  const [address] = entry?.baseUrls ?? [];
  if (entry === null || address === undefined) return [];
  return [{ what, address, apiKey: entry.apiKey, model: model ?? entry.model }];
}

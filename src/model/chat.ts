import { asFailure, Failure } from "../core/failures.ts";
import type { Log } from "../core/log.ts";
import type { Model, ModelEvent, ModelFacts, ModelRequest } from "../core/model.ts";
import { shownAddress } from "./address.ts";
import type { Affinity } from "./affinity.ts";
import { askAt, type Journey, type LegEnd, type LegSetting } from "./leg.ts";
import type { Instead } from "./plan.ts";
import type { Site } from "./pool.ts";
import type { ProviderSetting } from "./settings.ts";

/** One model that may answer, at any of its servers. The first of a list is what was asked for. */
export interface Target {
  readonly provider: ProviderSetting;
  readonly sites: readonly Site[];
  readonly demonstration: boolean;
  /** Called when nobody answers there any more. */
  gone(): void;
}

export interface ChatSetting extends LegSetting {
  readonly targets: readonly [Target, ...Target[]];
  readonly affinity: Affinity;
  readonly session: string | null;
  readonly log: Log;
  facts(site: Site, signal: AbortSignal): Promise<ModelFacts>;
  count(site: Site, request: ModelRequest, signal: AbortSignal): Promise<number | null>;
  /** A request is over and the server may be idle. */
  rested(site: Site): void;
}

/** A stop on a request's way: a server, and what it means to be there. */
interface Stop {
  readonly target: Target;
  readonly site: Site;
}

/**
 * A model and those that answer in its place when it fails. It is one turn's: after a change of model it stays with the one that
 * answers, and says so once; the next turn's begins with the first again.
 */
export function chatModel(setting: ChatSetting): Model {
  const state: TurnState = { target: setting.targets[0], site: null };
  const site = (): Site => state.site ?? homeSite(setting, state.target);
  return {
    get name() {
      return site().server.model ?? "default";
    },
    get server() {
      return shownAddress(site().server.address);
    },
    get demonstration() {
      return state.target.demonstration;
    },
    facts: (signal) => setting.facts(site(), signal),
    count: (request, signal) => setting.count(site(), request, signal),
    stream: (request, signal) => stream(setting, state, request, signal),
  };
}

interface TurnState {
  target: Target;
  site: Site | null;
}

async function* stream(
  setting: ChatSetting,
  state: TurnState,
  request: ModelRequest,
  signal: AbortSignal,
): AsyncGenerator<ModelEvent, void> {
  const journey: Journey = { request, signal, resumption: null, queuedMs: 0 };
  try {
    yield* travel(setting, state, journey, routeOf(setting, state.target, request));
  } catch (thrown) {
    yield { type: "failed", failure: asFailure(thrown), partial: journey.resumption?.text ?? "" };
  }
}

/** Goes from stop to stop until one answers. */
async function* travel(
  setting: ChatSetting,
  state: TurnState,
  journey: Journey,
  route: readonly Stop[],
): AsyncGenerator<ModelEvent, void> {
  let why: Failure | null = null;
  let last: Failure | null = null;
  for (const [at, stop] of route.entries()) {
    const { host } = stop.site;
    const next = route.slice(at + 1).find((other) => !other.site.host.breaker.open);
    if (next !== undefined && !host.breaker.admits()) {
      why ??= unreachable(host.breaker.why ?? "it does not answer");
      continue;
    }
    const changes = stop.target !== state.target;
    arrive(state, stop);
    if (why !== null && changes) yield await changeNotice(setting, stop, why, journey.signal);
    const end = yield* visit(setting, stop, journey, insteadOf(stop, route.slice(at + 1)));
    if (end.type === "aborted") return yield end;
    if (end.type === "done") {
      settle(setting, journey.request, stop);
      return yield { type: "done", answer: end.answer };
    }
    tellGone(setting, stop, end.failure);
    why ??= end.failure;
    last = end.failure;
    if (end.type === "fail" || at === route.length - 1) return yield failed(journey, why, last, end.partial);
  }
  yield failed(journey, why ?? unreachable("no model server is configured"), last, "");
}

async function* visit(
  setting: ChatSetting,
  { site }: Stop,
  journey: Journey,
  instead: Instead,
): AsyncGenerator<ModelEvent, LegEnd> {
  site.host.bound += 1;
  try {
    return yield* askAt(setting, site, journey, instead);
  } finally {
    site.host.bound -= 1;
    setting.rested(site);
  }
}

/** All stops in order: the target's servers, the session's own first, then what answers in its place. */
function routeOf(setting: ChatSetting, from: Target, request: ModelRequest): readonly Stop[] {
  const others = setting.targets.filter((target) => target !== from);
  const session = request.caller?.session ?? setting.session;
  return [from, ...others].flatMap((target) => ordered(setting, target, session).map((site) => ({ target, site })));
}

function homeSite(setting: ChatSetting, target: Target): Site {
  const [first] = ordered(setting, target, setting.session);
  if (first === undefined) throw unreachable(`the provider ${target.provider.name} has no address`);
  return first;
}

function ordered({ affinity }: ChatSetting, { sites }: Target, session: string | null): readonly Site[] {
  if (sites.length < 2) return sites;
  if (session === null) return sites.toSorted((a, b) => load(a) - load(b));
  const order = affinity.order(session, addressesOf(sites));
  return sites.toSorted((a, b) => order.indexOf(a.address) - order.indexOf(b.address));
}

function load({ host }: Site): number {
  return host.breaker.open ? Infinity : host.bound;
}

function addressesOf(sites: readonly Site[]): readonly string[] {
  return sites.map((site) => site.address);
}

function insteadOf(stop: Stop, rest: readonly Stop[]): Instead {
  const awake = rest.filter(({ site }) => !site.host.breaker.open);
  if (awake.length === 0) return null;
  return awake.some(({ target }) => target === stop.target) ? "sibling" : "fallback";
}

function arrive(state: TurnState, { target, site }: Stop): void {
  state.target = target;
  state.site = site;
}

/** The cache of this session is here now. */
function settle({ affinity, session }: ChatSetting, { caller }: ModelRequest, { target, site }: Stop): void {
  const whose = caller?.session ?? session;
  if (whose !== null && target.sites.length > 1) affinity.settle(whose, site.address, addressesOf(target.sites));
}

function tellGone({ log }: ChatSetting, { target, site }: Stop, { code, message }: Failure): void {
  log.warn({ code, server: shownAddress(site.server.address), model: site.server.model }, message);
  if (code === "model.unreachable") target.gone();
}

async function changeNotice(
  setting: ChatSetting,
  { site, target }: Stop,
  why: Failure,
  signal: AbortSignal,
): Promise<ModelEvent> {
  await setting.learn(site, signal);
  const model = site.server.model ?? target.provider.name;
  const server = shownAddress(site.server.address);
  const text = `${why.message}; ${model} at ${server} answers instead`;
  return { type: "notice", text, about: { say: "instead", code: why.code, model, server } };
}

/**
 * The first trouble is what the person must mend; the last one says that what should have answered instead failed too. Unless that only
 * found the conversation too long: once it is shorter, it can answer.
 */
function failed({ resumption }: Journey, first: Failure, last: Failure | null, partial: string): ModelEvent {
  const text = partial === "" ? (resumption?.text ?? "") : partial;
  if (last?.code === "model.overlong") return { type: "failed", failure: last, partial: text };
  if (last === null || last === first) return { type: "failed", failure: first, partial: text };
  const { code, advice, retryable, about, cause } = first;
  const message = `${first.message}; what should answer instead failed too: ${last.message}`;
  const detail = { ...(advice === null ? {} : { advice }), ...(about === null ? {} : { about }), retryable, cause };
  return { type: "failed", failure: new Failure(code, message, detail), partial: text };
}

function unreachable(why: string): Failure {
  return new Failure("model.unreachable", why, {
    advice: "Start the model server, or set OPENAI_BASE_URL (model.base_url) to where it runs.",
    retryable: true,
  });
}

import type { Failure } from "../core/failures.ts";
import type { ModelAnswer, ModelEvent, ModelFacts, ModelRequest } from "../core/model.ts";
import { pause } from "../core/pause.ts";
import { attempt, type AttemptEnd, type AttemptSetting } from "./attempt.ts";
import type { Pace } from "./pace.ts";
import { type Instead, planAfter, type Tries } from "./plan.ts";
import type { Site } from "./pool.ts";
import { continuationFields, continuationOf, continued, newJoint, type Resumption, resumable } from "./resume.ts";
import type { ModelSettings } from "./settings.ts";
import type { PinnedSlot } from "./slots.ts";

/** What a request carries from one server to the next. */
export interface Journey {
  readonly request: ModelRequest;
  readonly signal: AbortSignal;
  /** The answer broke after these words; null: it has not. It may do so once. */
  resumption: Resumption | null;
  queuedMs: number;
}

/** How a request ended at one server. */
export type LegEnd =
  | { readonly type: "done"; readonly answer: ModelAnswer }
  | { readonly type: "aborted"; readonly partial: string }
  | { readonly type: "pass_on" | "fail"; readonly failure: Failure; readonly partial: string };

export interface LegSetting {
  readonly settings: ModelSettings;
  readonly pace: Pace;
  /** Learns what the server tells of itself; waits only while nothing is known. Never rejects. */
  learn(site: Site, signal: AbortSignal): Promise<void>;
  /** The slot to name, or null. */
  pin(site: Site, request: ModelRequest): PinnedSlot | null;
}

/** Asks one server until it has answered, or there is no more to be got from it. */
export async function* askAt(
  setting: LegSetting,
  site: Site,
  journey: Journey,
  instead: Instead,
): AsyncGenerator<ModelEvent, LegEnd> {
  const tries: Tries = { again: 0, loadingSince: null };
  await setting.learn(site, journey.signal);
  // Another server may have another way to go on.
  if (journey.resumption !== null) journey.resumption = resumptionAt(site, journey.resumption.text);
  for (;;) {
    const end = yield* once(setting, site, journey);
    if (end.type !== "trouble") return end;
    const { failure } = end.verdict;
    if (end.spoke) {
      if (journey.resumption !== null || !resumable(journey.request, end)) return { type: "fail", failure, partial: end.partial };
      journey.resumption = resumptionAt(site, end.partial);
      const text = `the answer broke off: ${failure.message}; going on from where it stopped`;
      yield { type: "notice", text, about: { say: "going_on", code: failure.code } };
      continue;
    }
    if (toldInstead(journey, failure)) continue;
    const plan = await planAfter(site, end, tries, instead, setting.pace, journey.signal);
    if (plan.type !== "retry") return { type: plan.type, failure: plan.failure, partial: end.partial };
    if (plan.notice !== null) yield plan.notice;
    if (plan.waitMs > 0) await pause(plan.waitMs, journey.signal);
  }
}

function resumptionAt(site: Site, text: string): Resumption {
  return { text, way: continuationOf(known(site)?.kind ?? "other", site.provider.apiMode) };
}

/** A server that will not go on with a text by itself is told to. */
function toldInstead(journey: Journey, failure: Failure): boolean {
  const { resumption } = journey;
  if (resumption?.way !== "native" || resumption.text === "" || failure.code !== "model.refused") return false;
  journey.resumption = { ...resumption, way: "told" };
  return true;
}

/** One attempt, with a place at the server held for exactly as long. */
async function* once(setting: LegSetting, site: Site, journey: Journey): AsyncGenerator<ModelEvent, AttemptEnd> {
  const { host } = site;
  const { request, signal, resumption } = journey;
  host.disturb();
  const pass = yield* host.gate.enter(request.caller, signal);
  if (pass === null) return { type: "aborted", partial: resumption?.text ?? "" };
  journey.queuedMs += pass.waitedMs;
  const slot = setting.pin(site, request);
  try {
    const how = attemptSetting(setting, site, journey, slot);
    const end =
      resumption === null
        ? yield* attempt(how, request, signal)
        : yield* joined(attempt(how, continued(request, resumption), signal), resumption);
    return noted(site, journey, end);
  } finally {
    slot?.leave();
    pass.leave();
  }
}

function attemptSetting(
  { settings }: LegSetting,
  site: Site,
  { request, resumption }: Journey,
  slot: PinnedSlot | null,
): AttemptSetting {
  const { connection, server, host, provider } = site;
  const { maxTokens, stallMs, prefillMs, effort } = settings;
  const goOn = resumption === null ? {} : continuationFields(resumption);
  return {
    connection,
    server,
    maxTokens: request.maxTokens ?? maxTokens,
    stallMs,
    prefillMs: host.speed.patienceMs(request, prefillMs),
    extras: { ...goOn, ...(slot === null ? {} : { id_slot: slot.id }) },
    continuing: resumption !== null && resumption.text !== "",
    mode: provider.apiMode,
    facts: known(site),
    effort: request.effort ?? effort,
  };
}

function known({ facts, server }: Site): ModelFacts | null {
  return server.model === null ? null : facts.known(server.address, server.model);
}

/** Keeps what the attempt tells of the server. */
function noted({ host }: Site, { request, resumption, queuedMs }: Journey, end: AttemptEnd): AttemptEnd {
  if (end.type === "aborted") return end;
  if (end.type === "trouble") {
    const { failure } = end.verdict;
    const silent = failure.code === "model.unreachable" || (failure.code === "model.stalled" && !end.spoke);
    if (silent) host.breaker.failed(failure.message);
    else if (host.breaker.worked()) host.cameBack();
    return end;
  }
  if (host.breaker.worked()) host.cameBack();
  if (resumption === null) host.speed.learn(request, end.answer.usage);
  return { type: "done", answer: { ...end.answer, usage: { ...end.answer.usage, queuedMs } } };
}

/** The rest of a broken answer, fitted to what was shown of it. */
async function* joined(
  attempted: AsyncGenerator<ModelEvent, AttemptEnd>,
  resumption: Resumption,
): AsyncGenerator<ModelEvent, AttemptEnd> {
  const joint = newJoint(resumption);
  for (;;) {
    const next = await attempted.next();
    if (next.done) {
      const rest = joint.end();
      if (rest !== "") yield { type: "text", delta: rest };
      return fitted(next.value, joint.joined.trimEnd());
    }
    const event = next.value;
    const delta = event.type === "text" ? joint.push(event.delta) : "";
    if (event.type !== "text") yield event;
    else if (delta !== "") yield { type: "text", delta };
  }
}

function fitted(end: AttemptEnd, content: string): AttemptEnd {
  switch (end.type) {
    case "done":
      return { type: "done", answer: { ...end.answer, content } };
    case "aborted":
      return { type: "aborted", partial: content };
    case "trouble":
      return { ...end, partial: content };
  }
}

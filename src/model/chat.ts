import { setTimeout as sleep } from "node:timers/promises";
import { Failure, asFailure } from "../core/failures.ts";
import type { Log } from "../core/log.ts";
import type { Model, ModelEvent, ModelFacts, ModelRequest } from "../core/model.ts";
import { shownAddress } from "./address.ts";
import { attempt, type AttemptEnd, type AttemptSetting } from "./attempt.ts";
import type { Verdict } from "./verdict.ts";

/** How retries are spaced; tests make it quick. */
export interface Pace {
  /** First pause of a growing series. */
  readonly backoffMs: number;
  /** How often a loading server is asked again, and for how long. */
  readonly loadingPollMs: number;
  readonly loadingMs: number;
  /** While the demonstration answers, a real server is looked for this often at most. */
  readonly lookAgainMs: number;
  /** Between two pieces of the demonstration's answers. */
  readonly demoPieceMs: number;
}

/**
 * Four retries in about six seconds; ten minutes for a large model to load from a slow disk; a script that writes about as fast as
 * people read.
 */
export const defaultPace: Pace = {
  backoffMs: 400,
  loadingPollMs: 1_500,
  loadingMs: 600_000,
  lookAgainMs: 3_000,
  demoPieceMs: 15,
};

export interface ChatSetting extends AttemptSetting {
  readonly demonstration: boolean;
  readonly pace: Pace;
  readonly log: Log;
  /** Called when nobody answers at the address any more. */
  gone(): void;
}

/** A model behind one server, spoken to in Chat Completions. */
export function chatModel(setting: ChatSetting): Model {
  const { server, demonstration } = setting;
  return {
    get name() {
      return server.model ?? "default";
    },
    get server() {
      return shownAddress(server.address);
    },
    demonstration,
    facts: async () => ({ ...unknownFacts, kind: server.llama ? "llama-server" : "other" }),
    count: async () => null,
    stream: (request, signal) => stream(setting, request, signal),
  };
}

const unknownFacts: ModelFacts = {
  kind: "other",
  version: null,
  window: null,
  slots: null,
  vision: null,
  tools: null,
  thinking: null,
  effort: null,
  remarks: [],
};

async function* stream(setting: ChatSetting, request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent, void> {
  const tries: Tries = { again: 0, loadingSince: null };
  try {
    for (;;) {
      const end = signal.aborted ? { type: "aborted" as const, partial: "" } : yield* attempt(setting, request, signal);
      if (end.type === "done") return yield { type: "done", answer: end.answer };
      if (end.type === "aborted") return yield end;
      const plan = await decide(setting, end, tries, signal);
      if (plan.type === "fail") return yield failed(setting, plan.failure, end.partial);
      if (plan.notice !== null) yield { type: "notice", text: plan.notice };
      await pause(plan.waitMs, signal);
    }
  } catch (thrown) {
    yield { type: "failed", failure: asFailure(thrown), partial: "" };
  }
}

interface Tries {
  again: number;
  loadingSince: number | null;
}

type Plan =
  | { readonly type: "retry"; readonly waitMs: number; readonly notice: string | null }
  | { readonly type: "fail"; readonly failure: Failure };

const mostRetries = 4;
/** A server that wants more patience than this is left to the caller. */
const longestWaitMs = 60_000;
/** From here on a wait is worth a line to the person. */
const noticeFromMs = 2_000;

async function decide(
  setting: ChatSetting,
  end: AttemptEnd & { type: "trouble" },
  tries: Tries,
  signal: AbortSignal,
): Promise<Plan> {
  const { verdict, spoke } = end;
  if (spoke) return { type: "fail", failure: verdict.failure };
  switch (verdict.kind) {
    case "final":
    case "key_refused":
      return { type: "fail", failure: verdict.failure };
    case "again":
      return again(setting.pace, verdict, tries);
    case "loading":
      return keepPolling(setting.pace, verdict.failure, tries);
    case "misaddressed":
      return setting.server.moveToVersioned() ? retry(0) : { type: "fail", failure: verdict.failure };
    case "unknown_model":
      return unknownModel(setting, verdict.failure, tries, signal);
  }
}

function again(pace: Pace, { afterMs, failure }: Verdict & { kind: "again" }, tries: Tries): Plan {
  if (tries.again >= mostRetries || (afterMs ?? 0) > longestWaitMs) return { type: "fail", failure };
  const growing = pace.backoffMs * 2 ** tries.again * (0.75 + Math.random() / 2);
  const waitMs = afterMs === null || (afterMs === 0 && tries.again > 0) ? growing : afterMs * (1 + Math.random() / 10);
  tries.again++;
  return retry(waitMs, waitMs < noticeFromMs ? null : `${failure.message}; trying again in ${Math.ceil(waitMs / 1000)} s`);
}

function keepPolling(pace: Pace, failure: Failure, tries: Tries): Plan {
  const first = tries.loadingSince === null;
  tries.loadingSince ??= performance.now();
  if (performance.now() - tries.loadingSince > pace.loadingMs) return { type: "fail", failure };
  return retry(pace.loadingPollMs, first ? "the model is still loading" : null);
}

/** The server was restarted with another model, or the name is wrong: then say which there are. */
async function unknownModel({ server }: ChatSetting, failure: Failure, tries: Tries, signal: AbortSignal): Promise<Plan> {
  const asked = server.model;
  if (tries.again === 0 && server.forget()) {
    tries.again++;
    return retry(0);
  }
  const names = await server.list(AbortSignal.any([signal, AbortSignal.timeout(listMs)])).catch(() => []);
  if (names.length === 0) return { type: "fail", failure };
  const message = `the model server at ${shownAddress(server.address)} has no model "${asked}"; it has ${names.slice(0, mostNames).join(", ")}`;
  return {
    type: "fail",
    failure: new Failure("model.refused", message, { advice: "Set model.default to one of these (`hermes model`)." }),
  };
}

const listMs = 2_000;
const mostNames = 20;

function retry(waitMs: number, notice: string | null = null): Plan {
  return { type: "retry", waitMs, notice };
}

/** Ends early when the signal fires; the loop sees it. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await sleep(ms, undefined, { signal }).catch(() => undefined);
}

function failed(setting: ChatSetting, failure: Failure, partial: string): ModelEvent {
  const { code, message } = failure;
  setting.log.warn({ code, server: shownAddress(setting.server.address), model: setting.server.model }, message);
  if (code === "model.unreachable") setting.gone();
  return { type: "failed", failure, partial };
}

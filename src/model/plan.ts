import { Failure } from "../core/failures.ts";
import type { ModelNotice } from "../core/model.ts";
import { shownAddress } from "./address.ts";
import type { AttemptEnd } from "./attempt.ts";
import type { Pace } from "./pace.ts";
import type { Site } from "./pool.ts";
import type { Verdict } from "./verdict.ts";

/** What has been tried at one server for one request. */
export interface Tries {
  again: number;
  loadingSince: number | null;
}

/** What to do after an attempt went wrong before anything was shown. */
export type Plan =
  | { readonly type: "retry"; readonly waitMs: number; readonly notice: ModelNotice | null }
  /** Nothing more to get here; another server or model may answer. */
  | { readonly type: "pass_on"; readonly failure: Failure }
  /** The request itself is at fault, or its trouble would be met anywhere. */
  | { readonly type: "fail"; readonly failure: Failure };

/** Who could answer instead: another server of the same model, another model, or nobody. */
export type Instead = "sibling" | "fallback" | null;

const mostRetries = 4;
/** A server that wants more patience than this is left to the caller. */
const longestWaitMs = 60_000;
/** From here on a wait is worth a line to the person. */
const noticeFromMs = 2_000;

/** Decides what to do next. */
export async function planAfter(
  site: Site,
  { verdict }: AttemptEnd & { type: "trouble" },
  tries: Tries,
  instead: Instead,
  pace: Pace,
  signal: AbortSignal,
): Promise<Plan> {
  switch (verdict.kind) {
    case "final":
      return endWith(verdict.failure);
    case "again":
      return again(site, verdict, tries, instead, pace);
    case "loading":
      return instead === "sibling" ? passOn(verdict.failure) : keepPolling(pace, verdict.failure, tries);
    case "misaddressed":
      return site.server.moveToVersioned() ? retry(0) : passOn(verdict.failure);
    case "key_refused":
      return passOn(keyRefused(site, verdict.failure));
    case "unknown_model":
      return unknownModel(site, verdict.failure, tries, signal);
  }
}

/** Troubles of a server or its way, which another one need not have. */
function endWith(failure: Failure): Plan {
  const elsewhere = ["model.unreachable", "model.broken", "model.stalled", "model.loading"].includes(failure.code);
  return elsewhere ? passOn(failure) : { type: "fail", failure };
}

function again(
  { host }: Site,
  { afterMs, failure }: Verdict & { kind: "again" },
  tries: Tries,
  instead: Instead,
  pace: Pace,
): Plan {
  if (tries.again >= mostRetries || (afterMs ?? 0) > longestWaitMs) return passOn(failure);
  // A dead socket is mended by the next try. Otherwise nobody is there, and another server holds the same model.
  const gone = failure.code === "model.unreachable" && (afterMs === null || tries.again > 0);
  if ((gone && instead === "sibling") || (host.breaker.open && instead !== null)) return passOn(failure);
  const growing = pace.backoffMs * 2 ** tries.again * (0.75 + Math.random() / 2);
  const waitMs = afterMs === null || (afterMs === 0 && tries.again > 0) ? growing : afterMs * (1 + Math.random() / 10);
  tries.again++;
  if (waitMs < noticeFromMs) return retry(waitMs);
  const text = `${failure.message}; trying again in ${Math.ceil(waitMs / 1000)} s`;
  return retry(waitMs, { type: "notice", text, about: { say: "retrying", code: failure.code, waitMs } });
}

function keepPolling(pace: Pace, failure: Failure, tries: Tries): Plan {
  const first = tries.loadingSince === null;
  tries.loadingSince ??= performance.now();
  if (performance.now() - tries.loadingSince > pace.loadingMs) return passOn(failure);
  return retry(pace.loadingPollMs, first ? loading : null);
}

const loading: ModelNotice = { type: "notice", text: "the model is still loading", about: { say: "loading" } };

/** The failure of a key that is refused, or missing: names the server, and where its key is set. */
export function keyRefused({ provider, address }: Pick<Site, "provider" | "address">, failure: Failure): Failure {
  const who = provider.name === "main" ? "" : ` of ${provider.name}`;
  const missing = provider.apiKey === null;
  const what = missing ? "wants a key, and none is set" : "does not accept the key";
  const advice = missing ? `Set ${provider.keyPlace}.` : `Set ${provider.keyPlace} to a key that this server accepts.`;
  const server = shownAddress(address);
  const about = { say: missing ? "key_missing" : "key_refused", server } as const;
  return new Failure(failure.code, `the model server${who} at ${server} ${what}`, { advice, about, cause: failure });
}

/** The server was restarted with another model, or the name is wrong: then say which there are. */
async function unknownModel({ server }: Site, failure: Failure, tries: Tries, signal: AbortSignal): Promise<Plan> {
  const asked = server.model;
  if (tries.again === 0 && server.forget()) {
    tries.again++;
    return retry(0);
  }
  const names = await server.list(AbortSignal.any([signal, AbortSignal.timeout(listMs)])).catch(() => []);
  if (names.length === 0) return passOn(failure);
  const message = `the model server at ${shownAddress(server.address)} has no model "${asked}"; it has ${names.slice(0, mostNames).join(", ")}`;
  return passOn(
    new Failure("model.refused", message, {
      advice: "Choose one with /model, or for everybody with `hermes model`.",
      about: { say: "no_model", server: shownAddress(server.address), model: asked ?? "", has: names.slice(0, mostNames) },
    }),
  );
}

const listMs = 2_000;
const mostNames = 20;

function retry(waitMs: number, notice: ModelNotice | null = null): Plan {
  return { type: "retry", waitMs, notice };
}

function passOn(failure: Failure): Plan {
  return { type: "pass_on", failure };
}

import { randomBytes } from "node:crypto";
import type { Log } from "../core/log.ts";
import type { ModelMessage, ModelRequest, ModelUsage } from "../core/model.ts";
import { shownAddress } from "./address.ts";
import { attempt, type AttemptSetting } from "./attempt.ts";
import type { Host, Site } from "./pool.ts";
import type { ModelSettings } from "./settings.ts";
import type { PinnedSlot } from "./slots.ts";

/** Names slots of llama-servers where that is wished and helps. */
export interface Pinning {
  /** The slot to name for a request that has its place at the server, or null. */
  pin(site: Site, request: ModelRequest, wish: ModelSettings["slotPinning"]): PinnedSlot | null;
  /** A request is over: once the server has been idle for a while, it is asked whether pinning helps. */
  rested(site: Site, wish: ModelSettings["slotPinning"]): void;
  close(): Promise<void>;
}

export interface PinningOptions {
  readonly log: Log;
  readonly workers: () => number;
  readonly idleMs: number;
}

/** A probe that somebody's request has cut short this often is given up: its tokens are not free. */
const mostProbes = 5;

/** Pinning for all servers of one process. */
export function newPinning(options: PinningOptions): Pinning {
  const underWay = new Set<Promise<void>>();
  const closing = new AbortController();
  const begin = (site: Site): void => {
    const work = probeAt(site, options, closing.signal).finally(() => underWay.delete(work));
    underWay.add(work);
  };
  return {
    pin: ({ host }, request, wish) => {
      const count = pinnable(host, wish, options.workers());
      if (count === null || (wish === "auto" && host.pinningHelps !== true)) return null;
      // A side job's prompt is another one: it must not push the session's out of its slot.
      const { session = null, urgency = "interactive" } = request.caller ?? {};
      return host.slots.take(urgency === "auxiliary" ? null : session, count);
    },
    rested: (site, wish) => {
      const { host } = site;
      const open = wish === "auto" && host.pinningHelps === null && host.probes < mostProbes;
      if (!open || closing.signal.aborted || pinnable(host, wish, options.workers()) === null || !idle(host)) return;
      host.disturb();
      const timer = setTimeout(() => {
        host.disturb = () => undefined;
        if (idle(host) && !closing.signal.aborted) begin(site);
      }, options.idleMs).unref();
      host.disturb = () => clearTimeout(timer);
    },
    close: async () => {
      closing.abort();
      await Promise.all(underWay);
    },
  };
}

/** How many slots there are to name; null where none are. Several processes would name the same ones to each other's harm. */
function pinnable({ facts }: Host, wish: ModelSettings["slotPinning"], workers: number): number | null {
  if (wish === "off" || facts?.kind !== "llama-server" || facts.slots === null || facts.slots < 2) return null;
  return workers > 1 && wish !== "on" ? null : facts.slots;
}

function idle({ gate }: Host): boolean {
  return gate.running === 0 && gate.waiting === 0;
}

async function probeAt(site: Site, { log }: PinningOptions, closing: AbortSignal): Promise<void> {
  const { host, connection, server } = site;
  const slots = host.facts?.slots ?? 0;
  const stop = new AbortController();
  host.disturb = () => stop.abort();
  host.probes += 1;
  const signal = AbortSignal.any([stop.signal, closing]);
  const found = await probePinning({ connection, server }, host.slots.spare(slots), host.facts?.window ?? null, signal);
  host.disturb = () => undefined;
  const { helps, promptTokens, cachedTokens, costTokens } = found;
  // Cut short it has learnt nothing, unless the server does not tell: then there is no use in asking again.
  if (!signal.aborted) host.pinningHelps = helps ?? false;
  const told = { server: shownAddress(server.address), helps, promptTokens, cachedTokens, costTokens };
  log.info(told, signal.aborted ? "a probe of slot pinning was cut short" : "probed whether naming slots helps");
}

/** What a probe of slot pinning has found. */
export interface PinningFinding {
  /** Whether naming a slot finds its cache again; null: it could not be learnt. */
  readonly helps: boolean | null;
  /** Tokens of the third prompt, and how many of them came from the cache; null where the server does not tell. */
  readonly promptTokens: number | null;
  readonly cachedTokens: number | null;
  /** Prompt tokens that the server had to read for the probe. */
  readonly costTokens: number;
}

/** A probe's prompts have about so many tokens in common, and so many of their own. */
const sharedTokens = 1_500;
const ownTokens = 500;
/** From cache "all" still lacks the last batch's few tokens. */
const enough = 0.8;

/**
 * Asks whether naming a slot helps on this llama-server: two prompts with a long common beginning go to two slots in the order A, B, A,
 * one token each. At some settings a named slot's cache has been cleared in between, and pinning would make every prompt be read anew.
 * It costs two prompts of 2,000 tokens, less when a slot's `window` is small.
 */
export async function probePinning(
  setting: Pick<AttemptSetting, "connection" | "server"> & Partial<AttemptSetting>,
  slots: readonly [number, number],
  window: number | null,
  signal: AbortSignal,
): Promise<PinningFinding> {
  const share = Math.min(1, (window ?? Infinity) / 2 / (sharedTokens + ownTokens));
  // A beginning that no cache can hold already.
  const shared = `${randomBytes(8).toString("hex")} ${filler("alpha", sharedTokens * share)}`;
  const [a, b] = [filler("beta", ownTokens * share), filler("gamma", ownTokens * share)];
  let costTokens = 0;
  let last: ModelUsage | null = null;
  for (const [own, slot] of [
    [a, slots[0]],
    [b, slots[1]],
    [a, slots[0]],
  ] as const) {
    last = await oneToken(setting, shared, own, slot, signal);
    if (last === null) break;
    costTokens += (last.promptTokens ?? 0) - (last.cachedTokens ?? 0);
  }
  const { promptTokens = null, cachedTokens = null } = last ?? {};
  const helps = promptTokens === null || cachedTokens === null ? null : cachedTokens >= promptTokens * enough;
  return { helps, promptTokens, cachedTokens, costTokens };
}

async function oneToken(
  setting: Pick<AttemptSetting, "connection" | "server"> & Partial<AttemptSetting>,
  shared: string,
  own: string,
  slot: number,
  signal: AbortSignal,
): Promise<ModelUsage | null> {
  const messages: readonly ModelMessage[] = [
    { role: "system", content: shared },
    { role: "user", content: own },
  ];
  const request: ModelRequest = { messages, tools: [], toolChoice: "auto" };
  const patience = { maxTokens: 1, prefillMs: probeMs, stallMs: probeMs };
  const stream = attempt({ ...patience, ...setting, extras: { id_slot: slot } }, request, signal);
  for (;;) {
    const next = await stream.next();
    if (!next.done) continue;
    return next.value.type === "done" ? next.value.answer.usage : null;
  }
}

/** A slow server reads 2,000 tokens in this. */
const probeMs = 120_000;

/** Three tokens a pair, with most tokenizers. */
function filler(word: string, tokens: number): string {
  return Array.from({ length: Math.floor(tokens / 3) }, (_, index) => `${word} ${index % 10}`).join(" ");
}

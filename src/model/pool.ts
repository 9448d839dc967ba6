import { tidyAddress } from "./address.ts";
import { type Breaker, newBreaker } from "./breaker.ts";
import { connect, type Connection } from "./connection.ts";
import { type Gate, newGate } from "./gate.ts";
import { type Counter, newCounter } from "./count.ts";
import { type FactsMemory, rememberFacts } from "./facts-memory.ts";
import type { Log } from "../core/log.ts";
import { kept } from "../core/maps.ts";
import type { ModelFacts, ServerKind } from "../core/model.ts";
import { newSpeed, type Speed } from "./patience.ts";
import { newServer, type Server } from "./server.ts";
import type { ProviderSetting } from "./settings.ts";
import { newSlots, type Slots } from "./slots.ts";

/** One machine's model server, whatever keys and models it is asked with: what all its requests share. */
export interface Host {
  readonly gate: Gate;
  readonly breaker: Breaker;
  readonly speed: Speed;
  readonly slots: Slots;
  /** What it tells of itself; null: not asked yet. */
  facts: ModelFacts | null;
  /** As configured, by provider; without any as many at once as the server tells. */
  readonly limits: Map<string, number>;
  /** Whether naming a slot helps here; null: not known yet. */
  pinningHelps: boolean | null;
  probes: number;
  /** Requests on their way to an answer here, those that wait for a place included. */
  bound: number;
  /** Ends a probe that is under way: somebody wants an answer. */
  disturb: () => void;
  /** Its slots are others now: whether naming them helps is asked anew. */
  slotsChanged(): void;
  /** It was away and answers again, perhaps started with other flags: what it told before is asked again. */
  cameBack(): void;
}

/** A server as one provider asks it for one model. */
export interface Site {
  readonly provider: ProviderSetting;
  /** As configured, tidied. */
  readonly address: string;
  readonly connection: Connection;
  readonly server: Server;
  readonly host: Host;
  readonly facts: FactsMemory;
  readonly counter: Counter;
}

/** The servers of one process, each with one set of sockets for each key, and one gate. */
export interface Pool {
  /** Throws `config.invalid` on a bad address. */
  site(provider: ProviderSetting, address: string): Site;
  connection(apiKey: string | null): Connection;
  close(): Promise<void>;
}

export interface PoolOptions {
  readonly log: Log;
  /** Processes that share the servers. */
  readonly workers: () => number;
  readonly placeMs: number;
  readonly placeEveryMs: number;
}

/** Nothing is opened before it is asked for. */
export function newPool(options: PoolOptions): Pool {
  const connections = new Map<string | null, Connection>();
  const servers = new Map<string, Server>();
  const hosts = new Map<string, Known>();
  const memories = new Map<string, FactsMemory>();
  const counters = new Map<string | null, Counter>();
  const connection = (apiKey: string | null): Connection => kept(connections, apiKey, () => connect(apiKey));
  return {
    connection,
    site: (provider, written) => {
      const address = tidyAddress(written);
      const connected = connection(provider.apiKey);
      const key = JSON.stringify([address, provider.apiKey, provider.model]);
      const { host, doubts } = kept(hosts, hostKey(address), () => newHost(options));
      const server = kept(servers, key, () => {
        const fresh = newServer(connected, address, provider.model, options.log);
        doubts.push(fresh.listAgain);
        return fresh;
      });
      if (provider.concurrency === null) host.limits.delete(provider.name);
      else host.limits.set(provider.name, provider.concurrency);
      const { apiKey, contextLength, contextLengths } = provider;
      const facts = kept(memories, JSON.stringify([address, apiKey, contextLength, contextLengths]), () => {
        const fresh = rememberFacts(connected, (model) => contextLengths[model] ?? contextLength);
        doubts.push(fresh.forget);
        return fresh;
      });
      const counter = kept(counters, apiKey, () => newCounter(connected));
      return { provider, address, connection: connected, server, host, facts, counter };
    },
    close: async () => {
      for (const { host } of hosts.values()) host.disturb();
      await Promise.all([...connections.values()].map((each) => each.close()));
    },
  };
}

/** The address without credentials and version: other spellings of the same server share its gate. */
function hostKey(address: string): string {
  const url = new URL(address);
  return `${url.origin}${url.pathname.replace(/\/v\d+\w*$/, "")}`;
}

interface Known {
  readonly host: Host;
  /** What remembers things about it, told that they may have changed. */
  readonly doubts: (() => void)[];
}

function newHost({ workers, placeMs, placeEveryMs }: PoolOptions): Known {
  const doubts: (() => void)[] = [];
  const size = (): number => placesAt(host.limits, host.facts, workers());
  const host: Host = {
    gate: newGate({ size, firstMs: placeMs, everyMs: placeEveryMs }),
    breaker: newBreaker(),
    speed: newSpeed(),
    slots: newSlots(),
    facts: null,
    limits: new Map(),
    pinningHelps: null,
    probes: 0,
    bound: 0,
    disturb: () => undefined,
    slotsChanged: () => {
      host.pinningHelps = null;
      host.slots.forget();
    },
    cameBack: () => {
      host.slotsChanged();
      host.probes = 0;
      for (const doubt of doubts) doubt();
    },
  };
  return { host, doubts };
}

/** Requests at once where neither the configuration nor the server says: what each kind does by default. */
const usualPlaces: Readonly<Record<ServerKind, number>> = {
  vllm: 8,
  sglang: 8,
  other: 8,
  "llama-server": 4,
  lmstudio: 4,
  ollama: 1,
};

/** This process's share of a server's places; at least one. */
function placesAt(limits: ReadonlyMap<string, number>, facts: ModelFacts | null, workers: number): number {
  const places = limits.size > 0 ? Math.min(...limits.values()) : (facts?.slots ?? usualPlaces[facts?.kind ?? "other"]);
  return Math.max(1, Math.floor(places / Math.max(1, workers)));
}

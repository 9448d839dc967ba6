import { Failure } from "../core/failures.ts";
import type { Log } from "../core/log.ts";
import type { Model, Models } from "../core/model.ts";
import { shownAddress, tidyAddress } from "./address.ts";
import { chatModel, defaultPace, type Pace } from "./chat.ts";
import { connect, type Connection } from "./connection.ts";
import { openDemo, type Demo } from "./demo.ts";
import { probe } from "./probe.ts";
import { newServer, type Server } from "./server.ts";

/** Where the model is and how patient to be with it. */
export interface ModelOptions {
  /** The configured server, or null: look at `probe`. */
  readonly baseUrl: string | null;
  readonly apiKey: string | null;
  /** The model to ask for, or null: the first that the server lists. */
  readonly model: string | null;
  /** Addresses tried when there is no `baseUrl`, best first. */
  readonly probe: readonly string[];
  /** Whether the built-in script answers when no server does. */
  readonly demo: boolean;
  readonly maxTokens: number | null;
  /** Longest silence within an answer, and before its first byte. */
  readonly stallMs: number;
  readonly prefillMs: number;
  readonly log: Log;
  readonly pace?: Pace;
}

/** The models of one process. Nothing is asked of any server before the first `current()`. Throws `config.invalid` on a bad address. */
export function openModels(options: ModelOptions): Models {
  const connection = connect(options.apiKey);
  const finder =
    options.baseUrl === null ? findServer(options, connection) : fixedServer(options, connection, tidyAddress(options.baseUrl));
  return {
    current: finder.current,
    auxiliary: finder.current,
    listings: async () => [],
    close: async () => {
      await finder.close();
      await connection.close();
    },
  };
}

interface Finder {
  readonly current: () => Promise<Model>;
  readonly close: () => Promise<void>;
}

/** How long `current()` waits to learn a configured server's models; the stream asks again with more patience. */
const listMs = 2_000;

function fixedServer(options: ModelOptions, connection: Connection, address: string): Finder {
  const server = newServer(connection, address, options.model, options.log);
  const model = modelAt(options, connection, server, () => void server.forget());
  return {
    current: async () => {
      // Trouble here is the stream's to tell, in its own words and after its own retries.
      if (server.model === null) await server.settle(AbortSignal.timeout(listMs)).catch(() => undefined);
      return model;
    },
    close: async () => undefined,
  };
}

function findServer(options: ModelOptions, connection: Connection): Finder {
  const addresses = options.probe.map(tidyAddress);
  const state = {
    model: null as Model | null,
    demo: null as Promise<Demo> | null,
    looking: null as Promise<void> | null,
    lookedAt: -Infinity,
  };
  const look = (): Promise<void> => {
    state.looking ??= (async () => {
      const address = await probe(connection, addresses, options.model);
      state.lookedAt = performance.now();
      if (address === null) return;
      // A late failure of the last server must not take the new one away.
      const model: Model = await found(options, connection, address, () => {
        if (state.model === model) state.model = null;
      });
      state.model = model;
    })().finally(() => void (state.looking = null));
    return state.looking;
  };
  return {
    current: async () => {
      if (state.model !== null) return state.model;
      if (state.demo === null || !options.demo) await look();
      else if (performance.now() - state.lookedAt > (options.pace ?? defaultPace).lookAgainMs) void look();
      if (state.model !== null) return state.model;
      if (!options.demo) throw noneFound(addresses);
      state.demo ??= openDemo((options.pace ?? defaultPace).demoPieceMs);
      return demoModel(options, connection, await state.demo);
    },
    close: async () => {
      await state.looking?.catch(() => undefined);
      await (await state.demo)?.close();
    },
  };
}

async function found(options: ModelOptions, connection: Connection, address: string, gone: () => void): Promise<Model> {
  options.log.info({ server: shownAddress(address) }, "a model server answers");
  const server = newServer(connection, address, options.model, options.log);
  await server.settle(AbortSignal.timeout(listMs)).catch(() => undefined);
  return modelAt(options, connection, server, gone);
}

function demoModel(options: ModelOptions, connection: Connection, demo: Demo): Model {
  const server = newServer(connection, demo.address, demo.model, options.log);
  return modelAt(options, connection, server, () => undefined, true);
}

function modelAt(options: ModelOptions, connection: Connection, server: Server, gone: () => void, demonstration = false): Model {
  const { maxTokens, stallMs, prefillMs, log, pace = defaultPace } = options;
  return chatModel({ connection, server, maxTokens, stallMs, prefillMs, log, pace, gone, demonstration });
}

function noneFound(addresses: readonly string[]): Failure {
  const tried = addresses.length === 0 ? "no address to try" : `tried ${addresses.map(shownAddress).join(", ")}`;
  const advice = "Start one, or set OPENAI_BASE_URL (model.base_url) to where it runs (`hermes model`).";
  return new Failure("model.unreachable", `no model server was found (${tried})`, { advice, retryable: true });
}

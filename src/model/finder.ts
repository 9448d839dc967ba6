import type { Log } from "../core/log.ts";
import { shownAddress, tidyAddress } from "./address.ts";
import type { Target } from "./chat.ts";
import { type Demo, openDemo } from "./demo.ts";
import type { Pool } from "./pool.ts";
import { probe } from "./probe.ts";
import type { ProviderSetting } from "./settings.ts";

/** Looks for a model server where none is configured. */
export interface Finder {
  /** The server found, else the demonstration; neither where that is off, or `helped`: other models can answer instead. */
  find(provider: ProviderSetting, addresses: readonly string[], helped: boolean): Promise<readonly Target[]>;
  close(): Promise<void>;
}

export interface FinderOptions {
  readonly log: Log;
  readonly demo: boolean;
  readonly pool: Pool;
  /** While the demonstration answers, a real server is looked for this often at most. */
  readonly lookAgainMs: number;
  /** Between two pieces of the demonstration's answers. */
  readonly demoPieceMs: number;
}

interface State {
  readonly options: FinderOptions;
  /** The address in use; null while there is none. */
  address: string | null;
  demo: Promise<Demo> | null;
  looking: Promise<void> | null;
  lookedAt: number;
}

/** Remembers what it found until nobody answers there any more. */
export function newFinder(options: FinderOptions): Finder {
  const state: State = { options, address: null, demo: null, looking: null, lookedAt: -Infinity };
  return {
    find: async (provider, written, helped) => {
      const addresses = written.map(tidyAddress);
      const demo = options.demo && !helped;
      if (state.address !== null) return [found(state, provider, state.address)];
      if (state.demo === null || !demo) await look(state, provider, addresses);
      else if (performance.now() - state.lookedAt > options.lookAgainMs) void look(state, provider, addresses);
      if (state.address !== null) return [found(state, provider, state.address)];
      if (!demo) return [];
      state.demo ??= openDemo(options.demoPieceMs);
      return [demoTarget(options.pool, provider, await state.demo)];
    },
    close: async () => {
      await state.looking?.catch(() => undefined);
      await (await state.demo)?.close();
    },
  };
}

function look(state: State, provider: ProviderSetting, addresses: readonly string[]): Promise<void> {
  const { pool, log } = state.options;
  state.looking ??= (async () => {
    const address = await probe(pool.connection(provider.apiKey), addresses, provider.model);
    state.lookedAt = performance.now();
    if (address === null) return;
    log.info({ server: shownAddress(address) }, "a model server answers");
    state.address = address;
  })().finally(() => void (state.looking = null));
  return state.looking;
}

function found(state: State, provider: ProviderSetting, address: string): Target {
  const gone = (): void => {
    // A late failure of the last server must not take the new one away.
    if (state.address === address) state.address = null;
  };
  return { provider, sites: [state.options.pool.site(provider, address)], demonstration: false, gone };
}

function demoTarget(pool: Pool, provider: ProviderSetting, demo: Demo): Target {
  const own = { ...provider, name: "demonstration", baseUrls: [demo.address], model: demo.model, apiKey: null };
  return { provider: own, sites: [pool.site(own, demo.address)], demonstration: true, gone: () => undefined };
}

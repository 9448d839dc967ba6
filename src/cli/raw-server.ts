import type { Log } from "../core/log.ts";
import type { Model } from "../core/model.ts";
import { shownAddress, tidyAddress, versioned } from "../model/address.ts";
import { connect, type Connection } from "../model/connection.ts";
import { newServer, type Server } from "../model/server.ts";
import type { ModelSettings, ProviderSetting } from "../model/settings.ts";

/** A model's server, for questions that the agent never asks. */
export interface RawServer {
  readonly connection: Connection;
  readonly address: string;
  readonly server: Server;
  readonly provider: ProviderSetting;
  close(): Promise<void>;
}

/** The server that the model is at, with the key and the credentials of its configuration. */
export function openServer(model: Model, settings: ModelSettings): RawServer {
  const provider = settings.main ?? settings.found;
  const written = provider.baseUrls.map(tidyAddress).flatMap((address) => [address, versioned(address) ?? address]);
  // The model's own address is for people, so it lacks credentials; and it may have moved to the one with /v1.
  const address = written.find((each) => shownAddress(each) === model.server) ?? model.server;
  const connection = connect(provider.apiKey);
  return {
    connection,
    address,
    server: newServer(connection, address, model.name, silent),
    provider,
    close: () => connection.close(),
  };
}

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

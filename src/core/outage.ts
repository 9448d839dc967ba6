import type { Log } from "./log.ts";

/** Says once that a server is gone, and once that it is back; other errors once a minute each. */
export interface Outage {
  /** A connection's error, or any other of the server's. */
  error(error: Error): void;
  /** The server has answered. */
  back(): void;
  /** Whether it is gone, as far as is known. */
  down(): boolean;
}

/** Error codes and messages of a connection that is not there, as ioredis, BullMQ and pg give them. */
const gone =
  /ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENOENT|Connection is closed|connection terminated|Connection ended|Command timed out|MaxRetriesPerRequest|max retries per request|Stream isn't writeable|can't be used now|no answer within|Socket timeout|57P0[123]/i;

/** Trouble that stays (no memory, no permission) is said again after this long. */
const repeatMs = 60_000;

/** Watches one server for the log. `without` says what its absence costs. */
export function watchOutage(server: string, without: string, log: Log): Outage {
  return watchConnections(server, without, log)();
}

/**
 * Watches one server over several connections: it is gone with the first that loses it, and back when all are. Each call gives a
 * connection's own watch; one that is closed for good calls `back` last.
 */
export function watchConnections(server: string, without: string, log: Log): () => Outage {
  const down = new Set<symbol>();
  const said = new Map<string, number>();
  const lost = (connection: symbol, error: Error) => {
    if (down.size === 0) log.warn({ reason: error.message }, `${server} can't be reached; ${without}`);
    down.add(connection);
  };
  const other = (error: Error) => {
    const kind = error.message.replaceAll(/[\da-f]{4,}/g, "#");
    if (Date.now() - (said.get(kind) ?? -Infinity) < repeatMs) return;
    if (said.size >= mostKinds) said.clear();
    said.set(kind, Date.now());
    log.warn({ error }, `${server}: ${error.message}`);
  };
  return () => {
    const connection = Symbol(server);
    return {
      error(error) {
        const text = `${error.name} ${error.message} ${"code" in error ? String(error.code) : ""}`;
        if (gone.test(text)) lost(connection, error);
        else other(error);
      },
      back() {
        if (down.delete(connection) && down.size === 0) log.info({}, `${server} is back`);
      },
      down: () => down.has(connection),
    };
  };
}

const mostKinds = 100;

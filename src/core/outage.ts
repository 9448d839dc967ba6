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
  let down = false;
  const said = new Map<string, number>();
  return {
    error(error) {
      const text = `${error.name} ${error.message} ${"code" in error ? String(error.code) : ""}`;
      if (gone.test(text)) {
        if (!down) log.warn({ reason: error.message }, `${server} can't be reached; ${without}`);
        down = true;
        return;
      }
      const kind = error.message.replaceAll(/[\da-f]{4,}/g, "#");
      if (Date.now() - (said.get(kind) ?? -Infinity) < repeatMs) return;
      if (said.size >= mostKinds) said.clear();
      said.set(kind, Date.now());
      log.warn({ error }, `${server}: ${error.message}`);
    },
    back() {
      if (down) log.info({}, `${server} is back`);
      down = false;
    },
    down: () => down,
  };
}

const mostKinds = 100;

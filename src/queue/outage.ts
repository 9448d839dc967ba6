import type { Log } from "../core/log.ts";

/** Says once that a server is gone, and once that it is back. */
export interface Outage {
  /** A connection's error; whatever else goes wrong is logged as it is. */
  error(error: Error): void;
  back(): void;
}

/** Error codes and messages of a connection that is not there, as ioredis and pg give them. */
const gone =
  /ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|Connection is closed|connection terminated|Connection ended|Command timed out|MaxRetriesPerRequest|Stream isn't writeable|can't be used now/i;

/** A job whose lock was lost or whose keys were wiped: the record has the truth, so it is no trouble. */
const harmless = /Missing lock|Lock mismatch|Missing key for job|could not renew lock|job .* not exist/i;

export function watchOutage(server: string, log: Log): Outage {
  let down = false;
  return {
    error(error) {
      if (harmless.test(error.message)) return log.debug({ error }, `${server}: a job's lock is gone`);
      const text = `${error.name} ${error.message} ${"code" in error ? String(error.code) : ""}`;
      if (!gone.test(text)) return log.warn({ error }, `${server}: ${error.message}`);
      if (!down) log.warn({}, `${server} can't be reached; what it would say is in the record, and it is tried again and again`);
      down = true;
    },
    back() {
      if (down) log.info({}, `${server} is back`);
      down = false;
    },
  };
}

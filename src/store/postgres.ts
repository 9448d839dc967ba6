import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "pg";
import { Failure } from "../core/failures.ts";
import type { Log } from "../core/log.ts";
import { columnTypes } from "./pg-types.ts";
import { idleInTransactionMs, type PgPool } from "./pglite-pool.ts";

/** Where unqualified names are looked for: ours in the default schema, then BullMQ's functions and tables in theirs. */
export const searchPath = '"$user",public,bullmq';

/** A server's name for people: host and port, never the account's password. */
export function serverName(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return "the address in DATABASE_URL";
  const host = parsed.hostname || parsed.searchParams.get("host") || "localhost";
  return `${host}:${parsed.port || "5432"}`;
}

/** A pool on a server that has answered. Waits for one that is still starting; throws `state.unavailable` when it doesn't come. */
export async function openPostgres(url: string, log: Log, signal: AbortSignal, patienceMs = startPatienceMs): Promise<PgPool> {
  const pool = createPool(url);
  outliveBreaks(pool, `Postgres at ${serverName(url)}`, log);
  try {
    await untilAnswers(pool, serverName(url), log, signal, Date.now() + patienceMs);
  } catch (error) {
    await pool.end();
    throw error;
  }
  return pool;
}

/** Long enough for a database container that starts beside this one. */
const startPatienceMs = 30_000;
/** Per process, and Postgres allows 100 connections in all by default. */
const maxConnections = 20;
const connectMs = 10_000;
/** No statement here takes seconds; one that does is stuck behind a lock. */
const statementMs = 60_000;

function createPool(connectionString: string): PgPool {
  const pool = new Pool({
    max: maxConnections,
    connectionTimeoutMillis: connectMs,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    application_name: "hermes",
    statement_timeout: statementMs,
    idle_in_transaction_session_timeout: idleInTransactionMs,
    options: `-c search_path=${searchPath}`,
    types: columnTypes,
    connectionString,
  });
  pool.setMaxListeners(0);
  return pool;
}

/** Logs connections that break while nobody waits for them: without a listener each would end the process. */
export function outliveBreaks(pool: PgPool, database: string, log: Log): void {
  const onError = (error: Error) => log.warn({ database, reason: error.message }, "a database connection broke");
  pool.on("error", onError);
  pool.on("connect", (client) => void client.on("error", onError));
}

async function untilAnswers(pool: PgPool, server: string, log: Log, signal: AbortSignal, deadline: number): Promise<void> {
  for (let waitMs = 250; ; waitMs = Math.min(waitMs * 2, 2_000)) {
    signal.throwIfAborted();
    try {
      await pool.query("select 1");
      return;
    } catch (cause) {
      if (!isOutage(cause) || Date.now() + waitMs > deadline) throw unreachable(server, cause);
      log.warn({ server, reason: reasonOf(cause) }, `Postgres at ${server} does not answer yet, trying again`);
    }
    await sleep(waitMs, undefined, { signal });
  }
}

/** True for errors that say nothing about the statement: the server is away, full, stopping or starting. */
export function isOutage(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  // The driver's own errors (connection ended, timed out) have no code; the system's (ECONNREFUSED) begin with E.
  if (typeof code !== "string" || !/^[0-9A-Z]{5}$/.test(code)) return error instanceof Error && !isMistake(error);
  return outageClasses.some((prefix) => code.startsWith(prefix));
}

/** JavaScript's own complaints, about our values rather than the server. */
function isMistake(error: Error): boolean {
  return error instanceof TypeError || error instanceof RangeError;
}

/** SQLSTATE: connection exceptions, insufficient resources, operator intervention, idle in a transaction, system errors. */
const outageClasses = ["08", "53", "57P", "25P03", "58"];

function unreachable(server: string, cause: unknown): Failure {
  return new Failure("state.unavailable", `Postgres at ${server} can't be used: ${reasonOf(cause)}`, {
    advice: "Start it, or correct DATABASE_URL.",
    retryable: isOutage(cause),
    cause,
  });
}

/** Several addresses of one host fail as an AggregateError without a message of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(reasonOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}

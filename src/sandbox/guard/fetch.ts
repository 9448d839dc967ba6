import { type Agent, type Dispatcher, request } from "undici";
import { Failure } from "../../core/failures.ts";
import type { Allowance } from "./allowance.ts";
import { acceptEncoding, readBody, tooLarge } from "./body.ts";
import { guardedAgent, type Resolver, systemResolver } from "./dial.ts";
import { hostOf, refused, targetOf } from "./target.ts";
import { type Timing, timing } from "./timing.ts";

export interface FetchOptions {
  readonly allowance: Allowance;
  readonly signal: AbortSignal;
  /** How many bytes, unpacked, are read of a page of this content type; throws to refuse it before any has come. */
  limit(contentType: string): number;
  readonly method?: "GET" | "POST";
  /** Sent to the first origin alone. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly totalMs?: number;
  readonly idleMs?: number;
  readonly resolve?: Resolver;
}

export interface Fetched {
  /** Where the redirects led. */
  readonly url: string;
  readonly status: number;
  readonly contentType: string;
  readonly body: Uint8Array;
}

const defaultTotalMs = 30_000;
const defaultIdleMs = 15_000;
/** What browsers' users meet: a move to https, one to www, a consent page; more is a circle or a maze. */
const mostRedirects = 5;
const redirects = new Set([301, 302, 303, 307, 308]);

/**
 * The only way to the web for anything that an agent may name: web addresses alone, each host checked before it is dialled and dialled as
 * it was checked, each redirect like a first request, with bounds on size and time. Throws `web.refused` and `web.failed`, whose messages
 * the model reads; an abort of the signal throws its reason.
 */
export async function guardedFetch(address: string, options: FetchOptions): Promise<Fetched> {
  const { allowance, signal, totalMs = defaultTotalMs, idleMs = defaultIdleMs, resolve = systemResolver } = options;
  signal.throwIfAborted();
  let url = targetOf(address, null, allowance);
  const clock = timing(signal, totalMs, idleMs);
  const agent = guardedAgent(allowance, resolve, idleMs);
  try {
    return await follow(agent, clock, url, options, (next) => (url = next));
  } catch (thrown) {
    signal.throwIfAborted();
    throw asWebFailure(clock.fault() ?? thrown, hostOf(url));
  } finally {
    clock.stop();
    await agent.destroy();
  }
}

async function follow(agent: Agent, clock: Timing, first: URL, options: FetchOptions, at: (url: URL) => void): Promise<Fetched> {
  let url = first;
  for (let hop = 0; hop <= mostRedirects; hop += 1) {
    const response = await ask(agent, clock, url, url.origin === first.origin, options);
    const location = one(response.headers["location"]);
    if (!redirects.has(response.statusCode) || location === "") return await taken(response, clock, url, options);
    letGo(response);
    if (options.method === "POST") throw refused(`${url.host} sends requests elsewhere; that is followed for pages only.`);
    url = targetOf(location, url, options.allowance);
    at(url);
  }
  throw new Failure("web.failed", `It redirects more than ${mostRedirects} times.`);
}

async function ask(
  agent: Agent,
  clock: Timing,
  url: URL,
  atHome: boolean,
  { method = "GET", headers = {}, body }: FetchOptions,
): Promise<Dispatcher.ResponseData> {
  clock.tick();
  const response = await request(url, {
    dispatcher: agent,
    method,
    headers: { ...commonHeaders, ...(atHome ? headers : {}) },
    ...(body === undefined ? {} : { body }),
    signal: clock.signal,
    // Ours count; theirs are coarser.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  clock.tick();
  return response;
}

const commonHeaders = {
  "user-agent": "Mozilla/5.0 (compatible; HermesTeam/0.1)",
  accept: "text/html,application/xhtml+xml,application/pdf,application/json,text/*;q=0.9,*/*;q=0.5",
  "accept-language": "en,*;q=0.5",
  "accept-encoding": acceptEncoding,
};

async function taken(response: Dispatcher.ResponseData, clock: Timing, url: URL, options: FetchOptions): Promise<Fetched> {
  try {
    const contentType = one(response.headers["content-type"]);
    const encoding = one(response.headers["content-encoding"]);
    const limit = options.limit(contentType);
    if (Number(one(response.headers["content-length"])) > limit) throw tooLarge(limit);
    const body = await readBody(response.body, encoding, limit, clock.tick);
    return { url: url.href, status: response.statusCode, contentType, body };
  } finally {
    letGo(response);
  }
}

/** Whatever comes after is nobody's business any more. */
function letGo({ body }: Dispatcher.ResponseData): void {
  body.on("error", () => undefined);
  body.destroy();
}

function one(header: string | readonly string[] | undefined): string {
  return typeof header === "string" ? header : (header?.[0] ?? "");
}

function asWebFailure(thrown: unknown, host: string): Failure {
  if (thrown instanceof Failure)
    return thrown.message.includes(host) ? thrown : new Failure(thrown.code, `${host}: ${thrown.message}`, { cause: thrown });
  const first = thrown instanceof AggregateError ? thrown.errors[0] : thrown;
  const code = first instanceof Error && "code" in first ? String(first.code) : "";
  return new Failure("web.failed", `${host} could not be read: ${codeWords(code, first)}`, { cause: thrown });
}

function codeWords(code: string, error: unknown): string {
  if (code === "ENOTFOUND" || code === "EAI_NONAME") return "there is no such host.";
  if (code === "EAI_AGAIN") return "its name can't be looked up just now.";
  if (code === "ECONNREFUSED") return "nothing listens there.";
  if (code === "ECONNRESET" || code === "UND_ERR_SOCKET" || code === "EPIPE") return "it closed the connection.";
  if (code === "ETIMEDOUT" || code === "UND_ERR_CONNECT_TIMEOUT") return "it can't be reached in time.";
  if (code.startsWith("Z_") || code.startsWith("ERR_BROTLI") || code.includes("DECODER"))
    return "what it sends can't be unpacked.";
  if (/CERT|SSL|TLS|SELF_SIGNED/.test(code)) return `its certificate can't be trusted (${code}).`;
  return `${code === "" ? (error instanceof Error ? error.message : String(error)).slice(0, 200) : code}.`;
}

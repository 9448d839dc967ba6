import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { Socket } from "node:net";
import { Api } from "grammy";

/** The Bot API over connections of our own. */
export interface Client {
  /** For everything but polling: gives up soon. */
  readonly api: Api;
  /** For sending files. */
  readonly uploads: Api;
  /** For `getUpdates`, which waits at the server. */
  readonly polling: Api;
  /** Where it lives, without the token. */
  readonly origin: string;
  /** Whether that is this machine. */
  readonly isLocal: boolean;
  /** Where a file's bytes are. Contains the token. */
  fileAddress(path: string): string;
  close(): void;
}

/** How long the server holds a poll with nothing to tell. */
export const pollSeconds = 30;
/** Below the lease of a delivery (20 s), so that a slow send is over before another gateway may try. */
const sendSeconds = 10;
/** Below the lease of a file's delivery (120 s). */
const uploadSeconds = 100;
const connectMs = 5_000;
/** Idle connections are dropped before servers and NATs do it silently: a send into a dead one has an unknown outcome. */
const idleMs = 15_000;

/** Makes a client that retries nothing by itself. */
export function createClient(token: string, apiRoot: string | null): Client {
  const root = (apiRoot ?? "https://api.telegram.org").replace(/\/+$/, "");
  const settings = { keepAlive: true, timeout: idleMs };
  const agent = withConnectTimeout(root.startsWith("https:") ? new HttpsAgent(settings) : new HttpAgent(settings));
  const make = (timeoutSeconds: number): Api =>
    new Api(token, { apiRoot: root, timeoutSeconds, baseFetchConfig: { agent, compress: true } });
  const { origin, hostname } = new URL(root);
  return {
    api: make(sendSeconds),
    uploads: make(uploadSeconds),
    polling: make(pollSeconds + 15),
    origin,
    isLocal: ["localhost", "127.0.0.1", "[::1]"].includes(hostname),
    fileAddress: (path) => `${root}/file/bot${token}/${path.split("/").map(encodeURIComponent).join("/")}`,
    close: () => agent.destroy(),
  };
}

/** Marks a failure to connect as such: then the request was surely not sent. */
export const connectTimeoutCode = "CONNECT_TIMEOUT";

function withConnectTimeout<A extends HttpAgent>(agent: A): A {
  const create = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const stream = create(options, callback);
    // Typed as any duplex; http's and https's agents make sockets.
    const socket = stream as Socket | null | undefined;
    if (!socket?.connecting) return stream;
    const timer = setTimeout(() => {
      socket.destroy(Object.assign(new Error("connecting took too long"), { code: connectTimeoutCode }));
    }, connectMs);
    for (const event of ["connect", "close", "error"]) socket.once(event, () => clearTimeout(timer));
    return stream;
  };
  return agent;
}

/** The signal type that grammY's calls take: the one of a package from before Node had its own, which it forwards as it is. */
type CallSignal = NonNullable<Parameters<Api["raw"]["getMe"]>[0]>;

/** Node's signal as grammY's types know it: at run time they are alike (grammY only listens for `abort`). */
export function callSignal(signal: AbortSignal): CallSignal {
  return signal as unknown as CallSignal; // the two declarations differ in their event types only
}

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Seen, Step, StreamStep } from "./model-server-steps.ts";

export * from "./model-server-steps.ts";

/** Answers any request, forever: for parallel sessions and benchmarks. `count` is the number of requests before this one. */
export type Responder = (seen: Seen, count: number) => Step;

/** A request for anything but the scripted chat. `path` has its query. */
export interface RouteRequest {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/** An answer of JSON; `never`: the question stays open. */
export type RouteAnswer = { readonly status: number; readonly body: unknown } | "never";

/** Endpoints beside the scripted chat; null leaves the request to the double. */
export type Routes = (asked: RouteRequest) => RouteAnswer | null;

export interface ModelServerOptions {
  readonly port?: number;
  readonly models?: readonly string[];
  /** What `/v1/models` names as the owner; `llamacpp` is llama-server. */
  readonly ownedBy?: string;
  /** Where the API lives; another path answers 404. */
  readonly prefix?: string;
  /** Endpoints of its own, looked at first (after the key): `server-kinds.ts` has those of the known servers. */
  readonly routes?: Routes;
  /** Endpoints below the prefix that the script answers; default `chat/completions` alone. */
  readonly speaks?: readonly ("chat/completions" | "responses" | "messages")[];
  /** When given, a request without this bearer key gets 401. */
  readonly apiKey?: string;
  /** True: the socket is closed after each stream although keep-alive was advertised, as llama-server does. */
  readonly closesSockets?: boolean;
  /** Whether disposal throws on unexpected requests and unused steps. Default: true for a list of steps. */
  readonly strict?: boolean;
}

/** A scripted OpenAI-compatible server over real HTTP and SSE. */
export interface ModelServer extends AsyncDisposable {
  /** The base URL, with `/v1`. */
  readonly url: string;
  readonly origin: string;
  readonly port: number;
  /** Chat requests in order of arrival. */
  readonly seen: readonly Seen[];
  /** Names `/v1/models` lists; may be changed. */
  models: readonly string[];
  /** Resolves when this many chat requests have arrived. */
  arrived(count: number): Promise<void>;
  /** Resolves when the client has closed request `index` early. */
  aborted(index: number): Promise<void>;
  add(...steps: readonly Step[]): void;
  /** Closes without checking. */
  close(): Promise<void>;
}

/** A server that plays these steps (or a responder's). Disposal throws when a step was unused or a request had none. */
export function modelServer(...script: readonly Step[] | readonly [Responder]): Promise<ModelServer> {
  return modelServerWith({}, ...script);
}

/** As `modelServer`, with options. */
export async function modelServerWith(
  options: ModelServerOptions,
  ...script: readonly Step[] | readonly [Responder]
): Promise<ModelServer> {
  const state = newState(options, script);
  const server = createServer((request, response) => {
    serve(state, request, response).catch((thrown: unknown) => {
      if (!response.destroyed) state.problems.push(`the double failed: ${String(thrown)}`);
      response.destroy();
    });
  });
  server.keepAliveTimeout = 60_000;
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // a TCP server's address is always an AddressInfo
  const close = async (): Promise<void> => {
    state.closed.abort();
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  return Object.assign(state.face, {
    url: `http://127.0.0.1:${port}${state.prefix}`,
    origin: `http://127.0.0.1:${port}`,
    port,
    close,
    [Symbol.asyncDispose]: async () => {
      await close();
      if (state.strict) settle(state);
    },
  });
}

interface State {
  readonly options: ModelServerOptions;
  readonly prefix: string;
  readonly strict: boolean;
  readonly responder: Responder | null;
  readonly steps: Step[];
  readonly seen: Seen[];
  readonly problems: string[];
  readonly closed: AbortController;
  readonly waiters: Set<() => void>;
  readonly face: Pick<ModelServer, "seen" | "models" | "arrived" | "aborted" | "add">;
}

function newState(options: ModelServerOptions, script: readonly Step[] | readonly [Responder]): State {
  const [first] = script;
  const responder = typeof first === "function" ? first : null;
  const steps = script.filter((step) => typeof step !== "function");
  const seen: Seen[] = [];
  const waiters = new Set<() => void>();
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        waiters.add(resolve);
      });
    }
  };
  return {
    options,
    prefix: options.prefix ?? "/v1",
    strict: options.strict ?? responder === null,
    responder,
    steps,
    seen,
    problems: [],
    closed: new AbortController(),
    waiters,
    face: {
      seen,
      models: options.models ?? ["double"],
      arrived: (count) => until(() => seen.length >= count),
      aborted: (index) => until(() => seen[index]?.aborted === true),
      add: (...more) => void steps.push(...more),
    },
  };
}

/** Wakes everyone who waits for something to happen. */
function tell(state: State): void {
  for (const wake of state.waiters) wake();
  state.waiters.clear();
}

function settle(state: State): void {
  const unused = state.steps.map((step) => `a step was never used: ${step.kind}`);
  const problems = [...state.problems, ...unused];
  if (problems.length > 0) throw new Error(`model server double: ${problems.join("; ")}`);
}

async function serve(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const text = await read(request);
  const path = request.url ?? "/";
  const { apiKey } = state.options;
  if (path === "/health") return answer(response, 200, { status: "ok" });
  if (apiKey !== undefined && request.headers.authorization !== `Bearer ${apiKey}`) {
    return answer(response, 401, { error: { message: "Invalid API Key", type: "authentication_error", code: 401 } });
  }
  const routed =
    state.options.routes?.({ method: request.method ?? "GET", path, body: text === "" ? null : JSON.parse(text) }) ?? null;
  if (routed === "never") return;
  if (routed !== null) return answer(response, routed.status, routed.body);
  if (path === `${state.prefix}/models`) return answer(response, 200, listing(state));
  const { speaks = ["chat/completions"] } = state.options;
  if (!speaks.some((each) => path === `${state.prefix}/${each}`) || request.method !== "POST") {
    return answer(response, 404, { error: { message: "File Not Found", type: "not_found_error", code: 404 } });
  }
  const body = JSON.parse(text) as Seen["body"]; // our own client's request; tests look into it
  // How clients find out what is spoken here.
  if (Object.keys(body).length === 0) return answer(response, 400, { error: { message: "'messages' is required" } });
  const seen: Seen = { path, headers: request.headers, raw: text, body, at: performance.now(), aborted: false };
  state.seen.push(seen);
  response.on("close", () => {
    seen.aborted = !response.writableFinished && !state.closed.signal.aborted && response.getHeader("x-cut") === undefined;
    tell(state);
  });
  tell(state);
  const step = next(state, seen);
  if (step === null) {
    state.problems.push(`an unexpected request: ${text.slice(-200)}`);
    return answer(response, 400, { error: { message: "the double has no step for this request" } });
  }
  await play(state, step, response);
}

function listing(state: State): unknown {
  const { ownedBy = "double" } = state.options;
  return { object: "list", data: state.face.models.map((id) => ({ id, object: "model", created: 1, owned_by: ownedBy })) };
}

function next(state: State, seen: Seen): Step | null {
  if (state.responder !== null) return state.responder(seen, state.seen.length - 1);
  const index = state.steps.findIndex((step) => step.when === null || step.when(seen));
  return index < 0 ? null : (state.steps.splice(index, 1)[0] ?? null);
}

async function play(state: State, step: Step, response: ServerResponse): Promise<void> {
  switch (step.kind) {
    case "http":
      response.writeHead(step.status, { ...step.headers });
      response.end(step.body);
      return;
    case "hang":
      return;
    case "reset":
      response.setHeader("x-cut", "1");
      response.socket?.resetAndDestroy();
      return;
    case "stream":
      return playStream(state, step, response);
  }
}

async function playStream(state: State, step: StreamStep, response: ServerResponse): Promise<void> {
  if (step.headersMs > 0) await sleep(step.headersMs, undefined, { signal: state.closed.signal });
  const ends = step.end === "cut" ? { "x-cut": "1" } : {};
  response.writeHead(200, { "content-type": "text/event-stream", "keep-alive": "timeout=5, max=100", ...ends });
  response.flushHeaders();
  const middle = Math.ceil(step.frames.length / 2);
  for (const [at, frame] of step.frames.entries()) {
    if (step.gate && at === middle) await Promise.race([step.gate, once(state.closed.signal, "abort"), once(response, "close")]);
    if (response.destroyed) return;
    if (step.delayMs > 0) await sleep(step.delayMs, undefined, { signal: state.closed.signal });
    if (step.bytewise) for (const byte of Buffer.from(frame)) await write(response, Uint8Array.of(byte));
    else await write(response, frame);
  }
  if (step.end === "never") return;
  // Written frames have left the process (each write was awaited), so a reset here cannot take them back.
  if (step.end === "cut") return void response.destroy();
  const { socket } = response;
  response.end(() => {
    if (state.options.closesSockets === true) socket?.destroy();
  });
}

function write(response: ServerResponse, bytes: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    response.write(bytes, () => resolve());
  });
}

function answer(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

async function read(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer); // no encoding is set, so parts are buffers
  return Buffer.concat(parts).toString("utf8");
}

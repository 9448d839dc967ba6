import OpenAI from "openai";
import type { ChatCompletionChunk } from "openai/resources/chat/completions";
import { Agent, type Dispatcher, fetch as undiciFetch } from "undici";
import { shownAddress } from "./address.ts";
import type { Watch } from "./watch.ts";
import type { WireRequest } from "./wire.ts";

/** Sockets and client for one process's model calls. */
export interface Connection {
  /** Sends a chat request; resolves when the headers are there. Rejects as the SDK does. */
  chat(address: string, request: WireRequest, watch: Watch): Promise<Opened>;
  /** GET of a JSON answer below the address. Rejects as the SDK does. */
  get(address: string, path: string, signal: AbortSignal): Promise<unknown>;
  /** POST of a JSON body below the address, for a JSON answer. Rejects as the SDK does. */
  post(address: string, path: string, body: unknown, signal: AbortSignal): Promise<unknown>;
  close(): Promise<void>;
}

/** An answer whose body has not been read: a stream of chunks when it is one, else its text. */
export type Opened =
  | { readonly kind: "stream"; readonly chunks: AsyncIterable<ChatCompletionChunk> }
  | { readonly kind: "other"; readonly contentType: string; text(): Promise<string> };

/** Opens nothing yet. `apiKey` null sends a key that says nothing; local servers want none. */
export function connect(apiKey: string | null): Connection {
  // A queued request gets no headers for minutes, and pauses in a stream are the watch's business: no time-outs of undici's own.
  const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0, connect: { timeout: 10_000 } });
  const clients = new Map<string, OpenAI>();
  const client = (address: string): OpenAI => {
    const known = clients.get(address);
    if (known) return known;
    const fresh = newClient(address, apiKey);
    clients.set(address, fresh);
    return fresh;
  };
  return {
    chat: async (address, request, watch) => {
      const dispatcher = agent.compose(tap(watch));
      const call = client(address).chat.completions.create(request, { signal: watch.signal, fetchOptions: { dispatcher } });
      const { data, response } = await call.withResponse();
      const contentType = response.headers.get("content-type") ?? "";
      if (!/\b(?:html|json)\b/.test(contentType)) return { kind: "stream", chunks: data };
      return { kind: "other", contentType, text: () => response.text() };
    },
    get: (address, path, signal) => client(address).get(path, { signal, fetchOptions: { dispatcher: agent } }),
    post: (address, path, body, signal) => client(address).post(path, { body, signal, fetchOptions: { dispatcher: agent } }),
    close: () => agent.destroy(),
  };
}

function newClient(address: string, apiKey: string | null): OpenAI {
  const { bare, header } = withoutCredentials(address);
  return new OpenAI({
    baseURL: bare,
    defaultHeaders: header,
    apiKey: apiKey ?? "none",
    // Null keeps the SDK from looking into the environment for these.
    adminAPIKey: null,
    organization: null,
    project: null,
    maxRetries: 0,
    timeout: 2_147_483_647, // the SDK's is a time-out of the headers; the longest that a timer takes
    logLevel: "off",
    // Boundary: undici's own fetch and Response, whose types differ in name only from those of Node's bundled copy. They must come from
    // the package the Agent comes from, or the dispatcher is refused.
    fetch: undiciFetch as unknown as NonNullable<ConstructorParameters<typeof OpenAI>[0]>["fetch"],
  });
}

/** fetch refuses a URL with a name and password in it; they go where a proxy expects them. */
function withoutCredentials(address: string): { readonly bare: string; readonly header: Record<string, string> } {
  const url = new URL(address);
  if (url.username === "" && url.password === "") return { bare: address, header: {} };
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  const header = { authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
  return { bare: shownAddress(address), header };
}

/** Tells the watch of every piece of a body, at no cost for the stream. */
function tap(watch: Watch): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) =>
    dispatch(options, {
      onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
      onRequestUpgrade: (controller, status, headers, socket) => handler.onRequestUpgrade?.(controller, status, headers, socket),
      onResponseStarted: () => handler.onResponseStarted?.(),
      onResponseStart: (controller, status, headers, message) => handler.onResponseStart?.(controller, status, headers, message),
      onResponseData: (controller, chunk) => {
        watch.gotBytes();
        return handler.onResponseData?.(controller, chunk);
      },
      onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(controller, trailers),
      onResponseError: (controller, error) => handler.onResponseError?.(controller, error),
    });
}

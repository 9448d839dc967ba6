import OpenAI from "openai";
import { Agent, fetch as undiciFetch } from "undici";
import { kept } from "../core/maps.ts";
import { rootOf, shownAddress } from "./address.ts";
import type { AnthropicPost } from "./anthropic.ts";
import { type Inflow, newInflow } from "./inflow.ts";
import { anthropicHost, modeOfAddress } from "./modes/hosts.ts";
import type { ApiMode } from "./settings.ts";
import type { SentEvent } from "./sse.ts";
import { type Tap, tapped } from "./tap.ts";
import type { Watch } from "./watch.ts";

/** Sockets and clients for one process's model calls with one key. */
export interface Connection {
  /** What servers were found to speak, by address; only where an address did not say so by itself. */
  readonly spoken: Map<string, ApiMode>;
  /** Sends a request for an answer; resolves when the headers are there. Rejects as the SDKs do. */
  send(mode: ApiMode, address: string, path: string, body: unknown, watch: Watch): Promise<Opened>;
  /** GET of a JSON answer below the address. Rejects as the SDK does. */
  get(address: string, path: string, signal: AbortSignal): Promise<unknown>;
  /** POST of a JSON body below the address, for a JSON answer. Rejects as the SDK does. */
  post(address: string, path: string, body: unknown, signal: AbortSignal): Promise<unknown>;
  close(): Promise<void>;
}

/** An answer whose body has not been read: a stream of events when it is one, else its text. */
export type Opened =
  | { readonly kind: "stream"; readonly batches: AsyncIterable<readonly SentEvent[]> }
  | { readonly kind: "other"; readonly contentType: string; text(): Promise<string> };

/** Opens nothing yet. `apiKey` null sends a key that says nothing; local servers want none. */
export function connect(apiKey: string | null): Connection {
  // A queued request gets no headers for minutes, and pauses in a stream are the watch's business: no time-outs of undici's own.
  const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0, connect: { timeout: 10_000 } });
  const [openais, anthropics] = [new Map<string, OpenAI>(), new Map<string, Promise<AnthropicPost>>()];
  const openai = (address: string): OpenAI => kept(openais, address, () => newOpenAi(address, apiKey));
  const anthropic = (address: string): Promise<AnthropicPost> => kept(anthropics, address, () => newAnthropic(address, apiKey));
  return {
    spoken: new Map(),
    send: async (mode, address, path, body, watch) => {
      const inflow = newInflow(watch.signal);
      const tap = tapped(agent, inflow, () => watch.gotBytes());
      // The body need not be packed: there is hardly more to a token than its frame, and it would have to be unpacked again.
      const headers = { "accept-encoding": "identity" };
      const options = { body, headers, signal: watch.signal, fetchOptions: { dispatcher: tap.dispatcher } };
      const response =
        mode === "anthropic_messages"
          ? await (
              await anthropic(address)
            )(path, options)
          : await openai(address).post(path, options).asResponse();
      return opened(response, tap, inflow);
    },
    get: (address, path, signal) => openai(address).get(path, { signal, fetchOptions: { dispatcher: agent } }),
    post: (address, path, body, signal) => openai(address).post(path, { body, signal, fetchOptions: { dispatcher: agent } }),
    close: () => agent.destroy(),
  };
}

function opened(response: Response, tap: Tap, inflow: Inflow): Opened {
  const contentType = response.headers.get("content-type") ?? "";
  // fetch closes the socket of a response that is garbage.
  inflow.held = response;
  if (tap.taken) return { kind: "stream", batches: inflow };
  if (/\b(?:html|json)\b/.test(contentType) || response.body === null) {
    return { kind: "other", contentType, text: () => response.text() };
  }
  return { kind: "stream", batches: unpacked(inflow, response.body) };
}

/** A body that came packed although it was not to: fetch unpacks it. */
function unpacked(inflow: Inflow, body: ReadableStream<Uint8Array>): Inflow {
  const pour = async (): Promise<void> => {
    for await (const bytes of body) inflow.push(bytes);
    inflow.end();
  };
  pour().catch((error: unknown) => inflow.fail(error));
  return inflow;
}

/** The longest that a timer takes: the SDKs' own time-out is one of the headers, which a queued request waits for. */
const noTimeout = 2_147_483_647;

function newOpenAi(address: string, apiKey: string | null): OpenAI {
  // People leave Anthropic's `/v1` out, because its own client adds it.
  const { bare, header } = withoutCredentials(
    modeOfAddress(address) === "anthropic_messages" ? `${rootOf(address)}/v1` : address,
  );
  return new OpenAI({
    baseURL: bare,
    defaultHeaders: { ...(anthropicHost(address) ? { ...anthropicHeaders(apiKey), authorization: null } : {}), ...header },
    apiKey: apiKey ?? "none",
    // Null keeps the SDK from looking into the environment for these.
    adminAPIKey: null,
    organization: null,
    project: null,
    maxRetries: 0,
    timeout: noTimeout,
    logLevel: "off",
    fetch: errorKeepingFetch,
  });
}

/** A registry of one: this SDK is loaded where a server speaks its API, for it takes 10 MB. */
async function newAnthropic(address: string, apiKey: string | null): Promise<AnthropicPost> {
  const { openAnthropic } = await import("./anthropic.ts");
  const { bare, header } = withoutCredentials(rootOf(address));
  // Others than Anthropic look for the key where OpenAI has it, which is where the SDK puts it.
  const headers = { ...anthropicHeaders(apiKey), ...(anthropicHost(address) ? { authorization: null } : {}), ...header };
  return openAnthropic({ root: bare, apiKey, headers, timeoutMs: noTimeout, fetch: plainFetch });
}

function anthropicHeaders(apiKey: string | null): Record<string, string | null> {
  return { "x-api-key": apiKey ?? "none", "anthropic-version": "2023-06-01" };
}

// Boundary: undici's own fetch and Response, whose types differ in name only from those of Node's bundled copy. They must come from
// the package the Agent comes from, or the dispatcher is refused.
const plainFetch = undiciFetch as unknown as typeof fetch;

/** The SDK drops an error's words unless they are in a field `error`; FastAPI's are in `detail`, older servers' in `message`. */
const errorKeepingFetch: typeof fetch = async (input, init) => {
  const response = await plainFetch(input, init);
  if (response.ok || !(response.headers.get("content-type") ?? "").includes("json")) return response;
  const text = await response.text();
  const { status, headers } = response;
  return new Response(/"error"\s*:/.test(text) ? text : `{"error":${text}}`, { status, headers });
};

/** fetch refuses a URL with a name and password in it; they go where a proxy expects them. */
function withoutCredentials(address: string): { readonly bare: string; readonly header: Record<string, string> } {
  const url = new URL(address);
  if (url.username === "" && url.password === "") return { bare: address, header: {} };
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  const header = { authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
  return { bare: shownAddress(address), header };
}

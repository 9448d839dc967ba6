import { SdkHttpError, SSEClientTransport, StreamableHTTPClientTransport, type Transport } from "@modelcontextprotocol/client";
import { fetch as fetchWith } from "undici";
import { allowing } from "../../sandbox/guard/allowance.ts";
import { guardedAgent, systemResolver } from "../../sandbox/guard/dial.ts";
import { hostOf, targetOf } from "../../sandbox/guard/target.ts";

/** A way to one server; closing it drops what it holds. */
export interface Line {
  /** Transports to try in turn: the second only where the first is not spoken there. */
  readonly transports: readonly (() => Transport)[];
  /** Whether a failure means that the server does not speak this way. */
  isForeign(error: unknown): boolean;
  close(): Promise<void>;
}

/** No answer to one request is larger: it would only be cut later. */
const longestAnswer = 16 * 1024 * 1024;
const connectMs = 10_000;

/**
 * A server by its address: Streamable HTTP, else the older SSE. An owner wrote the address, so that very host may be private; where it
 * leads from there is checked like any other.
 */
export function httpLine(url: string, headers: Readonly<Record<string, string>>): Line {
  const host = hostOf(new URL(url));
  const allowance = allowing([host]);
  const agent = guardedAgent(allowance, systemResolver, connectMs);
  const fetch = async (input: string | URL, init?: RequestInit): Promise<Response> => {
    const target = targetOf(String(input), null, allowance);
    // Boundary: undici's own fetch and types, because only its own agents fit it; they are the platform's but for their names.
    const answer = await fetchWith(target, { ...init, dispatcher: agent } as Parameters<typeof fetchWith>[1]);
    const response = answer as unknown as Response;
    return init?.method === "POST" ? capped(response) : response;
  };
  const options = { fetch, requestInit: { headers: { ...headers } } };
  return {
    transports: [
      () => new StreamableHTTPClientTransport(new URL(url), options),
      () => new SSEClientTransport(new URL(url), options),
    ],
    isForeign: (error) => error instanceof SdkHttpError && [400, 404, 405, 406, 415].includes(error.status),
    close: () => agent.destroy(),
  };
}

function capped(response: Response): Response {
  if (response.body === null) return response;
  let size = 0;
  const count = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      size += chunk.length;
      if (size > longestAnswer) controller.error(new Error(`its answer is larger than ${longestAnswer / 1024 / 1024} MB`));
      else controller.enqueue(chunk);
    },
  });
  const { status, statusText, headers } = response;
  return new Response(response.body.pipeThrough(count), { status, statusText, headers });
}

import Anthropic, { APIConnectionError as AnthropicConnectionError, APIError as AnthropicError } from "@anthropic-ai/sdk";
import { APIConnectionError, APIError } from "openai";

/** A server's root, and what its client is made with. */
export interface AnthropicSettings {
  readonly root: string;
  readonly apiKey: string | null;
  /** Null takes one away that the SDK would send. */
  readonly headers: Readonly<Record<string, string | null>>;
  readonly timeoutMs: number;
  readonly fetch: typeof fetch;
}

/** Sends a request for an answer below `/v1`. Rejects as the other SDK does, so that nothing else need know of two. */
export type AnthropicPost = (path: string, options: Parameters<Anthropic["post"]>[1]) => Promise<Response>;

/** A client for one server. */
export function openAnthropic({ root, apiKey, headers, timeoutMs, fetch }: AnthropicSettings): AnthropicPost {
  const client = new Anthropic({
    baseURL: root,
    defaultHeaders: headers,
    apiKey: apiKey ?? "none",
    webhookKey: null,
    maxRetries: 0,
    timeout: timeoutMs,
    logLevel: "off",
    openTelemetry: false,
    fetch,
  });
  return async (path, options) => {
    try {
      return await client.post(`/v1${path}`, options).asResponse();
    } catch (thrown) {
      throw asOpenAi(thrown);
    }
  };
}

function asOpenAi(thrown: unknown): unknown {
  if (thrown instanceof AnthropicConnectionError) return new APIConnectionError({ message: thrown.message, cause: thrown });
  if (!(thrown instanceof AnthropicError) || typeof thrown.status !== "number") return thrown;
  return new APIError(thrown.status, thrown.error, thrown.message, thrown.headers);
}

import { DefaultRestOptions, REST, RequestMethod } from "@discordjs/rest";
import { uploads, type Urgency, whenRoom } from "../urgency.ts";
import { createWindows } from "../windows.ts";
import { codes } from "./errors.ts";

/** Discord's API by discord.js's REST client, which keeps to the limits that Discord tells it. */
export interface Client {
  call(request: Request): Promise<unknown>;
  readonly rest: REST;
  /** Where it lives. */
  readonly origin: string;
  /** Fires when it closes. */
  readonly closed: AbortSignal;
  close(): void;
}

export interface Request {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** From `Routes`. */
  readonly path: `/${string}`;
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string>>;
  /** Of an interaction: its token stands in the path. */
  readonly open?: boolean;
  readonly files?: readonly { readonly name: string; readonly data: Buffer }[];
  readonly timeoutMs?: number;
  /** An answer, unless said otherwise. */
  readonly urgency?: Urgency;
}

const methods = {
  GET: RequestMethod.Get,
  POST: RequestMethod.Post,
  PUT: RequestMethod.Put,
  PATCH: RequestMethod.Patch,
  DELETE: RequestMethod.Delete,
} as const;

/** Below the lease of a delivery (20 s) even where a send takes two requests. */
const requestMs = 8_000;
/** Discord's limit over all routes; interactions don't count. The client's own count begins anew each second: twice as many may pass in one. */
const all = { name: "all", most: 50, ms: 1_050 };
/** Of these, what is left to what matters more. */
const kept: Readonly<Record<Urgency, number>> = { answer: 0, preview: 20, sign: 25, courtesy: 35 };

/**
 * Makes a client that repeats nothing and waits for nothing by itself: a full bucket is an error at once, which the caller's own queue
 * waits out, so that nothing stands in line before an answer.
 */
export function createClient(token: string, apiUrl: string): Client {
  const api = apiUrl.replace(/\/+$/, "").replace(/\/v10$/, "");
  const rest = new REST({
    api,
    version: "10",
    retries: 0,
    timeout: requestMs,
    globalRequestsPerSecond: all.most,
    rejectOnRateLimit: () => true,
    makeRequest: request,
    userAgentAppendix: "hermes-team",
  });
  // Listeners only: without one, an emitted error would be thrown.
  rest.on("restDebug", () => undefined);
  const windows = createWindows();
  const closed = new AbortController();
  const send = async ({ method, path, body, query, files, open = false, timeoutMs = requestMs }: Request): Promise<unknown> => {
    // It forgets a token that was refused once; a revoked one can be good again.
    rest.setToken(token);
    const late = AbortSignal.timeout(timeoutMs);
    const request = rest.request({
      method: methods[method],
      fullRoute: path,
      auth: !open,
      signal: late,
      ...(body === undefined ? {} : { body }),
      ...(files === undefined ? {} : { files: [...files] }),
      ...(query === undefined ? {} : { query: new URLSearchParams(query) }),
    });
    return await withinTime(request, late);
  };
  return {
    rest,
    origin: new URL(api).origin,
    closed: closed.signal,
    async call(request) {
      const { urgency = "answer", open = false, files = [] } = request;
      const places = [...(open ? [] : [{ ...all, reserve: kept[urgency] }]), ...(files.length === 0 ? [] : [uploads])];
      return await whenRoom(windows, places, urgency, closed.signal, () => send(request));
    },
    close() {
      closed.abort();
      rest.clearHashSweeper();
      rest.clearHandlerSweeper();
    },
  };
}

const tooOften = new RegExp(`"code":\\s*${codes.editedTooOften}\\b`);

/** As the client does it, but for what Discord calls a wait and never says the end of: too many edits of an old message. That is a refusal. */
const request: typeof DefaultRestOptions.makeRequest = async (url, init) => {
  const response = await DefaultRestOptions.makeRequest(url, init);
  if (response.status !== 429) return response;
  const text = await response.text();
  if (!tooOften.test(text)) return response;
  const { headers, statusText, arrayBuffer } = response;
  const json = async (): Promise<unknown> => JSON.parse(text);
  return { headers, statusText, arrayBuffer, json, text: async () => text, body: null, bodyUsed: false, ok: false, status: 400 };
};

/** The client's own limit ends with the headers; a body that never comes would be waited for. */
async function withinTime(request: Promise<unknown>, late: AbortSignal): Promise<unknown> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onLate = () => reject(new DOMException("no answer in time", "TimeoutError"));
  late.addEventListener("abort", onLate);
  try {
    return await Promise.race([request, promise]);
  } finally {
    late.removeEventListener("abort", onLate);
  }
}

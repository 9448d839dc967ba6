import { type CallToolResult, Client, ProtocolError, SdkError, SdkErrorCode, SdkHttpError } from "@modelcontextprotocol/client";
import type { Log } from "../../core/log.ts";
import { asFailure } from "../../core/failures.ts";
import { pause } from "../../core/pause.ts";
import type { Line } from "./http.ts";

/** A tool as its server lists it. */
export interface Listed {
  readonly name: string;
  readonly description: string;
  readonly schema: Readonly<Record<string, unknown>>;
  /** It says of itself that it changes nothing. */
  readonly reads: boolean;
}

export interface ServerOptions {
  readonly name: string;
  readonly line: Line;
  readonly timeoutMs: number;
  readonly connectMs: number;
  /** Calls that may change something need a person's leave. */
  readonly asks: boolean;
  readonly log: Log;
  /** First pause before another attempt; it doubles up to a minute. */
  readonly retryMs?: number;
}

/** One server: connected in the background, and again whenever it was away. */
export interface Server {
  readonly name: string;
  readonly asks: boolean;
  /** As last listed; empty until it has been there. */
  tools(): readonly Listed[];
  /** Why it is away; null while it is there. */
  fault(): string | null;
  /** Resolves when the first attempt has ended, whichever way. */
  readonly tried: Promise<void>;
  /** Throws an Error that the model reads. */
  call(
    tool: Listed,
    args: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
    say: (line: string) => void,
  ): Promise<CallToolResult>;
  close(): Promise<void>;
}

const firstRetryMs = 1_000;
const longestRetryMs = 60_000;
/** A server that lists more is broken or hostile. */
const mostTools = 500;
/** How long a call waits for a server that is being connected. */
const patienceMs = 5_000;
const pingMs = 5_000;
const closeMs = 2_000;

interface State {
  client: Client | null;
  tools: readonly Listed[];
  fault: string | null;
  attempt: Promise<void> | null;
  retryMs: number;
  timer: NodeJS.Timeout | null;
  closed: boolean;
}

export function openServer(options: ServerOptions): Server {
  const first = options.retryMs ?? firstRetryMs;
  const state = fresh(first);
  const connect = (): Promise<void> => (state.attempt ??= attempt().finally(() => (state.attempt = null)));
  const closing = new AbortController();
  const attempt = async (): Promise<void> => {
    stopWaiting(state);
    try {
      const { client, told } = await connected(options, closing.signal);
      if (state.closed) return await client.close();
      state.client = client;
      client.onclose = () => {
        if (state.client === client) lost(told.error ?? "it closed the connection");
      };
      state.tools = await listed(client);
      client.setNotificationHandler("notifications/tools/list_changed", async () => {
        state.tools = await listed(client).catch(() => state.tools);
      });
      options.log.info({ server: options.name, tools: state.tools.length }, "an MCP server is there");
      [state.fault, state.retryMs] = [null, first];
    } catch (error) {
      lost(reason(error));
    }
  };
  const lost = (why: string): void => {
    const client = state.client;
    state.client = null;
    if (!state.closed && state.fault !== why) options.log.warn({ server: options.name, why }, "an MCP server is away");
    state.fault = why;
    void client?.close().catch(() => undefined);
    if (state.closed) return;
    stopWaiting(state);
    state.timer = setTimeout(() => void connect(), state.retryMs).unref();
    state.retryMs = Math.min(state.retryMs * 2, longestRetryMs);
  };
  const there = async (signal: AbortSignal): Promise<Client> => {
    if (state.client === null) await Promise.race([connect(), pause(patienceMs, signal)]);
    if (state.client === null) throw away(options.name, state.fault);
    return state.client;
  };
  const tried = connect();
  return {
    name: options.name,
    asks: options.asks,
    tools: () => state.tools,
    fault: () => state.fault,
    tried,
    async call(tool, args, signal, say) {
      for (let again = true; ; again = false) {
        const client = await there(signal);
        const at = { called: false };
        try {
          // A connection that was left open tells only when it is used that nobody is there any more: too late for what must not be done twice.
          if (!tool.reads) await alive(client, signal);
          at.called = !tool.reads;
          return await client.callTool({ name: tool.name, arguments: { ...args } }, callOptions(options.timeoutMs, signal, say));
        } catch (error) {
          signal.throwIfAborted();
          if (!isBroken(error)) throw refusal(options, error);
          if (state.client === client) lost(reason(error));
          // Without its session the server has not looked at the call.
          if (!again || (at.called && !isSessionGone(error))) throw away(options.name, reason(error));
        }
      }
    },
    async close() {
      state.closed = true;
      stopWaiting(state);
      closing.abort();
      // A sandbox that is being made can't be hurried.
      await Promise.race([state.attempt, pause(closeMs, new AbortController().signal)]);
      await state.client?.close().catch(() => undefined);
      await options.line.close();
    },
  };
}

function fresh(retryMs: number): State {
  return { client: null, tools: [], fault: "not connected yet", attempt: null, retryMs, timer: null, closed: false };
}

function stopWaiting(state: State): void {
  if (state.timer !== null) clearTimeout(state.timer);
  state.timer = null;
}

/** A client, and the last thing its transport has told of. */
async function connected(
  { line, connectMs }: ServerOptions,
  closing: AbortSignal,
): Promise<{ client: Client; told: { error: string | null } }> {
  let failure: unknown = null;
  for (const transport of line.transports) {
    const client = new Client({ name: "hermes-team", version: "0.1.0" });
    const told = { error: null as string | null };
    client.onerror = (error) => (told.error = reason(error));
    try {
      await client.connect(transport(), {
        timeout: connectMs,
        signal: AbortSignal.any([closing, AbortSignal.timeout(connectMs)]),
      });
      return { client, told };
    } catch (error) {
      await client.close().catch(() => undefined);
      failure ??= told.error === null || error instanceof SdkHttpError ? error : new Error(told.error, { cause: error });
      if (!line.isForeign(error)) break;
    }
  }
  throw failure;
}

async function listed(client: Client): Promise<readonly Listed[]> {
  const { tools } = await client.listTools();
  return tools.slice(0, mostTools).map(({ name, description, title, inputSchema, annotations }) => ({
    name,
    description: description ?? title ?? "",
    schema: { ...inputSchema },
    reads: annotations?.readOnlyHint === true,
  }));
}

/** Rejects when nobody is there; that a server knows no ping does not count. */
async function alive(client: Client, signal: AbortSignal): Promise<void> {
  await client.ping({ signal, timeout: pingMs }).catch((error: unknown) => {
    if (!(error instanceof ProtocolError)) throw isTimeout(error) ? new Error("it does not answer", { cause: error }) : error;
  });
}

function refusal({ name, timeoutMs }: ServerOptions, error: unknown): Error {
  if (error instanceof ProtocolError) return new Error(`${name} refused the call: ${error.message}`, { cause: error });
  const late = `${name} did not answer within ${Math.round(timeoutMs / 1_000)} s; it may have happened all the same.`;
  return new Error(isTimeout(error) ? late : `${name}: ${reason(error)}`, { cause: error });
}

function callOptions(timeout: number, signal: AbortSignal, say: (line: string) => void) {
  return {
    timeout,
    signal,
    resetTimeoutOnProgress: true,
    maxTotalTimeout: timeout * 5,
    onprogress: ({ message }: { message?: string | undefined }) => void (message !== undefined && say(`${message}\n`)),
  };
}

function away(name: string, why: string | null): Error {
  return new Error(
    `The MCP server ${name} is away (${why ?? "no reason known"}). It is tried again by itself; do it another way, or say that it is away.`,
  );
}

function isTimeout(error: unknown): boolean {
  return error instanceof SdkError && error.code === SdkErrorCode.RequestTimeout;
}

/** The connection is of no use any more, or there is none. */
function isBroken(error: unknown): boolean {
  return !(error instanceof SdkError) || error instanceof SdkHttpError || brokenCodes.has(error.code);
}

const brokenCodes = new Set([SdkErrorCode.NotConnected, SdkErrorCode.ConnectionClosed, SdkErrorCode.SendFailed]);

function isSessionGone(error: unknown): boolean {
  return error instanceof SdkHttpError && (error.status === 404 || error.status === 400);
}

/** What undici says of a failed fetch is in its cause. */
function reason(error: unknown): string {
  const first = error instanceof Error && error.cause instanceof Error && error.message === "fetch failed" ? error.cause : error;
  const code = first instanceof Error && "code" in first && typeof first.code === "string" ? first.code : "";
  if (code === "ECONNREFUSED") return "nothing listens there";
  if (code === "ENOTFOUND") return "there is no such host";
  return asFailure(first).message.replaceAll(/\s+/g, " ").replace(/\.$/, "").slice(0, 300);
}

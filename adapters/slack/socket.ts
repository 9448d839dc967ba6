import { type App, SocketModeReceiver } from "@slack/bolt";
import { Failure } from "../../src/core/failures.ts";
import type { Log } from "../../src/core/log.ts";
import { pause } from "../../src/core/pause.ts";
import { backoff } from "../backoff.ts";
import { quietLogger } from "./api.ts";
import { badAppToken, reason, refusal, toFailure, tokenWords } from "./errors.ts";
import { type Fields, fields } from "./fields.ts";

export interface SocketParts {
  readonly appToken: string;
  readonly apiUrl: string;
  /** Resolves when it is stored; what is not is not acknowledged. */
  take(body: Fields): Promise<void>;
  /** A socket was lost, and there is one again: what came meanwhile may not be told. */
  again(): void;
  readonly log: Log;
}

/** A door that events come in by. */
export interface Door {
  /** Lets nothing more in; resolves when what is at hand has been taken. */
  close(): Promise<void>;
}

const callMs = 10_000;
/** From the address to Slack's hello. */
const helloMs = 15_000;
const closingMs = 1_000;
/** A socket whose pings go unanswered for so long is dead. The SDK's five seconds are less than a busy machine may stand still. */
const silenceMs = 15_000;
const firstMs = 500;
const longestMs = 30_000;

/**
 * Opens a socket and keeps one open. The SDK's own reconnecting is off: it throws past everybody when it meets a bad network, and waits
 * five seconds where Slack only asks for a fresh socket. Rejects when the first can't be opened.
 */
export async function openSocket(parts: SocketParts): Promise<Door> {
  const state: State = {
    closed: new AbortController(),
    open: new Set(),
    leaving: new Set(),
    taking: new Set(),
    replacing: false,
  };
  await connect(parts, state);
  return {
    async close() {
      state.closed.abort();
      const sockets = [...state.open, ...state.leaving];
      state.open.clear();
      await Promise.all(sockets.map(stopSocket));
      await Promise.all(state.taking);
    },
  };
}

interface State {
  readonly closed: AbortController;
  readonly open: Set<SocketModeReceiver>;
  /** Those that Slack has asked to go, until another has taken their place. */
  readonly leaving: Set<SocketModeReceiver>;
  readonly taking: Set<Promise<void>>;
  replacing: boolean;
}

async function connect(parts: SocketParts, state: State): Promise<void> {
  const receiver = makeReceiver(parts);
  receiver.init(appOf((event) => track(state, handle(parts, event))));
  contain(
    parts,
    receiver,
    () => void renew(parts, state, receiver),
    () => void replace(parts, state, receiver),
  );
  const late = AbortSignal.timeout(helloMs);
  const tooLate = new Promise<never>((_, reject) => late.addEventListener("abort", () => reject(new Error("no hello in time"))));
  try {
    await Promise.race([receiver.start(), tooLate]);
  } catch (error) {
    void stopSocket(receiver);
    throw failureOf(error);
  }
  if (state.closed.signal.aborted) return await stopSocket(receiver);
  state.open.add(receiver);
}

function makeReceiver({ appToken, apiUrl, log }: SocketParts): SocketModeReceiver {
  const clientOptions = { slackApiUrl: apiUrl, timeout: callMs, retryConfig: { retries: 0 }, rejectRateLimitedCalls: true };
  return new SocketModeReceiver({
    appToken,
    autoReconnectEnabled: false,
    clientPingTimeout: silenceMs,
    logger: quietLogger(log),
    installerOptions: { clientOptions },
  });
}

/** The receivers only ever call `processEvent`, of which they await the end. */
export function appOf(processEvent: (event: ReceivedEvent) => Promise<void>): App {
  return { processEvent } as unknown as App; // see above: an App of the SDK's would acknowledge before anything is stored
}

export type ReceivedEvent = Parameters<App["processEvent"]>[0];

async function handle({ take, log }: SocketParts, event: ReceivedEvent): Promise<void> {
  try {
    await take(fields(event.body));
    await event.ack();
  } catch (error) {
    // Told again by Slack, on this socket or the next; what was stored is dropped then.
    log.debug({ reason: reason(error) }, "an event of Slack's was not acknowledged");
  }
}

async function track(state: State, work: Promise<void>): Promise<void> {
  state.taking.add(work);
  await work.finally(() => state.taking.delete(work));
}

/** The SDK reads messages in a promise that nobody holds: one of a strange form would end the process. */
function contain({ log }: SocketParts, { client }: SocketModeReceiver, goodbye: () => void, over: () => void): void {
  for (const listen of client.listeners("ws_message")) {
    client.off("ws_message", listen);
    client.on("ws_message", (...args: unknown[]) => {
      // The SDK would close at once, and what is at hand could not be acknowledged any more.
      if (isGoodbye(args[0])) return goodbye();
      void Promise.resolve(listen.apply(client, args)).catch((error: unknown) =>
        log.warn({ reason: reason(error) }, "Slack's socket said something odd, which was skipped"),
      );
    });
  }
  client.on("disconnected", over);
}

function isGoodbye(message: unknown): boolean {
  return typeof message === "string" && /^\s*\{[^{}]*"type"\s*:\s*"disconnect"/.test(message);
}

/** Replaces a socket that is asked to go while it is still there; it goes when what is at hand has been acknowledged. */
async function renew(parts: SocketParts, state: State, old: SocketModeReceiver): Promise<void> {
  if (!state.open.has(old)) return;
  state.leaving.add(old);
  await replace(parts, state, old);
  await Promise.all(state.taking);
  await stopSocket(old);
  state.leaving.delete(old);
}

/** Opens another socket, for as long as it takes. */
async function replace(parts: SocketParts, state: State, gone: SocketModeReceiver): Promise<void> {
  if (!state.open.delete(gone) || state.replacing) return;
  state.replacing = true;
  const delays = backoff(firstMs, longestMs);
  const lost = !state.leaving.has(gone);
  let told = false;
  while (!state.closed.signal.aborted) {
    try {
      await connect(parts, state);
      if (told) parts.log.info({}, "Slack's socket is open again");
      if (lost || told) parts.again();
      break;
    } catch (error) {
      const { code, message, advice, retryAfterMs } = toFailure(error, true);
      const words = [message, advice].filter(Boolean).join(" ");
      if (!told) parts.log[code === "config.invalid" ? "error" : "warn"]({}, `Slack's socket is closed: ${words}; trying again`);
      told = true;
      await pause(Math.max(retryAfterMs ?? 0, delays.next()), state.closed.signal);
    }
  }
  state.replacing = false;
}

function failureOf(error: unknown): Failure {
  const word = refusal(error);
  if (word !== null && (tokenWords.has(word) || word === "missing_scope")) return badAppToken(word);
  if (error instanceof Error) return toFailure(error, true);
  // The SDK rejects with nothing at all when the socket itself could not be opened.
  return new Failure("platform.unavailable", "Slack's socket could not be opened", {
    retryable: true,
    advice: "Check the network: Socket Mode needs outgoing WebSockets (wss) to Slack.",
  });
}

/** The SDK waits half a minute for a server that does not say goodbye. */
async function stopSocket({ client }: SocketModeReceiver): Promise<void> {
  client.removeAllListeners("disconnected");
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), closingMs);
  client.disconnect().then(
    () => resolve(undefined),
    () => resolve(undefined),
  );
  await promise;
  clearTimeout(timer);
}

import { type SessionInfo, WebSocketManager, WebSocketShardEvents } from "@discordjs/ws";
import { GatewayCloseCodes, GatewayIntentBits } from "discord-api-types/v10";
import { Failure } from "../../src/core/failures.ts";
import type { Log } from "../../src/core/log.ts";
import { pause } from "../../src/core/pause.ts";
import { backoff } from "../backoff.ts";
import type { Client } from "./client.ts";
import { badToken, reason, statusOf } from "./errors.ts";

export interface GatewayParts {
  readonly client: Client;
  readonly token: string;
  /** Whether the application may read messages that are not meant for it. */
  readonly readsAll: boolean;
  /** Must not throw. */
  dispatch(type: string, data: unknown, sequence: number): void;
  readonly log: Log;
}

/** A connection to Discord's gateway that comes back by itself. */
export interface Gateway {
  /** Connects; resolves when events come. Rejects with a `Failure` when the token is none or Discord can't be reached. */
  open(): Promise<void>;
  /** Everything up to this event is stored: only what comes after it is told again. */
  acknowledge(sequence: number): void;
  /** Lets go of the connection and comes back: Discord tells again what was not acknowledged. */
  comeBack(afterMs: number): void;
  stop(): Promise<void>;
}

const usualIntents = GatewayIntentBits.Guilds | GatewayIntentBits.GuildMessages | GatewayIntentBits.DirectMessages;
const readyMs = 20_000;
/** A connection that has stood this long was a good one: the next loss is not the same trouble. */
const steadyMs = 30_000;
const firstWaitMs = 1_000;
const longestWaitMs = 60_000;
/** Close codes after which discord.js's client gives up, and the same attempt fails again until somebody mends something. */
const hopeless: readonly number[] = [
  GatewayCloseCodes.AuthenticationFailed,
  GatewayCloseCodes.InvalidShard,
  GatewayCloseCodes.ShardingRequired,
  GatewayCloseCodes.InvalidAPIVersion,
  GatewayCloseCodes.InvalidIntents,
  GatewayCloseCodes.DisallowedIntents,
];
/** Not 1000: the session is to stay. */
const stayingCode = 4_200;
const cutOff = 1_006;

interface State {
  readonly parts: GatewayParts;
  readonly stopped: AbortController;
  readonly delays: ReturnType<typeof backoff>;
  manager: WebSocketManager | null;
  /** Of the manager: over once it has been left. */
  life: { over: boolean };
  session: SessionInfo | null;
  acknowledged: number;
  /** Our own going: the session is kept. */
  keeping: boolean;
  /** The connection was lost: the next one waits its time. */
  lost: boolean;
  lastCode: number;
  readyAt: number;
  /** Attempts in a row that did not last. */
  unsteady: boolean;
  readsAll: boolean;
  returning: Promise<void> | null;
  /** To come back after so long. Until then nothing is heard: what could not be stored is told again first. */
  again: number | null;
}

/** Discord's gateway, not yet connected. */
export function createGateway(parts: GatewayParts): Gateway {
  const state: State = {
    parts,
    stopped: new AbortController(),
    delays: backoff(firstWaitMs, longestWaitMs),
    manager: null,
    life: { over: false },
    session: null,
    acknowledged: 0,
    keeping: false,
    lost: false,
    lastCode: 0,
    readyAt: 0,
    unsteady: false,
    readsAll: parts.readsAll,
    returning: null,
    again: null,
  };
  const unguard = guard(state);
  return {
    async open() {
      try {
        await connectSomehow(state);
      } catch (error) {
        unguard();
        await leave(state, 1_000);
        throw asStartFailure(state, error);
      }
    },
    acknowledge(sequence) {
      state.acknowledged = Math.max(state.acknowledged, sequence);
    },
    comeBack: (afterMs) => comeBack(state, afterMs),
    async stop() {
      state.stopped.abort();
      await state.returning;
      await leave(state, 1_000);
      unguard();
    },
  };
}

/** Without the message content intent where Discord does not give it. */
async function connectSomehow(state: State): Promise<void> {
  try {
    await connect(state);
  } catch (error) {
    if (state.lastCode !== GatewayCloseCodes.DisallowedIntents || !state.readsAll) throw error;
    state.parts.log.warn({}, withoutContent);
    await leave(state, stayingCode);
    state.readsAll = false;
    await connect(state);
  }
}

async function connect(state: State): Promise<void> {
  const { parts } = state;
  const life = { over: false };
  state.life = life;
  const manager = new WebSocketManager({
    token: parts.token,
    rest: parts.client.rest,
    intents: usualIntents | (state.readsAll ? GatewayIntentBits.MessageContent : 0),
    shardCount: 1,
    handshakeTimeout: readyMs,
    helloTimeout: readyMs,
    readyTimeout: readyMs,
    retrieveSessionInfo: async () => await sessionOf(state, life),
    updateSessionInfo: (_shard, info) => keep(state, info),
    // One identify at a time by nature; how soon is decided where the connection was lost.
    buildIdentifyThrottler: () => ({ waitForIdentify: async () => undefined }),
  });
  state.manager = manager;
  watch(state, manager);
  parts.client.rest.setToken(parts.token);
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new DOMException("not ready in time", "TimeoutError")), readyMs);
  const abort = () => reject(new DOMException("stopped", "AbortError"));
  state.stopped.signal.addEventListener("abort", abort);
  try {
    await Promise.race([manager.connect(), late]);
  } finally {
    clearTimeout(timer);
    state.stopped.signal.removeEventListener("abort", abort);
  }
}

function watch(state: State, manager: WebSocketManager): void {
  const ready = () => {
    state.readyAt = performance.now();
    if (state.lost) state.parts.log.info({}, "Discord is connected again");
    state.lost = false;
  };
  // Somebody is there: what ends from here on is ended by Discord.
  manager.on(WebSocketShardEvents.Hello, () => void (state.lastCode = 0));
  manager.on(WebSocketShardEvents.Ready, ready);
  manager.on(WebSocketShardEvents.Resumed, ready);
  manager.on(WebSocketShardEvents.Error, ({ error }) =>
    state.parts.log.debug({ reason: error.message }, "Discord's gateway complains"),
  );
  manager.on(WebSocketShardEvents.Dispatch, ({ data: { t, d, s } }) => {
    if (manager === state.manager && state.again === null) state.parts.dispatch(t, d, s);
  });
  manager.on(WebSocketShardEvents.Closed, ({ code }) => {
    if (manager !== state.manager || state.keeping || state.stopped.signal.aborted) return;
    state.lastCode = code;
    if (!state.lost) state.parts.log.info({ code }, "the connection to Discord was lost; taking it up again");
    state.unsteady = state.lost || performance.now() - state.readyAt < steadyMs;
    state.lost = true;
    if (hopeless.includes(code) && state.readyAt > 0) comeBack(state, 0);
  });
}

/** Where to go on. Asked for at each connection: one after a short one waits. */
async function sessionOf(state: State, life: { readonly over: boolean }): Promise<SessionInfo | null> {
  if (state.unsteady) {
    state.unsteady = false;
    await pause(state.delays.next(), state.stopped.signal);
  } else if (state.lost === false && performance.now() - state.readyAt > steadyMs) state.delays.reset();
  // discord.js's client goes on with a connection that it was about to make, though it has been told to end: here it ends.
  if (life.over) await new Promise(() => undefined);
  return state.session && { ...state.session, sequence: state.acknowledged };
}

function keep(state: State, info: SessionInfo | null): void {
  // A network that is away has not ended the session.
  if (info === null && (state.keeping || state.lastCode === cutOff)) return;
  if (info && info.sessionId !== state.session?.sessionId) state.acknowledged = info.sequence;
  state.session = info;
}

async function leave(state: State, code: number): Promise<void> {
  const { manager } = state;
  if (!manager) return;
  state.keeping = true;
  state.life.over = true;
  try {
    await manager.destroy({ code, reason: "going" });
  } catch {
    // It never stood.
  }
  state.keeping = false;
  state.manager = null;
}

/** Also in the middle of coming back: Discord tells again what was missed before it says that the session goes on. */
function comeBack(state: State, afterMs: number): void {
  // Let go of twice at once, a connection never ends.
  if (state.stopped.signal.aborted) return;
  state.again = Math.max(state.again ?? 0, afterMs);
  state.returning ??= tryAgain(state);
}

/** Connects anew until it works: after trouble of ours, or where discord.js's client has given up. */
async function tryAgain(state: State): Promise<void> {
  const { log } = state.parts;
  const { signal } = state.stopped;
  let told = "";
  while (state.again !== null) {
    await leave(state, stayingCode);
    await pause(state.again, signal);
    if (signal.aborted) break;
    state.again = null;
    try {
      state.lastCode = 0;
      await connectSomehow(state);
    } catch (error) {
      if (signal.aborted) break;
      const { message, advice } = asStartFailure(state, error);
      if (message !== told) log.error({}, [message, advice, "Trying again from time to time."].filter(Boolean).join(" "));
      told = message;
      state.again = Math.max(state.again ?? 0, state.delays.next());
    }
  }
  // At once: a call after this one begins anew.
  state.returning = null;
}

const withoutContent =
  "Discord does not give this bot the message content intent; going on without: in threads it has to be mentioned each time";

function asStartFailure(state: State, error: unknown): Failure {
  if (statusOf(error) === 401 || state.lastCode === GatewayCloseCodes.AuthenticationFailed) return badToken();
  if (state.lastCode === GatewayCloseCodes.DisallowedIntents) {
    return new Failure("config.invalid", "Discord does not give this bot the intents that it asks for", {
      advice: "Turn on Message Content Intent on the Bot page at discord.com/developers/applications.",
    });
  }
  return new Failure("platform.unavailable", `Discord can't be reached at ${state.parts.client.origin} (${reason(error)}).`, {
    retryable: true,
    advice: "Check the network, or DISCORD_API_URL if you have set it.",
  });
}

/**
 * discord.js's client reads frames in promises that nobody awaits: one that makes no sense would end the process. Only its own rejections
 * are taken; any other goes on to do what it would have done.
 */
function guard(state: State): () => void {
  const onRejection = (thrown: unknown): void => {
    if (!(thrown instanceof Error) || !/[\\/]@discordjs[\\/]ws[\\/]/.test(thrown.stack ?? "")) throw thrown;
    state.parts.log.warn({ reason: thrown.message }, "Discord's gateway said something that makes no sense; connecting anew");
    comeBack(state, 0);
  };
  process.on("unhandledRejection", onRejection);
  return () => void process.off("unhandledRejection", onRejection);
}

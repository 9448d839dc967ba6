import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createFaults, type Fault, type Faults, type Target } from "./discord-faults.ts";
import { createGateway, type Gateway } from "./discord-gateway.ts";
import { createInteractions, type Interactions } from "./discord-interactions.ts";
import { createLimits, type Rooms, usualRooms } from "./discord-limits.ts";
import { createPeople, type People } from "./discord-people.ts";
import { patternOf, type Route, routesOf } from "./discord-routes.ts";
import { type Body, readRequest, Refusal, reply, type SentFile } from "./discord-wire.ts";
import { type Channel, createWorld, type Message, type World } from "./discord-world.ts";
import { waitFor } from "./waiting.ts";

export { buttonsOf } from "./discord-people.ts";

export interface DiscordServerOptions {
  readonly port?: number;
  readonly heartbeatMs?: number;
  /** Whether the application may read all messages (the privileged intent). Default true. */
  readonly messageContent?: boolean;
  readonly rooms?: Rooms;
}

/** A request as it came, and how it was answered. */
export interface DiscordCall {
  /** The method and the path, ids as `:id`. */
  readonly route: string;
  readonly ids: readonly string[];
  readonly query: string;
  readonly body: Body;
  readonly files: readonly SentFile[];
  readonly at: number;
  /** 0 while it is not answered, or when it was cut. */
  status: number;
}

/** Discord's API and gateway over real HTTP and WebSockets, for one bot in one guild. */
export interface DiscordServer extends AsyncDisposable, People {
  /** For `DISCORD_API_URL`. */
  readonly url: string;
  readonly token: string;
  readonly bot: string;
  readonly guild: string;
  /** A text channel of the guild. */
  readonly hall: string;
  readonly world: World;
  readonly gateway: Gateway;
  readonly interactions: Interactions;
  readonly calls: readonly DiscordCall[];
  callsOf(route: string): readonly DiscordCall[];
  /** The bot's messages in a channel, or in a person's private chat, as they stand. */
  said(channel: string): readonly Message[];
  channel(id: string): Channel;
  /** The threads of a channel. */
  threads(channel: string): readonly Channel[];
  commands(scope?: string): readonly Body[];
  fault(target: Target, fault: Fault): () => void;
  /** How many requests went past a rate limit. */
  readonly flooded: number;
  /** From now on the token is none; false: it is good again. */
  revoke(revoked?: boolean): void;
  /** A file for attachments; its address. */
  host(bytes: Uint8Array, type?: string): string;
  waitFor<T>(look: () => T | undefined | null | false, timeoutMs?: number): Promise<T>;
  close(): Promise<void>;
}

/** Looks like a real one, so that whatever hides tokens hides it. */
const realToken = "NDAwMDAwMDAwMDAwMDAwMDA0.GdOubl.e-of-discord-has-this-key-0123456789abcd";
const bot = "400000000000000004";
const guild = "700000000000000007";
const contentIntent = 1 << 15;
const plainIntents = (1 << 0) | (1 << 9) | (1 << 12);

export async function discordServer(options: DiscordServerOptions = {}): Promise<DiscordServer> {
  const state = newState(options);
  const server = createServer((request, response) => {
    serve(state, request, response).catch((thrown: unknown) => {
      if (!response.headersSent) void reply(response, 500, { code: 0, message: `the double failed: ${String(thrown)}` });
    });
  });
  server.keepAliveTimeout = 60_000;
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // a TCP server's address is always an AddressInfo
  const origin = `127.0.0.1:${port}`;
  const content = options.messageContent !== false;
  const world = createWorld({ id: bot, username: "hermes", bot: true, discriminator: "0" }, guild);
  const gateway = createGateway(
    server,
    {
      token: realToken,
      bot,
      intents: () => (state.revoked ? 0 : plainIntents | (content ? contentIntent : 0)),
      ready: () => ({ user: world.bot, guilds: [{ id: guild, unavailable: true }], application: { id: bot, flags: 0 } }),
      after: () => [{ t: "GUILD_CREATE", d: world.wireGuild() }],
      heartbeatMs: options.heartbeatMs ?? 30_000,
      changed: () => changed(state),
    },
    () => `ws://${origin}/gateway`,
  );
  const interactions = createInteractions(world, gateway);
  state.routes = routesOf({
    world,
    gateway,
    interactions,
    commands: state.commands,
    applicationFlags: content ? 1 << 19 : 0,
    socketUrl: () => `ws://${origin}/gateway`,
  });
  const close = async (): Promise<void> => {
    state.closed.abort();
    gateway.close();
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  const hall = world.addChannel("hall").id;
  return {
    ...face(state, world),
    ...createPeople(world, gateway, interactions),
    hall,
    world,
    gateway,
    interactions,
    close,
    url: `http://${origin}/api`,
    host(bytes, type = "application/octet-stream") {
      const path = `/attachments/${state.hosted.size}`;
      state.hosted.set(path, { bytes, type });
      return `http://${origin}${path}`;
    },
    get flooded() {
      return state.limits.broken();
    },
    [Symbol.asyncDispose]: close,
  };
}

interface State {
  readonly calls: DiscordCall[];
  readonly commands: Map<string, readonly Body[]>;
  readonly faults: Faults;
  readonly limits: ReturnType<typeof createLimits>;
  readonly hosted: Map<string, { readonly bytes: Uint8Array; readonly type: string }>;
  readonly watchers: Set<() => void>;
  readonly closed: AbortController;
  routes: Readonly<Record<string, Route>>;
  revoked: boolean;
}

function newState(options: DiscordServerOptions): State {
  return {
    calls: [],
    commands: new Map(),
    faults: createFaults(),
    limits: createLimits(options.rooms ?? usualRooms),
    hosted: new Map(),
    watchers: new Set(),
    closed: new AbortController(),
    routes: {},
    revoked: false,
  };
}

function face(state: State, world: World) {
  return {
    token: realToken,
    bot,
    guild,
    calls: state.calls,
    callsOf: (route: string) => state.calls.filter((call) => call.route === route),
    said(channel: string) {
      const place = world.channels().find((each) => each.id === channel || each.person === channel);
      return (place?.messages ?? []).filter(({ author }) => author["id"] === bot);
    },
    channel: (id: string) => world.channel(id),
    threads: (channel: string) => world.channels().filter(({ parent }) => parent === channel),
    commands: (scope = "global") => state.commands.get(scope) ?? [],
    fault: state.faults.add,
    revoke(revoked = true) {
      state.revoked = revoked;
    },
    waitFor: <T>(look: () => T | undefined | null | false, timeoutMs = 5_000) =>
      waitFor(state.watchers, look, timeoutMs, () => state.calls.map(({ route, status }) => `${route} ${status}`)),
  };
}

function changed(state: State): void {
  for (const watch of state.watchers) watch();
}

async function serve(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://double");
  const file = state.hosted.get(url.pathname);
  if (file) return void response.writeHead(200, { "content-type": file.type }).end(file.bytes);
  const [, path] = /^\/api\/v10(\/.*)$/.exec(url.pathname) ?? [];
  const { route, ids } = patternOf(request.method ?? "GET", path ?? "");
  const { body, files } = await readRequest(request);
  const call: DiscordCall = { route, ids, query: url.search, body, files, at: Date.now(), status: 0 };
  state.calls.push(call);
  changed(state);
  const open = /^\w+ \/(?:interactions|webhooks)\//.test(route);
  if (!open && (state.revoked || request.headers.authorization !== `Bot ${realToken}`)) {
    return await answer(state, call, response, 401, { message: "401: Unauthorized", code: 0 });
  }
  const fault = state.faults.next(route, ids[0] ?? "", url.search);
  if (fault) return await misbehave(state, call, fault, response);
  const room = state.limits.take(route, ids[0] ?? "");
  if (!room.allowed) return await flood(state, call, response, room.retryAfter, false, room.headers);
  await behave(state, call, response, room.headers);
}

async function misbehave(state: State, call: DiscordCall, fault: Fault, response: ServerResponse): Promise<void> {
  switch (fault.kind) {
    case "limit":
      return await flood(state, call, response, fault.retryAfter, fault.global === true, {});
    case "refuse":
      return await answer(state, call, response, fault.status, { code: fault.code, message: fault.message });
    case "reset":
      if (fault.when === "after") perform(state, call);
      response.socket?.resetAndDestroy();
      return changed(state);
    case "garble":
      perform(state, call);
      return await answer(state, call, response, fault.status, fault.body, { "content-type": fault.type ?? "text/html" });
    case "slow":
      await sleep(fault.ms, undefined, { signal: state.closed.signal }).catch(() => undefined);
      return await behave(state, call, response, {});
    case "hang":
      return;
  }
}

async function flood(
  state: State,
  call: DiscordCall,
  response: ServerResponse,
  seconds: number,
  global: boolean,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const body = { message: "You are being rate limited.", retry_after: seconds, global };
  const scope = { "retry-after": String(Math.ceil(seconds)), ...(global ? { "x-ratelimit-global": "true" } : {}) };
  await answer(state, call, response, 429, body, { ...headers, ...scope, "x-ratelimit-scope": global ? "global" : "user" });
}

async function behave(
  state: State,
  call: DiscordCall,
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  try {
    const result = perform(state, call);
    await answer(state, call, response, result === undefined ? 204 : 200, result, headers);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    await answer(state, call, response, error.status, { code: error.code, message: error.message, ...error.more }, headers);
  }
}

function perform(state: State, { route, ids, query, body, files }: DiscordCall): unknown {
  const run = Object.hasOwn(state.routes, route) ? state.routes[route] : undefined;
  if (!run) throw new Refusal(404, 0, "404: Not Found");
  return run({ ids, query: new URLSearchParams(query), body, files });
}

async function answer(
  state: State,
  call: DiscordCall,
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  call.status = status;
  changed(state);
  await reply(response, status, body, headers);
}

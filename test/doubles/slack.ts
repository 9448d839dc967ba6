import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createSlackChats, type SlackChannelState, type SlackChats, type SlackMessage } from "./slack-chats.ts";
import { createSlackEvents, type SlackEvents, type SlackHook } from "./slack-events.ts";
import { createSlackFaults, createTiers, type SlackFault, type SlackFaults, type SlackTarget } from "./slack-faults.ts";
import { download, respond, upload } from "./slack-files.ts";
import { createSlackPeople, type SlackPeople } from "./slack-people.ts";
import { acceptSocket } from "./slack-socket.ts";
import { answer, list, type Params, readArguments, type SlackCall, SlackRefusal, words } from "./slack-wire.ts";
import { waitFor } from "./waiting.ts";

export interface SlackServerOptions {
  /** How long a stream lives; Slack ends them after five minutes. */
  readonly streamMs?: number;
  /** False: a workspace without agent sessions and streams. */
  readonly agents?: boolean;
  /** Enforces the documented tiers. Default true. */
  readonly tiers?: boolean;
  readonly scopes?: string;
}

/** Slack over real HTTP and WebSockets, for one app in one workspace. */
export interface SlackServer extends AsyncDisposable, SlackPeople {
  /** For `SLACK_API_URL`. */
  readonly url: string;
  readonly origin: string;
  readonly botToken: string;
  readonly appToken: string;
  readonly team: string;
  readonly bot: string;
  readonly calls: readonly SlackCall[];
  readonly events: SlackEvents;
  /** What was posted to the response addresses of slash commands. */
  readonly responses: readonly { readonly channel: string; readonly body: Params }[];
  /** What the app said that it does, by `channel:thread`. */
  readonly statuses: ReadonlyMap<string, Params>;
  /** What was uploaded, by file id, and what people have; `/files/ID` is its address. */
  readonly uploads: Map<string, { readonly name: string; readonly bytes: Buffer }>;
  /** The bot's messages in a channel as they stand now, oldest first; of one thread where it is given. */
  messages(channel: string, thread?: string | null): readonly SlackMessage[];
  /** People's names; a change counts at once. */
  readonly names: Map<string, string>;
  fault(target: SlackTarget, fault: SlackFault): () => void;
  clearFaults(): void;
  channel(channel: string, state: SlackChannelState): void;
  expireStreams(): void;
  /** Response addresses and triggers given so far are no good any more. */
  expireTriggers(): void;
  /** `null`: both tokens are good again. */
  revoke(error: string | null): void;
  /** Asks the app to connect anew, as Slack does every few hours. */
  refresh(): void;
  /** All sockets are cut. */
  dropSockets(): void;
  hook(hook: SlackHook | null): void;
  /** Resolves to the first value that is not undefined, null or false; rejects after the time. */
  waitFor<T>(look: () => T | undefined | null | false, timeoutMs?: number): Promise<T>;
  close(): Promise<void>;
}

interface State {
  readonly options: SlackServerOptions;
  readonly calls: SlackCall[];
  readonly chats: SlackChats;
  readonly events: SlackEvents;
  readonly faults: SlackFaults;
  readonly tiers: ReturnType<typeof createTiers>;
  readonly watchers: Set<() => void>;
  readonly names: Map<string, string>;
  readonly statuses: Map<string, Params>;
  readonly uploads: Map<string, { name: string; bytes: Buffer }>;
  readonly responses: { channel: string; body: Params }[];
  /** Uses left, by path. */
  readonly responseUrls: Map<string, { readonly channel: string; left: number }>;
  readonly tickets: Set<string>;
  readonly botToken: string;
  readonly closed: AbortController;
  origin: string;
  revoked: string | null;
}

// Put together so that nothing takes them for real ones; shaped like them, so that whatever hides tokens hides them.
const botToken = ["xoxb", "424242424242", "424242424242", "doubleOfSlackHasThisKey0"].join("-");
const appToken = ["xapp", "1", "A1", "424242424242", "doubleofslackhasthiskey0"].join("-");
const team = "T1";
const bot = "UBOT";
const fiveMinutes = 300_000;
const scopes =
  "app_mentions:read,assistant:write,channels:history,channels:read,chat:write,commands,files:read,files:write,groups:history,groups:read,im:history,im:write,mpim:history,users:read";

export async function slackServer(options: SlackServerOptions = {}): Promise<SlackServer> {
  const state = newState(options);
  const server = createServer((request, response) => {
    serve(state, request, response).catch((thrown: unknown) => {
      if (!response.headersSent) void answer(response, 500, `the double failed: ${String(thrown)}`);
    });
  });
  server.on("upgrade", (request, stream) => {
    const ticket = new URL(request.url ?? "/", "http://double").searchParams.get("ticket") ?? "";
    if (!state.tickets.delete(ticket)) {
      stream.destroy();
      return;
    }
    const socket = acceptSocket(request, stream, { text: state.events.heard, closed: () => state.events.left(socket) });
    state.events.joined(socket);
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // a TCP server's address is always an AddressInfo
  state.origin = `http://127.0.0.1:${port}`;
  return face(state, async () => {
    state.closed.abort();
    for (const socket of state.events.sockets.slice()) socket.cut();
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  });
}

function newState(options: SlackServerOptions): State {
  const watchers = new Set<() => void>();
  const changed = (): void => {
    for (const watch of watchers) watch();
  };
  const uploads: State["uploads"] = new Map();
  const uploaded = (id: string) => {
    const file = uploads.get(id);
    return file ? { name: file.name, size: file.bytes.length } : null;
  };
  return {
    options,
    calls: [],
    chats: createSlackChats({ bot, streamMs: options.streamMs ?? fiveMinutes, uploaded, changed }),
    events: createSlackEvents(changed),
    faults: createSlackFaults(),
    tiers: createTiers(),
    watchers,
    names: new Map([["U7", "Alice"]]),
    statuses: new Map(),
    uploads,
    responses: [],
    responseUrls: new Map(),
    tickets: new Set(),
    botToken,
    closed: new AbortController(),
    origin: "",
    revoked: null,
  };
}

function face(state: State, close: () => Promise<void>): SlackServer {
  const { calls, chats, events, faults, responses, statuses, uploads, names } = state;
  const responseUrl = (channel: string): string => {
    const path = `/commands/${randomUUID()}`;
    state.responseUrls.set(path, { channel, left: 5 });
    return state.origin + path;
  };
  const people = createSlackPeople({ chats, events, team, bot, responseUrl });
  return {
    ...people,
    url: `${state.origin}/api/`,
    origin: state.origin,
    botToken,
    appToken,
    team,
    bot,
    calls,
    events,
    responses,
    statuses,
    uploads,
    names,
    messages: (channel, thread) =>
      chats.messages.filter(
        (each) => each.channel === channel && each.user === bot && (thread === undefined || each.thread === thread),
      ),
    fault: faults.add,
    clearFaults: faults.clear,
    channel: chats.set,
    expireStreams: chats.expire,
    expireTriggers: () => state.responseUrls.clear(),
    revoke: (error) => void (state.revoked = error),
    refresh() {
      const warning = JSON.stringify({ type: "disconnect", reason: "refresh_requested", debug_info: { host: "double" } });
      for (const socket of events.sockets.slice()) socket.send(warning);
    },
    dropSockets() {
      for (const socket of events.sockets.slice()) socket.cut();
    },
    hook: events.hook,
    waitFor: (look, timeoutMs = 20_000) =>
      waitFor(state.watchers, look, timeoutMs, () => state.calls.map(({ method, result }) => `${method} ${result}`)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function serve(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://double");
  if (url.pathname.startsWith("/commands/")) return await respond(state, url.pathname, request, response);
  if (url.pathname.startsWith("/upload/")) return await upload(state, url.pathname.slice("/upload/".length), request, response);
  if (url.pathname.startsWith("/files/")) return await download(state, url.pathname.slice("/files/".length), request, response);
  const method = /^\/api\/([\w.]+)$/.exec(url.pathname)?.[1];
  if (method === undefined) return await answer(response, 404, "not found");
  const params = await readArguments(request, url.searchParams);
  const call: SlackCall = { method, params, at: Date.now(), result: "" };
  state.calls.push(call);
  for (const watch of state.watchers) watch();
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? words(params["token"]);
  const fault = state.faults.next(method, params);
  if (fault) return await misbehave(state, call, token, fault, response);
  await behave(state, call, token, response);
}

async function misbehave(
  state: State,
  call: SlackCall,
  token: string | null,
  fault: SlackFault,
  response: ServerResponse,
): Promise<void> {
  switch (fault.kind) {
    case "limit":
      return await settle(state, call, new SlackRefusal("ratelimited", fault.retryAfter), response);
    case "refuse":
      return await settle(state, call, new SlackRefusal(fault.error), response);
    case "reset":
      if (fault.when === "after") perform(state, call, token);
      response.socket?.resetAndDestroy();
      return;
    case "garble":
      if (fault.done) perform(state, call, token);
      call.result = String(fault.status);
      return await answer(response, fault.status, fault.body, { "content-type": "text/html" });
    case "slow":
      await sleep(fault.ms, undefined, { signal: state.closed.signal }).catch(() => undefined);
      return await behave(state, call, token, response);
    case "hang":
      perform(state, call, token);
  }
}

async function behave(state: State, call: SlackCall, token: string | null, response: ServerResponse): Promise<void> {
  try {
    await settle(state, call, perform(state, call, token), response);
  } catch (error) {
    if (!(error instanceof SlackRefusal)) throw error;
    await settle(state, call, error, response);
  }
}

async function settle(state: State, call: SlackCall, result: Params | SlackRefusal, response: ServerResponse): Promise<void> {
  const refused = result instanceof SlackRefusal ? result : null;
  call.result = refused?.error ?? "ok";
  for (const watch of state.watchers) watch();
  const body = JSON.stringify(result instanceof SlackRefusal ? { ok: false, error: result.error } : { ok: true, ...result });
  const headers = { "content-type": "application/json", "x-oauth-scopes": state.options.scopes ?? scopes };
  if (refused?.retryAfter === null || !refused) return await answer(response, 200, body, headers);
  await answer(response, 429, body, { ...headers, "retry-after": String(refused.retryAfter) });
}

const agentMethods = /^(?:agents\.|chat\.(?:start|append|stop)Stream$)/;

function perform(state: State, { method, params }: SlackCall, token: string | null): Params {
  if (token === null) throw new SlackRefusal("not_authed");
  if (state.revoked !== null) throw new SlackRefusal(state.revoked);
  const wanted = method === "apps.connections.open" ? appToken : botToken;
  if (token !== wanted)
    throw new SlackRefusal(token === botToken || token === appToken ? "not_allowed_token_type" : "invalid_auth");
  if (state.options.agents === false && agentMethods.test(method)) throw new SlackRefusal("unknown_method");
  const wait = state.options.tiers === false ? 0 : state.tiers.take(method);
  if (wait > 0) throw new SlackRefusal("ratelimited", wait);
  const known = { ...ownMethods(state), ...state.chats.methods };
  const run = Object.hasOwn(known, method) ? known[method] : undefined;
  if (!run) throw new SlackRefusal("unknown_method");
  return run(params);
}

function ownMethods(state: State): Readonly<Record<string, (params: Params) => Params>> {
  const status = (params: Params): Params => {
    state.statuses.set(`${words(params["channel_id"])}:${words(params["thread_ts"]) ?? ""}`, params);
    return {};
  };
  return {
    "auth.test": () => ({ url: `${state.origin}/`, team: "Team", user: "hermes", team_id: team, user_id: bot, bot_id: "B1" }),
    "apps.connections.open"() {
      const ticket = randomUUID();
      state.tickets.add(ticket);
      return { url: `${state.origin.replace("http", "ws")}/link/?ticket=${ticket}&app_id=A1` };
    },
    "users.info"(params) {
      const id = words(params["user"]) ?? "";
      const name = state.names.get(id);
      if (name === undefined) throw new SlackRefusal("user_not_found");
      return { user: { id, name: id.toLowerCase(), real_name: name, profile: { display_name: name, real_name: name } } };
    },
    "agents.sessions.setStatus": status,
    "agents.sessions.rename"(params) {
      const session = state.statuses.get(`${words(params["channel_id"])}:${words(params["thread_ts"]) ?? ""}`);
      const title = words(params["title"]) ?? "";
      if (!session) throw new SlackRefusal("session_not_found");
      if (title === "" || title.length > 200) throw new SlackRefusal("invalid_arguments");
      return status({ ...session, title });
    },
    "assistant.threads.setStatus": status,
    "assistant.threads.setSuggestedPrompts"(params) {
      if (list(params["prompts"]).length > 4) throw new SlackRefusal("invalid_arguments");
      return {};
    },
    "files.getUploadURLExternal"(params) {
      const id = `F${randomUUID().slice(0, 8)}`;
      state.uploads.set(id, { name: words(params["filename"]) ?? "", bytes: Buffer.alloc(0) });
      return { file_id: id, upload_url: `${state.origin}/upload/${id}` };
    },
  };
}

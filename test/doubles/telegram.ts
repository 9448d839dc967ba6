import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Chats, type ChatState, createChats, type ShownDraft, type ShownMessage } from "./telegram-chats.ts";
import { createFaults, type Fault, type Faults, type Target } from "./telegram-faults.ts";
import { createFiles, type SentFiles } from "./telegram-files.ts";
import { type ChatLimits, flood } from "./telegram-limits.ts";
import { createPeople, type People } from "./telegram-people.ts";
import { createUpdates, type Updates } from "./telegram-updates.ts";
import { bad, list, menuKey, type Params, readParams, record, Refusal, refusalBody, reply, whole } from "./telegram-wire.ts";
import { waitFor } from "./waiting.ts";

export interface TelegramServerOptions {
  readonly port?: number;
  readonly token?: string;
  readonly username?: string;
  /** False: an older server, which answers 404 to drafts. Default true. */
  readonly drafts?: boolean;
  /** Whether the server has `sendRichMessage`. Default true. */
  readonly rich?: boolean;
  readonly limits?: ChatLimits;
  /** How late every answer comes, in milliseconds. */
  readonly latencyMs?: number;
  /** Serves other paths; false when it does not know the path either. */
  route?(request: IncomingMessage, url: URL, response: ServerResponse): Promise<boolean>;
}

/** A request as it came, and how it was answered. */
export interface TelegramCall {
  readonly method: string;
  readonly params: Params;
  /** When it came, epoch milliseconds. */
  readonly at: number;
  /** The status it was answered with; 0 while it is not, or when it was cut. */
  status: number;
}

/** A Bot API server over real HTTP, for one bot. */
export interface TelegramServer extends AsyncDisposable, Omit<People, "methods"> {
  /** For `TELEGRAM_API_ROOT`. */
  readonly url: string;
  readonly token: string;
  readonly bot: { readonly id: number; readonly username: string };
  /** Every request in the order of arrival. */
  readonly calls: readonly TelegramCall[];
  /** The highest update id that was confirmed; 0 when none was. */
  readonly confirmed: number;
  /** How many updates wait for confirmation. */
  readonly pending: number;
  /** The commands menu, as last registered. */
  readonly commands: readonly Params[];
  /** The menus as they stand: by scope, chat and language, e.g. `all_private_chats`, `chat:501:zh`. */
  readonly menus: ReadonlyMap<string, readonly Params[]>;
  /** The bot's messages in a chat, as they stand now, in the order they were sent. */
  messages(chat: number): readonly ShownMessage[];
  /** All chats that have messages of the bot. */
  chats(): readonly number[];
  drafts(chat: number): readonly ShownDraft[];
  /** Keeps a file for a message that somebody sends. */
  readonly file: SentFiles["add"];
  /** An update of any shape; its id is added. */
  update(body: Params): number;
  redeliver(update: number): void;
  readonly hold: Updates["hold"];
  readonly release: Updates["release"];
  /** The connections over which updates are waited for are cut. */
  cutPolls(): void;
  /** Plans a misbehaviour of the next requests that match. */
  fault(target: Target, fault: Fault): () => void;
  clearFaults(): void;
  /** Whether the token is good for nothing any more. */
  revoke(revoked: boolean): void;
  /** The bot is given another username. */
  rename(username: string): void;
  chat(chat: number, state: ChatState): void;
  /** As if the bot had been used with a webhook. */
  setWebhook(url: string): void;
  /** What the bot has registered with its webhook; null when it has none. */
  readonly hook: { readonly secret: string; readonly most: number } | null;
  /** Resolves to the first value that is not undefined, null or false; rejects after the time. */
  waitFor<T>(look: () => T | undefined | null | false, timeoutMs?: number): Promise<T>;
  close(): Promise<void>;
}

/** Looks like a real one, so that whatever hides tokens hides it. */
const defaultToken = "424242:AAdouble-of-the-bot-api-has-this-key0";

export async function telegramServer(options: TelegramServerOptions = {}): Promise<TelegramServer> {
  const state = newState(options);
  const server = createServer((request, response) => {
    serve(state, request, response).catch((thrown: unknown) => {
      const error = new Refusal(500, `the double failed: ${String(thrown)}`);
      if (!response.headersSent) void reply(response, 500, refusalBody(error));
    });
  });
  server.keepAliveTimeout = 60_000;
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // a TCP server's address is always an AddressInfo
  const close = async (): Promise<void> => {
    state.closed.abort();
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  return face(state, `http://127.0.0.1:${port}`, close);
}

interface State {
  readonly options: TelegramServerOptions;
  readonly token: string;
  readonly bot: { readonly id: number; username: string };
  readonly calls: TelegramCall[];
  readonly updates: Updates;
  readonly chats: Chats;
  readonly people: People;
  readonly faults: Faults;
  readonly files: SentFiles;
  readonly closed: AbortController;
  readonly watchers: Set<() => void>;
  readonly polls: Set<ServerResponse>;
  commands: readonly Params[];
  readonly menus: Map<string, readonly Params[]>;
  revoked: boolean;
  webhook: string;
  /** What was said of it. */
  hook: { readonly secret: string; readonly most: number } | null;
}

function newState(options: TelegramServerOptions): State {
  const token = options.token ?? defaultToken;
  const bot = { id: Number.parseInt(token, 10), username: options.username ?? "team_bot" };
  const onWire = { ...bot, is_bot: true, first_name: "Team" };
  const watchers = new Set<() => void>();
  const changed = (): void => {
    for (const watch of watchers) watch();
  };
  const updates = createUpdates(changed);
  const chats = createChats({ bot: onWire, limits: options.limits ?? {}, drafts: options.drafts !== false, changed });
  return {
    options,
    token,
    bot,
    calls: [],
    updates,
    chats,
    people: createPeople(chats, updates, onWire),
    faults: createFaults(),
    files: createFiles(),
    closed: new AbortController(),
    watchers,
    polls: new Set(),
    commands: [],
    revoked: false,
    menus: new Map(),
    webhook: "",
    hook: null,
  };
}

function face(state: State, url: string, close: () => Promise<void>): TelegramServer {
  const { token, bot, calls, updates, chats, people, faults, files } = state;
  return {
    url,
    token,
    bot,
    calls,
    get confirmed() {
      return updates.confirmed();
    },
    get hook() {
      return state.hook;
    },
    get pending() {
      return updates.pending();
    },
    menus: state.menus,
    get commands() {
      return state.commands;
    },
    say: people.say,
    leave: people.leave,
    press: people.press,
    stopDraft: people.stopDraft,
    messages: (chat) => chats.messages.get(chat) ?? [],
    chats: () => [...chats.messages.keys()],
    drafts: chats.drafts,
    file: files.add,
    update: updates.push,
    redeliver: updates.redeliver,
    hold: updates.hold,
    release: updates.release,
    cutPolls() {
      for (const response of state.polls) response.socket?.resetAndDestroy();
    },
    fault: faults.add,
    clearFaults: faults.clear,
    revoke: (revoked) => void (state.revoked = revoked),
    rename: (username) => void (state.bot.username = username),
    chat: chats.set,
    setWebhook: (to) => void (state.webhook = to),
    waitFor: (look, timeoutMs = 5_000) =>
      waitFor(state.watchers, look, timeoutMs, () => state.calls.map(({ method, status }) => `${method} ${status}`)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function serve(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://double");
  const [, token, method = ""] = /^\/bot([^/]+)\/(\w+)$/.exec(url.pathname) ?? [];
  if (token === undefined) {
    const [, key, path = ""] = /^\/file\/bot([^/]+)\/(.+)$/.exec(url.pathname) ?? [];
    if (key === state.token && state.files.serve(path, response)) return;
    if ((await state.options.route?.(request, url, response)) === true) return;
    return await reply(response, 404, refusalBody(new Refusal(404, "Not Found")));
  }
  const params = await readParams(request, url.searchParams);
  if (token !== state.token || state.revoked) return await reply(response, 401, refusalBody(new Refusal(401, "Unauthorized")));
  const call: TelegramCall = { method, params, at: Date.now(), status: 0 };
  state.calls.push(call);
  for (const watch of state.watchers) watch();
  const fault = state.faults.next(method, params);
  if (state.options.latencyMs) await pause(state, state.options.latencyMs);
  await (fault ? misbehave(state, call, fault, response) : behave(state, call, response));
}

async function misbehave(state: State, call: TelegramCall, fault: Fault, response: ServerResponse): Promise<void> {
  switch (fault.kind) {
    case "limit":
      return await refuse(state, call, flood(fault.retryAfter), response);
    case "refuse":
      return await refuse(state, call, new Refusal(fault.code, fault.description, fault.parameters), response);
    case "reset":
      if (fault.when === "after") await perform(state, call, response);
      response.socket?.resetAndDestroy();
      return;
    case "garble":
      await perform(state, call, response);
      settle(state, call, fault.status);
      return await reply(response, fault.status, fault.body, fault.type ?? "text/html");
    case "slow":
      await pause(state, fault.ms);
      return await behave(state, call, response);
    case "hang":
      return;
  }
}

async function behave(state: State, call: TelegramCall, response: ServerResponse): Promise<void> {
  try {
    const result = await perform(state, call, response);
    settle(state, call, 200);
    await reply(response, 200, { ok: true, result });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    await refuse(state, call, error, response);
  }
}

async function refuse(state: State, call: TelegramCall, refusal: Refusal, response: ServerResponse): Promise<void> {
  settle(state, call, refusal.code);
  await reply(response, refusal.code, refusalBody(refusal));
}

function settle(state: State, call: TelegramCall, status: number): void {
  call.status = status;
  for (const watch of state.watchers) watch();
}

async function pause(state: State, ms: number): Promise<void> {
  await sleep(ms, undefined, { signal: state.closed.signal }).catch(() => undefined);
}

async function perform(state: State, { method, params }: TelegramCall, response: ServerResponse): Promise<unknown> {
  if (method === "getUpdates") return await getUpdates(state, params, response);
  if (method === "sendRichMessage" && state.options.rich === false) throw unknownMethod();
  const known = { ...ownMethods(state), ...state.chats.methods, ...state.people.methods, ...state.files.methods };
  const run = Object.hasOwn(known, method) ? known[method] : undefined;
  if (!run) throw unknownMethod();
  return run(params);
}

async function getUpdates(state: State, params: Params, response: ServerResponse): Promise<unknown> {
  if (state.webhook !== "") {
    const mend = "use deleteWebhook to delete the webhook first";
    throw new Refusal(409, `Conflict: can't use getUpdates method while webhook is active; ${mend}`);
  }
  const gone = new AbortController();
  state.polls.add(response);
  response.once("close", () => {
    state.polls.delete(response);
    gone.abort();
  });
  return await state.updates.poll(params, gone.signal);
}

function ownMethods(state: State): Record<string, (params: Params) => unknown> {
  return {
    getMe: () => ({
      ...state.bot,
      is_bot: true,
      first_name: "Team",
      can_join_groups: true,
      can_read_all_group_messages: true,
      supports_inline_queries: false,
    }),
    setMyCommands(params) {
      const commands = list(params["commands"]).map(record);
      if (commands.length > 100) throw bad("too much commands specified");
      for (const { command, description } of commands) {
        if (typeof command !== "string" || !/^[a-z0-9_]{1,32}$/.test(command)) throw bad("BOT_COMMAND_INVALID");
        if (typeof description !== "string" || description === "" || description.length > 256) {
          throw bad("BOT_COMMAND_DESCRIPTION_INVALID");
        }
      }
      state.commands = commands;
      state.menus.set(menuKey(params), commands);
      return true;
    },
    deleteMyCommands(params) {
      state.menus.delete(menuKey(params));
      return true;
    },
    getMyCommands: (params) => state.menus.get(menuKey(params)) ?? [],
    setWebhook({ url: to, secret_token: secret, max_connections: most }) {
      if (typeof to !== "string" || !to.startsWith("https://"))
        throw bad("bad webhook: An HTTPS URL must be provided for webhook");
      state.webhook = to;
      state.hook = { secret: typeof secret === "string" ? secret : "", most: whole(most) ?? 40 };
      return true;
    },
    deleteWebhook() {
      state.webhook = "";
      return true;
    },
    getWebhookInfo: () => ({
      url: state.webhook,
      has_custom_certificate: false,
      pending_update_count: state.updates.pending(),
    }),
  };
}

function unknownMethod(): Refusal {
  return new Refusal(404, "Not Found: method not found");
}

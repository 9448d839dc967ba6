import type { Interactions } from "./discord-interactions.ts";
import { type Body, invalidForm, list, record, Refusal, type SentFile, text } from "./discord-wire.ts";
import type { Channel, World } from "./discord-world.ts";
import type { Gateway } from "./discord-gateway.ts";

/** A request, its ids taken out of the path. */
export interface Asked {
  readonly ids: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Body;
  readonly files: readonly SentFile[];
}

/** What the server knows besides its world. */
export interface ServerState {
  readonly world: World;
  readonly gateway: Gateway;
  readonly interactions: Interactions;
  /** Registered commands by `global` or a guild. */
  readonly commands: Map<string, readonly Body[]>;
  /** As in the application's settings. */
  readonly applicationFlags: number;
  socketUrl(): string;
}

export type Route = (asked: Asked) => unknown;

/** The routes that bots use, by method and path with `:id` for ids and `:token` for an interaction's token. */
export function routesOf(state: ServerState): Readonly<Record<string, Route>> {
  const { world, interactions } = state;
  const at = (ids: readonly string[], index: number): string => ids[index] ?? "";
  const writable = (id: string): Channel => {
    const channel = world.channel(id);
    if (channel.locked) throw new Refusal(403, 50_083, "Thread is archived");
    return channel;
  };
  return {
    "GET /gateway/bot": () => ({
      url: state.socketUrl(),
      shards: 1,
      session_start_limit: { total: 1_000, remaining: 999, reset_after: 86_400_000, max_concurrency: 1 },
    }),
    "GET /users/@me": () => world.bot,
    "GET /applications/@me": () => ({ id: world.bot.id, name: "Hermes", flags: state.applicationFlags }),
    "GET /channels/:id": ({ ids }) => world.wireChannel(world.channel(at(ids, 0))),
    "GET /channels/:id/messages": ({ ids, query }) => {
      const after = BigInt(query.get("after") ?? "0");
      const before = query.get("before");
      const limit = Number(query.get("limit") ?? "50");
      if (limit < 1 || limit > 100) throw invalidForm("limit");
      const all = world.channel(at(ids, 0)).messages.filter(({ id, thinking }) => BigInt(id) > after && !thinking);
      const found = before === null ? all : all.filter(({ id }) => BigInt(id) < BigInt(before));
      const sorted = found.toSorted((one, other) => (BigInt(one.id) < BigInt(other.id) ? -1 : 1));
      const page = query.has("after") ? sorted.slice(0, limit) : sorted.slice(-limit);
      return page.toReversed().map((message) => world.wire(message));
    },
    "POST /channels/:id/messages": ({ ids, body, files }) => {
      const { message, fresh } = world.send(writable(at(ids, 0)), body, files);
      const wired = { ...world.wire(message), nonce: message.nonce };
      if (fresh) state.gateway.dispatch("MESSAGE_CREATE", { ...wired, ...guildOf(world.channel(message.channel)) });
      return wired;
    },
    "PATCH /channels/:id/messages/:id": ({ ids, body }) => {
      const message = world.message(writable(at(ids, 0)).id, at(ids, 1));
      if (message.author["id"] !== world.bot.id) throw new Refusal(403, 50_005, "Cannot edit a message authored by another user");
      world.edit(message, body);
      return world.wire(message);
    },
    "DELETE /channels/:id/messages/:id": ({ ids }) => world.remove(at(ids, 0), at(ids, 1)),
    "POST /channels/:id/typing": ({ ids }) => void (world.channel(at(ids, 0)).typings += 1),
    "POST /channels/:id/messages/:id/threads": ({ ids, body }) => {
      const parent = world.channel(at(ids, 0));
      const { id } = world.message(parent.id, at(ids, 1));
      const name = text(body["name"]) ?? "";
      if (name.length < 1 || name.length > 100) throw invalidForm("name: Must be between 1 and 100 in length.");
      if (![60, 1_440, 4_320, 10_080].includes(Number(body["auto_archive_duration"]))) throw invalidForm("auto_archive_duration");
      if (parent.type !== 0) throw new Refusal(400, 50_024, "Cannot execute action on this channel type");
      if (world.channels().some((each) => each.id === id)) {
        throw new Refusal(400, 160_004, "A thread has already been created for this message");
      }
      const thread = world.addChannel(name, { parent: parent.id, id, joined: true });
      state.gateway.dispatch("THREAD_CREATE", { ...world.wireChannel(thread), owner_id: world.bot.id, newly_created: true });
      return world.wireChannel(thread);
    },
    "PUT /channels/:id/messages/:id/reactions/:emoji/@me": ({ ids }) => {
      const { reactions } = world.message(at(ids, 0), at(ids, 1));
      if (!reactions.includes(at(ids, 2))) reactions.push(at(ids, 2));
    },
    "DELETE /channels/:id/messages/:id/reactions/:emoji/@me": ({ ids }) => {
      const { reactions } = world.message(at(ids, 0), at(ids, 1));
      const index = reactions.indexOf(at(ids, 2));
      if (index < 0) throw new Refusal(404, 10_014, "Unknown Emoji");
      reactions.splice(index, 1);
    },
    "POST /interactions/:id/:token/callback": ({ ids, body }) => interactions.callback(at(ids, 0), at(ids, 1), body),
    "GET /webhooks/:id/:token/messages/@original": ({ ids }) => world.wire(interactions.original(at(ids, 1))),
    "PATCH /webhooks/:id/:token/messages/@original": ({ ids, body }) => world.wire(interactions.edit(at(ids, 1), body)),
    "DELETE /webhooks/:id/:token/messages/@original": ({ ids }) => interactions.remove(at(ids, 1)),
    "POST /webhooks/:id/:token": ({ ids, body, files }) => world.wire(interactions.follow(at(ids, 1), body, files)),
    "PUT /applications/:id/commands": ({ body }) => register(state, "global", body),
    "PUT /applications/:id/guilds/:id/commands": ({ ids, body }) => register(state, at(ids, 1), body),
  };
}

/** A path as a route's pattern, and the ids that were taken out of it. */
export function patternOf(method: string, path: string): { readonly route: string; readonly ids: readonly string[] } {
  const ids: string[] = [];
  const names = path.split("/").map((part, index, all) => {
    const before = all[index - 1];
    const kind = /^\d{15,}$/.test(part) ? ":id" : before === "reactions" ? ":emoji" : part.startsWith("aW50") ? ":token" : null;
    if (kind === null) return part;
    ids.push(decodeURIComponent(part));
    return kind;
  });
  return { route: `${method} ${names.join("/")}`, ids };
}

function register(state: ServerState, scope: string, body: Body): readonly Body[] {
  const commands = list(body["list"]).map(record);
  if (commands.length > 100) throw new Refusal(400, 30_032, "Maximum number of application commands reached (100)");
  for (const { name, description, options } of commands) {
    if (typeof name !== "string" || !/^[-_\p{L}\p{N}]{1,32}$/u.test(name) || name !== name.toLowerCase())
      throw invalidForm("name");
    if (typeof description !== "string" || description.length < 1 || description.length > 100) throw invalidForm("description");
    for (const option of list(options).map(record)) {
      const said = text(option["description"]) ?? "";
      if (said.length < 1 || said.length > 100) throw invalidForm("options: description");
    }
  }
  state.commands.set(scope, commands);
  return commands;
}

function guildOf(channel: Channel): Body {
  return channel.guild === null ? {} : { guild_id: channel.guild };
}

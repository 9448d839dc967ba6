import type { Gateway } from "./discord-gateway.ts";
import {
  type Body,
  record,
  Refusal,
  type SentFile,
  snowflake,
  text,
  unknownInteraction,
  unknownMessage,
  unknownWebhook,
} from "./discord-wire.ts";
import type { Channel, Message, World } from "./discord-world.ts";

/** One interaction, and what has become of it. */
export interface Interaction {
  readonly id: string;
  readonly token: string;
  readonly body: Body;
  readonly at: number;
  /** The type of its first response; null before. */
  answered: number | null;
  /** Data of the first response: an ephemeral message, choices. */
  data: Body;
  /** Its message in the channel, if any. */
  message: Message | null;
  /** As if three seconds (or fifteen minutes) had passed. */
  expired: boolean;
}

export interface Interactions {
  begin(body: Body): string;
  get(id: string): Interaction;
  all(): readonly Interaction[];
  callback(id: string, token: string, body: Body): void;
  original(token: string): Message;
  edit(token: string, body: Body): Message;
  remove(token: string): void;
  follow(token: string, body: Body, files: readonly SentFile[]): Message;
}

const firstMs = 3_000;
const lifeMs = 900_000;

export function createInteractions(world: World, gateway: Gateway): Interactions {
  const known = new Map<string, Interaction>();
  const byToken = (token: string): Interaction => {
    const found = [...known.values()].find((each) => each.token === token);
    if (!found || found.expired || Date.now() - found.at > lifeMs) throw unknownWebhook();
    return found;
  };
  const original = (token: string): Message => {
    const found = byToken(token);
    if (!found.message) throw found.answered === null ? unknownWebhook() : unknownMessage();
    return found.message;
  };
  const channelOf = (interaction: Interaction): Channel => world.channel(text(interaction.body["channel_id"]) ?? "");
  return {
    begin(body) {
      const id = snowflake();
      const token = `aW50ZXJhY3Rpb246${id}`;
      known.set(id, { id, token, body, at: Date.now(), answered: null, data: {}, message: null, expired: false });
      gateway.dispatch("INTERACTION_CREATE", { id, token, application_id: world.bot.id, version: 1, ...body });
      return id;
    },
    get(id) {
      const found = known.get(id);
      if (!found) throw new Error(`no interaction ${id}`);
      return found;
    },
    all: () => [...known.values()],
    callback(id, token, body) {
      const found = known.get(id);
      if (!found || found.token !== token || found.expired) throw unknownInteraction();
      if (found.answered !== null) throw new Refusal(400, 40_060, "Interaction has already been acknowledged.");
      if (Date.now() - found.at > firstMs) throw unknownInteraction();
      const type = Number(body["type"]);
      const allowed = { 2: [4, 5, 9], 3: [4, 5, 6, 7, 9], 4: [8] }[Number(found.body["type"])] ?? [];
      if (!allowed.includes(type)) throw new Refusal(400, 50_035, "Invalid Form Body");
      found.answered = type;
      found.data = record(body["data"]);
      const hidden = (Number(found.data["flags"] ?? 0) & 64) !== 0;
      if ((type === 5 || type === 4) && !hidden) {
        const content = text(found.data["content"]) ?? "";
        found.message = world.add(channelOf(found), { author: world.bot, content, thinking: type === 5 });
      }
    },
    original,
    edit(token, body) {
      const message = original(token);
      world.edit(message, body);
      return message;
    },
    remove(token) {
      const message = original(token);
      world.remove(message.channel, message.id);
      byToken(token).message = null;
    },
    follow(token, body, files) {
      return world.send(channelOf(byToken(token)), body, files).message;
    },
  };
}

import { type Body, snowflake } from "./discord-wire.ts";
import type { Gateway } from "./discord-gateway.ts";
import type { Interactions } from "./discord-interactions.ts";
import type { Message, World } from "./discord-world.ts";

export interface SayOptions {
  readonly from?: string;
  readonly name?: string;
  readonly bot?: boolean;
  readonly replyTo?: string;
  /** Fields of the message besides. */
  readonly extra?: Body;
  /** False: it is written while nobody is told, as during an outage. */
  readonly told?: boolean;
  /** When it was written, epoch milliseconds. */
  readonly at?: number;
}

/** What people do. */
export interface People {
  /** Somebody writes in a channel; `<@id>` mentions. Returns the message. */
  say(channel: string, text: string, options?: SayOptions): Message;
  /** Somebody writes to the bot in private. */
  write(person: string, text: string, options?: SayOptions): Message;
  /** Somebody presses a button by its label; the interaction's id. */
  press(channel: string, message: string, label: string, person?: string): string;
  /** Somebody uses a slash command; the interaction's id. */
  command(channel: string, name: string, args?: string, person?: string): string;
  /** Somebody types a command's argument; the interaction's id. */
  typeArgument(channel: string, name: string, typed: string, person?: string): string;
  deleteMessage(channel: string, message: string): void;
  deleteChannel(channel: string): void;
}

const someone = "500000000000000501";

export function createPeople(world: World, gateway: Gateway, interactions: Interactions): People {
  const say: People["say"] = (id, text, options = {}) => {
    const channel = world.channel(id);
    const from = options.from ?? channel.person ?? someone;
    const user = userOf(from, options);
    const mentioned = [...text.matchAll(/<@!?(\d+)>/g)].flatMap((match) => match[1] ?? []);
    const message = world.add(channel, {
      ...(options.at === undefined ? {} : { id: snowflake(options.at) }),
      author: user,
      content: text,
      replyTo: options.replyTo ?? null,
      extra: {
        mentions: mentioned.map((each) => (each === world.bot.id ? world.bot : userOf(each, {}))),
        mention_roles: [...text.matchAll(/<@&(\d+)>/g)].flatMap((match) => match[1] ?? []),
        ...options.extra,
      },
    });
    if (options.told !== false) gateway.dispatch("MESSAGE_CREATE", { ...world.wire(message), ...guildOf(channel.guild) });
    return message;
  };
  const place = (id: string, person: string): Body => {
    const channel = world.channel(id);
    const user = userOf(person, {});
    return {
      channel_id: id,
      channel: world.wireChannel(channel),
      ...(channel.guild === null ? { user, context: 1 } : { ...guildOf(channel.guild), member: { user, roles: [] }, context: 0 }),
    };
  };
  return {
    say,
    write: (person, text, options) => say(world.privateChat(person).id, text, options),
    press(channel, id, label, person = someone) {
      const message = world.message(channel, id);
      const button = buttonsOf(message).find((each) => each.label === label);
      if (!button) throw new Error(`message ${id} has no button ${label}`);
      const data = { component_type: 2, custom_id: button.data };
      return interactions.begin({ type: 3, data, message: world.wire(message), ...place(channel, person) });
    },
    command(channel, name, args = "", person = someone) {
      const options = args === "" ? [] : [{ name: "text", type: 3, value: args }];
      return interactions.begin({ type: 2, data: { id: snowflake(), name, type: 1, options }, ...place(channel, person) });
    },
    typeArgument(channel, name, typed, person = someone) {
      const options = [{ name: "text", type: 3, value: typed, focused: true }];
      return interactions.begin({ type: 4, data: { id: snowflake(), name, type: 1, options }, ...place(channel, person) });
    },
    deleteMessage(channel, message) {
      world.remove(channel, message);
      gateway.dispatch("MESSAGE_DELETE", { id: message, channel_id: channel, ...guildOf(world.channel(channel).guild) });
    },
    deleteChannel(id) {
      const channel = world.channel(id);
      channel.deleted = true;
      gateway.dispatch(channel.type === 11 ? "THREAD_DELETE" : "CHANNEL_DELETE", world.wireChannel(channel));
    },
  };
}

/** A message's buttons, in order. */
export function buttonsOf(message: Message): readonly { readonly label: string; readonly data: string }[] {
  const rows = message.components as readonly { readonly components: readonly { label: string; custom_id: string }[] }[]; // checked when sent
  return rows.flatMap(({ components }) => components.map(({ label, custom_id: data }) => ({ label, data })));
}

function userOf(id: string, { name = `person${id.slice(-3)}`, bot = false }: Pick<SayOptions, "name" | "bot">): Body {
  return { id, username: name, global_name: name, discriminator: "0", avatar: null, ...(bot ? { bot } : {}) };
}

function guildOf(guild: string | null): Body {
  return guild === null ? {} : { guild_id: guild };
}

import {
  type Body,
  invalidForm,
  list,
  type SentFile,
  record,
  snowflake,
  text,
  unknownChannel,
  unknownMessage,
} from "./discord-wire.ts";

/** A channel, thread or private chat. */
export interface Channel {
  readonly id: string;
  /** 0: text, 1: private, 11: thread. */
  readonly type: number;
  readonly guild: string | null;
  readonly parent: string | null;
  readonly name: string;
  /** Whose private chat it is. */
  readonly person: string | null;
  /** Whether the bot has joined it (threads). */
  joined: boolean;
  locked: boolean;
  deleted: boolean;
  lastMessage: string | null;
  readonly messages: Message[];
  typings: number;
}

/** A message as it stands now. */
export interface Message {
  readonly id: string;
  readonly channel: string;
  readonly author: Body;
  content: string;
  components: readonly unknown[];
  readonly replyTo: string | null;
  readonly nonce: string | null;
  readonly flags: number;
  readonly files: readonly SentFile[];
  readonly extra: Body;
  /** Emoji that the bot has put under it. */
  readonly reactions: string[];
  edits: number;
  /** A deferred answer that is still "thinking". */
  thinking: boolean;
}

/** Guilds, channels and what was written in them. */
export interface World {
  readonly bot: Body & { readonly id: string };
  readonly guild: string;
  channels(): readonly Channel[];
  channel(id: string): Channel;
  /** The private chat of a person, made if need be. */
  privateChat(person: string): Channel;
  /** A new channel of the guild, or a thread of one. */
  addChannel(name: string, options?: { readonly parent?: string; readonly id?: string; readonly joined?: boolean }): Channel;
  add(channel: Channel, message: Partial<Message> & Pick<Message, "author">): Message;
  message(channel: string, id: string): Message;
  remove(channel: string, id: string): void;
  wire(message: Message): Body;
  wireChannel(channel: Channel): Body;
  wireGuild(): Body;
  /** A message of the bot's from a request's body; a nonce that is known within five minutes gives back the first. */
  send(channel: Channel, body: Body, files: readonly SentFile[]): { readonly message: Message; readonly fresh: boolean };
  edit(message: Message, body: Body): void;
}

const nonceMs = 300_000;

export function createWorld(bot: Body & { readonly id: string }, guild: string): World {
  const channels = new Map<string, Channel>();
  const nonces = new Map<string, { readonly message: Message; readonly at: number }>();
  const make = (given: Partial<Channel> & Pick<Channel, "type" | "name">): Channel => {
    const channel: Channel = {
      id: snowflake(),
      guild: null,
      parent: null,
      person: null,
      joined: false,
      locked: false,
      deleted: false,
      lastMessage: null,
      messages: [],
      typings: 0,
      ...given,
    };
    channels.set(channel.id, channel);
    return channel;
  };
  const find = (id: string): Channel => {
    const channel = channels.get(id);
    if (!channel || channel.deleted) throw unknownChannel();
    return channel;
  };
  const add: World["add"] = (channel, given) => {
    const message: Message = {
      id: snowflake(),
      channel: channel.id,
      content: "",
      components: [],
      replyTo: null,
      nonce: null,
      flags: 0,
      files: [],
      extra: {},
      reactions: [],
      edits: 0,
      thinking: false,
      ...given,
    };
    channel.messages.push(message);
    channel.lastMessage = message.id;
    return message;
  };
  const messageOf: World["message"] = (channel, id) => {
    const message = find(channel).messages.find((each) => each.id === id);
    if (!message) throw unknownMessage();
    return message;
  };
  const wire: World["wire"] = (message) => wireMessage(message, channels.get(message.channel));
  return {
    bot,
    guild,
    channels: () => [...channels.values()].filter(({ deleted }) => !deleted),
    channel: find,
    privateChat: (person) => [...channels.values()].find((each) => each.person === person) ?? make({ type: 1, name: "", person }),
    addChannel: (name, { parent, id, joined = false } = {}) =>
      make({
        type: parent === undefined ? 0 : 11,
        name,
        guild,
        parent: parent ?? null,
        joined,
        ...(id === undefined ? {} : { id }),
      }),
    add,
    message: messageOf,
    remove(channel, id) {
      const { messages } = find(channel);
      messages.splice(messages.indexOf(messageOf(channel, id)), 1);
    },
    wire,
    wireChannel,
    wireGuild: () => ({
      id: guild,
      name: "The team",
      channels: [...channels.values()].filter((each) => each.type === 0 && !each.deleted).map(wireChannel),
      threads: [...channels.values()].filter((each) => each.type === 11 && !each.deleted).map(wireChannel),
      roles: [{ id: "800000000000000001", name: "Hermes", tags: { bot_id: bot.id } }],
      members: [],
    }),
    send(channel, body, files) {
      const nonce = text(body["nonce"]) ?? null;
      if (nonce !== null && nonce.length > 25) throw invalidForm("nonce: Must be 25 or fewer in length.");
      const before = nonce === null ? undefined : nonces.get(nonce);
      const repeated = body["enforce_nonce"] === true && before !== undefined && Date.now() - before.at < nonceMs;
      if (repeated) return { message: before.message, fresh: false };
      const content = checked(body, files.length);
      const reference = record(body["message_reference"]);
      const message = add(channel, {
        author: bot,
        content,
        components: list(body["components"]),
        replyTo: replyTarget(channel, reference),
        nonce,
        flags: Number(body["flags"] ?? 0),
        files,
        extra: { allowed_mentions: body["allowed_mentions"] },
      });
      if (channel.type === 11) channel.joined = true;
      if (nonce !== null) nonces.set(nonce, { message, at: Date.now() });
      return { message, fresh: true };
    },
    edit(message, body) {
      message.content = "content" in body ? checked(body, message.files.length) : message.content;
      if (Array.isArray(body["components"])) message.components = body["components"];
      message.edits += 1;
      message.thinking = false;
    },
  };
}

function replyTarget(channel: Channel, reference: Body): string | null {
  const id = text(reference["message_id"]);
  if (id === undefined) return null;
  if (channel.messages.some((each) => each.id === id)) return id;
  if (reference["fail_if_not_exists"] !== false) throw invalidForm("REPLIES_UNKNOWN_MESSAGE");
  return null;
}

/** The content, within Discord's limits. */
function checked(body: Body, files: number): string {
  const content = text(body["content"]) ?? "";
  if ([...content].length > 2_000) throw invalidForm("content: Must be 2000 or fewer in length.");
  if (content.trim() === "" && files === 0) throw invalidForm("Cannot send an empty message");
  const rows = list(body["components"]).map(record);
  if (rows.length > 5) throw invalidForm("components: Must be 5 or fewer in length.");
  for (const row of rows) {
    const buttons = list(row["components"]).map(record);
    if (row["type"] !== 1 || buttons.length === 0 || buttons.length > 5)
      throw invalidForm("components: a row has one to five buttons");
    for (const { custom_id: id, label } of buttons) {
      if (typeof id !== "string" || id.length < 1 || id.length > 100) throw invalidForm("custom_id: 1 to 100 characters");
      if (typeof label !== "string" || label.length > 80) throw invalidForm("label: at most 80 characters");
    }
  }
  return content.trim();
}

function wireChannel(channel: Channel): Body {
  const { id, type, guild, parent, name, person, lastMessage } = channel;
  return {
    id,
    type,
    last_message_id: lastMessage,
    ...(guild === null ? {} : { guild_id: guild, name }),
    ...(person === null ? {} : { recipients: [{ id: person, username: `person${person}` }] }),
    ...(type === 11
      ? {
          parent_id: parent,
          thread_metadata: { archived: false, locked: channel.locked },
          ...(channel.joined ? { member: { flags: 0 } } : {}),
        }
      : {}),
  };
}

function wireMessage(message: Message, channel: Channel | undefined): Body {
  const replied = message.replyTo;
  const original = replied === null ? null : channel?.messages.find((each) => each.id === replied);
  return {
    id: message.id,
    channel_id: message.channel,
    author: message.author,
    content: message.content,
    timestamp: new Date(Number((BigInt(message.id) >> 22n) + 1_420_070_400_000n)).toISOString(),
    edited_timestamp: null,
    tts: false,
    mention_everyone: false,
    mentions: [],
    mention_roles: [],
    attachments: message.files.map(({ name, bytes }, index) => ({
      id: String(index),
      filename: name,
      size: bytes.length,
      url: "",
    })),
    embeds: [],
    pinned: false,
    type: replied === null ? 0 : 19,
    components: message.components,
    flags: message.flags,
    ...(replied === null
      ? {}
      : {
          message_reference: { message_id: replied, channel_id: message.channel },
          referenced_message: original ? wireMessage({ ...original, replyTo: null }, channel) : null,
        }),
    ...message.extra,
  };
}

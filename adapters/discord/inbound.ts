import type { Account, ChatRef } from "../../src/core/chats.ts";
import type { InboundMessage } from "../../src/core/inbound.ts";
import { extras, filesIn } from "./attachments.ts";
import type { DiscordRules } from "./options.ts";
import { type Place, textChannel } from "./places.ts";
import { madeAt, nameOf, type WireMessage, type WireUser } from "./wire.ts";

/** Who we are to Discord. */
export interface Self {
  readonly id: string;
  /** Roles that are ours alone: people who type the name often pick the role. */
  readonly roles: ReadonlySet<string>;
}

/** A message as an event of ours, and whether a thread is to be begun for its answer. */
export interface Heard {
  readonly inbound: InboundMessage;
  readonly beginsThread: boolean;
}

/** Types of messages that people write: plain ones and replies. */
const written = [0, 19];

/** A message as an event of ours; null for what concerns nobody (bots, service messages, other places, chatter). */
export function toInbound(message: WireMessage, place: Place, self: Self, rules: DiscordRules): Heard | null {
  const { author, guild_id: guild, channel_id: channel } = message;
  if (!isPersons(message, self) || (guild !== undefined && !isOpen(rules, guild, place.parent ?? channel))) return null;
  const [text, files] = [wordsOf(message, self), filesIn(message)];
  const meant = meaning(message, place, self, rules);
  if (meant === "others" || (text === "" && files.length === 0)) return null;
  const beginsThread = meant === "thread";
  const inbound: InboundMessage = {
    type: "message",
    key: `discord:${self.id}:message:${message.id}`,
    chat: chatRef(channel, place, beginsThread ? message.id : null),
    kind: guild === undefined ? "private" : "shared",
    sender: accountOf(author, message.member?.nick),
    at: madeAt(message.id),
    text,
    ...(files.length === 0 ? {} : { files }),
    ...partOf(message.content),
    messageId: message.id,
    addressed: meant !== "continues",
    ...(meant === "continues" ? { continues: true } : {}),
  };
  return { inbound, beginsThread };
}

/** A message that fills Discord's may go on in the next: people cut what is longer. The pause is the original's. */
function partOf({ length }: string): Pick<InboundMessage, "part"> {
  return length >= fullChars ? { part: { of: "paste", quietMs: 600 } } : {};
}

/** Discord takes 2,000 characters; who cuts a text does so at a line or a word before. */
const fullChars = 1_900;

/** Not a bot's, a webhook's, our own, nor one of Discord's. */
function isPersons({ author, webhook_id: webhook, type }: WireMessage, self: Self): boolean {
  return author.bot !== true && webhook === undefined && author.id !== self.id && written.includes(type);
}

/** `thread`: it is for us and begins a thread; `continues`: for us, where the thread is ours; `others`: not for us. */
function meaning(message: WireMessage, place: Place, self: Self, rules: DiscordRules): "us" | "thread" | "continues" | "others" {
  if (message.guild_id === undefined) return "us";
  const channel = place.parent ?? message.channel_id;
  const free = !rules.requireMention || rules.freeChannels.includes(channel);
  if (message.referenced_message?.author.id === self.id) return "us";
  if (isMentioned(message, self)) {
    const threads = rules.autoThread && !free && !rules.noThreadChannels.includes(channel);
    return threads && place.parent === null && place.type === textChannel ? "thread" : "us";
  }
  if (message.mentions.length > 0 || message.referenced_message !== null) return "others";
  if (free) return "us";
  return place.parent === null ? "others" : "continues";
}

/** A thread that a message begins has the message's id. */
export function chatRef(channel: string, { parent }: Place, begun: string | null = null): ChatRef {
  if (parent !== null) return { platform: "discord", chat: parent, thread: channel };
  return { platform: "discord", chat: channel, thread: begun };
}

/** Only interactions tell the language of the person's client. */
export function accountOf(user: WireUser, nick: string | null | undefined, language: string | null = null): Account {
  return { platform: "discord", id: user.id, name: nameOf(user, nick), ...(language === null ? {} : { language }) };
}

/** Whether the bot listens in a channel of a guild. */
export function isOpen({ guilds, channels, ignoredChannels }: DiscordRules, guild: string, channel: string): boolean {
  const here = guilds.length === 0 || guilds.includes(guild);
  return here && (channels.length === 0 || channels.includes(channel)) && !ignoredChannels.includes(channel);
}

function isMentioned({ mentions, mention_roles: roles }: WireMessage, self: Self): boolean {
  return mentions.some(({ id }) => id === self.id) || roles.some((role) => self.roles.has(role));
}

/** What was written, without our name, with other people's names, and what was forwarded. */
function wordsOf(message: WireMessage, self: Self): string {
  const own = [`<@${self.id}>`, `<@!${self.id}>`, ...[...self.roles].map((role) => `<@&${role}>`)];
  const names = new Map(message.mentions.map((user) => [user.id, nameOf(user, null)]));
  const said = without(message.content, own)
    .replaceAll(/<@!?(\d+)>/g, (whole, id: string) => (names.has(id) ? `@${names.get(id)}` : whole))
    .replaceAll(/<a?(:\w{2,32}:)\d+>/g, "$1");
  const forwarded = message.message_snapshots.map(({ message: { content } }) => content.trim()).filter(Boolean);
  return [said, ...forwarded.map((words) => `[forwarded]\n${words}`), ...extras(message)]
    .filter((part) => part.trim() !== "")
    .join("\n\n");
}

/** Takes our name out, with the comma that set it off. A message that is nothing else stays as it is. */
function without(text: string, names: readonly string[]): string {
  let rest = text;
  for (const name of names) {
    rest = rest.startsWith(name)
      ? rest.slice(name.length).replace(/^[\s,:;]+/, "")
      : rest.replaceAll(new RegExp(`[ \\t]*${name}`, "g"), "");
  }
  return rest.trim() === "" ? text : rest;
}

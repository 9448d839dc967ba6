import type { Account, ChatKind, ChatRef } from "../../src/core/chats.ts";
import type { Inbound } from "../../src/core/inbound.ts";
import { attachments, filesIn } from "./attachments.ts";
import { type Fields, fields, items, text } from "./fields.ts";
import type { SlackOptions } from "./options.ts";
import type { LastThread } from "./last-thread.ts";
import type { Names } from "./names.ts";
import { responseId } from "./response.ts";
import type { Recent } from "./recent.ts";
import { isToOthers, mentioned, nameAfterMark, plainText, type Self, withoutUs } from "./words.ts";

export interface Reading {
  readonly self: Self;
  readonly names: Names;
  readonly recent: Recent;
  readonly lastThread: LastThread;
  /** Names and aliases of our commands. */
  readonly commands: ReadonlySet<string>;
  readonly isSkill: SlackOptions["isSkill"];
  /** Empty: all. */
  readonly allowedChannels: readonly string[];
}

/** What Slack told as an event of ours; null for what concerns nobody (other bots, edits, people joining). Throws on what makes no sense. */
export async function toInbound(reading: Reading, body: Fields): Promise<Inbound | null> {
  if (text(body["command"]) !== null) return await fromSlash(reading, body);
  if (body["type"] === "block_actions") return await fromAction(reading, body);
  if (body["type"] !== "event_callback") return null;
  const event = fields(body["event"]);
  switch (event["type"]) {
    case "message":
    case "app_mention":
      return await fromMessage(reading, event, body["caught_up"] !== true);
    case "agent_session_stopped":
      return await fromStop(reading, event, text(body["event_id"]) ?? need(event, "thread_ts"));
    case "member_left_channel":
      return fromLeaving(reading, event);
    default:
      return null;
  }
}

/** Whether a message of a channel is surely for us: a person's in private, or one that mentions us. */
export function isForUs(reading: Reading, event: Fields): boolean {
  const kind = kindOf(need(event, "channel"), null);
  return writerOf(event, reading.self) !== null && meantFor(reading, event, kind, text(event["thread_ts"])) === "us";
}

/** Who wrote a message, and what. */
export async function saidIn(reading: Reading, event: Fields): Promise<{ readonly who: string; readonly text: string }> {
  const user = need(event, "user");
  const names = await namesIn(reading, text(event["text"]) ?? "", user);
  return { who: names.get(user) ?? user, text: wordsOf(reading, event, names) };
}

/** Also of channels that we may not answer in any more. */
function fromLeaving({ self }: Reading, event: Fields): Inbound | null {
  const [channel, user, ts] = [need(event, "channel"), need(event, "user"), need(event, "event_ts")];
  if (user === self.user) return null;
  const sender = { platform: "slack", id: user, name: user };
  return {
    type: "left",
    key: `slack:${self.team}:left:${channel}:${user}:${ts}`,
    chat: chatRef(channel, null),
    kind: "shared",
    sender,
    at: Number(ts) * 1_000,
  };
}

/** Subtypes that are still something a person wrote. */
const written = new Set(["file_share", "thread_broadcast", "me_message"]);
/** How many names of a message are looked up. */
const mostNames = 5;

/** A post in a channel that mentions us comes as two events; both have the post's own key, so the second is dropped as a redelivery. */
async function fromMessage(reading: Reading, event: Fields, told: boolean): Promise<Inbound | null> {
  const { self, recent } = reading;
  if (event["subtype"] === "message_changed" || event["subtype"] === "message_deleted") return await fromChange(reading, event);
  const user = writerOf(event, self);
  if (user === null) return null;
  const [channel, ts] = [need(event, "channel"), need(event, "ts")];
  const kind = kindOf(channel, text(event["channel_type"]));
  const thread = text(event["thread_ts"]);
  const meant = meantFor(reading, event, kind, thread);
  if (meant === "others") return null;
  const names = await namesIn(reading, text(event["text"]) ?? "", user);
  const [sender, chat] = [account(reading, user, names), chatRef(channel, thread ?? ts)];
  const words = await asCommand(reading, { sender, chat, kind }, wordsOf(reading, event, names));
  const files = filesIn(event);
  if (words === "" && files.length === 0) return null;
  if (told) recent.told(channel, ts);
  if (meant === "us") recent.saw(channel, ts, thread ?? ts, user, words);
  else recent.wrote(channel, ts, user);
  return {
    type: "message",
    key: `slack:${self.team}:message:${channel}:${ts}`,
    chat,
    kind,
    sender,
    at: Number(ts) * 1_000,
    text: words,
    ...(files.length === 0 ? {} : { files }),
    messageId: ts,
    addressed: meant === "us",
    ...(meant === "perhaps us" ? { continues: true } : {}),
  };
}

/** What somebody changed or deleted. Slack tells of previews of links, and of our own streams, in the same way: those concern nobody. */
async function fromChange(reading: Reading, event: Fields): Promise<Inbound | null> {
  const [before, after] = [fields(event["previous_message"]), fields(event["message"])];
  const deleted = event["subtype"] === "message_deleted" || after["subtype"] === "tombstone";
  const user = writerOf(before, reading.self);
  if (user === null || (!deleted && before["text"] === after["text"])) return null;
  const [channel, ts] = [need(event, "channel"), need(before, "ts")];
  const kind = kindOf(channel, text(event["channel_type"]));
  if (kind === "shared" && !mayListen(reading, channel)) return null;
  const names = await namesIn(reading, text(after["text"]) ?? "", user);
  const [sender, chat] = [account(reading, user, names), chatRef(channel, text(before["thread_ts"]) ?? ts)];
  return {
    type: "change",
    key: `slack:${reading.self.team}:change:${channel}:${ts}:${need(event, "event_ts")}`,
    chat,
    kind,
    sender,
    at: Number(need(event, "event_ts")) * 1_000,
    messageId: ts,
    text: deleted ? null : await asCommand(reading, { sender, chat, kind }, wordsOf(reading, after, names)),
  };
}

/** Who wrote a message; null for other bots, ourselves and what Slack says by itself. */
function writerOf(event: Fields, self: Self): string | null {
  const subtype = text(event["subtype"]);
  const user = text(event["user"]);
  const byPerson = (subtype === null || written.has(subtype)) && text(event["bot_id"]) === null;
  return byPerson && user !== self.user ? user : null;
}

function meantFor(reading: Reading, event: Fields, kind: ChatKind, thread: string | null): "us" | "perhaps us" | "others" {
  if (kind === "private") return "us";
  if (!mayListen(reading, need(event, "channel"))) return "others";
  const said = text(event["text"]) ?? "";
  if (event["type"] === "app_mention" || mentioned(said).includes(reading.self.user)) return "us";
  return thread !== null && !isToOthers(said, reading.self) ? "perhaps us" : "others";
}

type At = Parameters<SlackOptions["isSkill"]>[0];

/** `!stop` is `/stop`, and `!k8s` is `/k8s` where there is such a skill. Other exclamations are left alone. */
async function asCommand(reading: Reading, at: At, words: string): Promise<string> {
  const name = nameAfterMark(words);
  return name !== null && (await isCommand(reading, at, name)) ? `/${words.slice(1)}` : words;
}

async function isCommand({ commands, isSkill }: Reading, at: At, name: string): Promise<boolean> {
  return commands.has(name) || (await isSkill(at, name));
}

function wordsOf({ self }: Reading, event: Fields, names: ReadonlyMap<string, string>): string {
  const said = text(event["text"]) ?? "";
  const words = plainText(withoutUs(said, self), names);
  const all = [words, ...attachments(event)].filter(Boolean).join("\n\n");
  // A bare mention is a call.
  return all === "" && mentioned(said).includes(self.user) && filesIn(event).length === 0 ? "hello" : all;
}

async function fromSlash(reading: Reading, body: Fields): Promise<Inbound | null> {
  const { self, lastThread } = reading;
  const [channel, user] = [need(body, "channel_id"), need(body, "user_id")];
  if (kindOf(channel, null) === "shared" && !mayListen(reading, channel)) return null;
  const said = text(body["text"]) ?? "";
  const names = await namesIn(reading, said, user);
  const words = plainText(said, names).trim();
  const url = text(body["response_url"]);
  const at = {
    chat: chatRef(channel, await lastThread.of(channel, user)),
    kind: kindOf(channel, null),
    sender: account(reading, user, names),
  };
  return {
    type: "message",
    key: `slack:${self.team}:command:${need(body, "trigger_id")}`,
    ...at,
    at: Date.now(),
    text: await slashWords(reading, at, need(body, "command"), words),
    messageId: url === null ? null : responseId(url),
    addressed: true,
    menu: true,
  };
}

/** `/hermes stop` and `/stop` are `/stop`; `/hermes what time is it` is a question; `/hermes` alone asks for help. */
async function slashWords(reading: Reading, at: At, name: string, words: string): Promise<string> {
  const own = name.replace(/^\/(?:hermes-)?/, "").toLowerCase();
  if (reading.commands.has(own)) return `/${own} ${words}`.trim();
  const first = /^[/!]?([\w-]+)/.exec(words)?.[1]?.toLowerCase() ?? "";
  if (words === "") return "/help";
  return first !== "" && (await isCommand(reading, at, first)) ? `/${words.replace(/^[/!]/, "")}` : words;
}

async function fromAction({ self, names }: Reading, body: Fields): Promise<Inbound | null> {
  const [action] = items(body["actions"]);
  const data = text(action?.["value"]);
  const [container, message] = [fields(body["container"]), fields(body["message"])];
  const channel = text(fields(body["channel"])["id"]) ?? text(container["channel_id"]);
  const user = text(fields(body["user"])["id"]);
  if (data === null || channel === null || user === null) return null;
  const at = `${text(container["message_ts"]) ?? text(message["ts"]) ?? ""}:${text(action?.["action_ts"]) ?? need(body, "trigger_id")}`;
  return {
    type: "button",
    key: `slack:${self.team}:action:${channel}:${at}:${user}`,
    chat: chatRef(channel, text(message["thread_ts"]) ?? text(container["thread_ts"])),
    kind: kindOf(channel, null),
    sender: { platform: "slack", id: user, name: await names.of(user) },
    at: Date.now(),
    data,
  };
}

async function fromStop({ self, names }: Reading, event: Fields, id: string): Promise<Inbound> {
  const [channel, user] = [need(event, "channel"), need(event, "user")];
  return {
    type: "stop",
    key: `slack:${self.team}:stop:${id}`,
    chat: chatRef(channel, need(event, "thread_ts")),
    kind: kindOf(channel, null),
    sender: { platform: "slack", id: user, name: await names.of(user) },
    at: Date.now(),
    turn: null,
  };
}

async function namesIn({ names, self }: Reading, said: string, user: string): Promise<ReadonlyMap<string, string>> {
  const ids = [user, ...mentioned(said).filter((id) => id !== self.user && id !== user)].slice(0, mostNames);
  return new Map(await Promise.all(ids.map(async (id): Promise<[string, string]> => [id, await names.of(id)])));
}

/** Once its name is known. */
function account({ names: all }: Reading, user: string, names: ReadonlyMap<string, string>): Account {
  const language = all.languageOf(user);
  return { platform: "slack", id: user, name: names.get(user) ?? user, ...(language === null ? {} : { language }) };
}

function mayListen({ allowedChannels }: Reading, channel: string): boolean {
  return allowedChannels.length === 0 || allowedChannels.includes(channel);
}

/** Some events lack the type; private chats' ids begin with D. */
function kindOf(channel: string, type: string | null): ChatKind {
  return type === "im" || (type === null && channel.startsWith("D")) ? "private" : "shared";
}

function chatRef(channel: string, thread: string | null): ChatRef {
  return { platform: "slack", chat: channel, thread };
}

function need(from: Fields, name: string): string {
  const value = text(from[name]);
  if (value === null) throw new TypeError(`there is no ${name}`);
  return value;
}

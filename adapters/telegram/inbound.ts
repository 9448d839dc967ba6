import type { CallbackQuery, Chat, Message, MessageGenerationStopped, Update, User } from "grammy/types";
import type { Account, ChatRef } from "../../src/core/chats.ts";
import type { Inbound, InboundMessage } from "../../src/core/inbound.ts";
import { attachment, filesIn } from "./attachments.ts";
import { readAddress, type Self } from "./mention.ts";

/** The kinds of update that `toInbound` understands. */
export const wantedUpdates = [
  "message",
  "edited_message",
  "callback_query",
  "stopped_message_generation",
  "chat_member",
] as const;

/** The sender Telegram names for posts that a linked channel forwards by itself. */
const serviceAccount = 777_000;

/** An update as an event of ours; null for what concerns nobody (other bots, service messages). Throws on one that makes no sense. */
export function toInbound(update: Update, self: Self, turnOf: (draft: number) => string | null): Inbound | null {
  const key = `telegram:${self.id}:update:${update.update_id}`;
  const left = leaver(update);
  if (left)
    return { type: "left", key, chat: chatRef(left.chat, {}), kind: "shared", sender: person(left.user), at: left.date * 1_000 };
  if (update.message) return fromMessage(key, update.message, self);
  if (update.edited_message) return fromEdit(key, update.edited_message, self);
  if (update.callback_query) return fromButton(key, update.callback_query);
  if (update.stopped_message_generation) return fromStop(key, update.stopped_message_generation, turnOf);
  return null;
}

/** Who has left a group, by a message there or, where we are an admin, by an event of its own; null for any other update. */
function leaver({
  message,
  chat_member: changed,
}: Update): { readonly user: User; readonly chat: Chat; readonly date: number } | null {
  if (message?.left_chat_member) return told(message.left_chat_member, message);
  const now = changed?.new_chat_member;
  const gone = now?.status === "left" || now?.status === "kicked" || (now?.status === "restricted" && !now.is_member);
  return changed && now && gone ? told(now.user, changed) : null;
}

function told(user: User, { chat, date }: Pick<Message, "chat" | "date">): ReturnType<typeof leaver> {
  return user.is_bot || chat.type === "private" ? null : { user, chat, date };
}

/** A group that becomes a supergroup gets another id: the old one tells of it, and the new one; null for any other update. */
export function moveIn({ message }: Update): { readonly from: string; readonly to: string } | null {
  const { migrate_to_chat_id: to, migrate_from_chat_id: from } = message ?? {};
  if (!message || (to === undefined && from === undefined)) return null;
  const [before, after] = [from ?? message.chat.id, to ?? message.chat.id];
  if (!Number.isSafeInteger(before) || !Number.isSafeInteger(after)) throw new TypeError("a group moves from or to nowhere");
  return { from: String(before), to: String(after) };
}

function fromMessage(key: string, message: Message, self: Self): Inbound | null {
  const sender = senderOf(message);
  const { text, addressed } = readAddress(message, self);
  const words = [text, attachment(message)].filter(Boolean).join("\n\n");
  const files = filesIn(message);
  if (!sender || (words === "" && files.length === 0)) return null;
  const kind = message.chat.type === "private" ? "private" : "shared";
  return {
    type: "message",
    key,
    chat: chatRef(message.chat, message),
    kind,
    sender,
    at: message.date * 1_000,
    text: words,
    ...(files.length === 0 ? {} : { files }),
    ...partOf(message),
    messageId: String(message.message_id),
    addressed: kind === "private" || addressed,
  };
}

/** Also comes when others than the text have changed: then it changes nothing. */
function fromEdit(key: string, message: Message, self: Self): Inbound | null {
  const said = fromMessage(key, message, self);
  if (said?.type !== "message" || said.messageId === null) return null;
  const { chat, kind, sender, messageId, text } = said;
  return { type: "change", key, chat, kind, sender, at: (message.edit_date ?? message.date) * 1_000, messageId, text };
}

/** Albums come picture by picture, forwards one by one, and long pastes cut at Telegram's limit: those gaps were seen in the wild. */
function partOf({ media_group_id: album, forward_origin: forwarded, text }: Message): Pick<InboundMessage, "part"> {
  if (album !== undefined) return { part: { of: `album:${album}`, quietMs: 500 } };
  if (forwarded !== undefined) return { part: { of: "forwards", quietMs: 1_000 } };
  return text !== undefined && text.length >= longText ? { part: { of: "paste", quietMs: 1_500 } } : {};
}

/** Clients cut pastes at 4,096 characters, or at the word before. */
const longText = 4_000;

function fromButton(key: string, query: CallbackQuery): Inbound | null {
  const { message, data } = query;
  if (!message || data === undefined) return null;
  // An inaccessible message has date 0 and no thread.
  const chat = chatRef(message.chat, message.date === 0 ? {} : message);
  const kind = message.chat.type === "private" ? "private" : "shared";
  return { type: "button", key, chat, kind, sender: person(query.from), at: Date.now(), data };
}

function fromStop(key: string, stopped: MessageGenerationStopped, turnOf: (draft: number) => string | null): Inbound {
  const { chat, message_thread_id, draft_id } = stopped;
  const name = [chat.first_name, chat.last_name].filter(Boolean).join(" ");
  const sender: Account = { platform: "telegram", id: String(chat.id), name };
  const topic = message_thread_id === undefined ? {} : { message_thread_id, is_topic_message: true };
  return { type: "stop", key, chat: chatRef(chat, topic), kind: "private", sender, at: Date.now(), turn: turnOf(draft_id) };
}

/** The person or, for anonymous admins and people who write as their channel, the chat that speaks. Null for other bots. */
function senderOf(message: Message): Account | null {
  const { from, sender_chat: spokesman } = message;
  if (message.is_automatic_forward || from?.id === serviceAccount) return null;
  if (spokesman) return { platform: "telegram", id: String(spokesman.id), name: chatName(spokesman) };
  return from && !from.is_bot ? person(from) : null;
}

function person(user: User): Account {
  const name = [user.first_name, user.last_name].filter(Boolean).join(" ");
  const { language_code: language } = user;
  return { platform: "telegram", id: String(user.id), name, ...(language ? { language } : {}) };
}

function chatName(chat: Chat): string {
  return chat.title ?? chat.first_name ?? chat.username ?? String(chat.id);
}

/** Topics are chats of their own, save the general one. A thread id alone is only a chain of replies. */
function chatRef(
  chat: Pick<Chat, "id">,
  topic: { readonly message_thread_id?: number; readonly is_topic_message?: boolean },
): ChatRef {
  if (!Number.isSafeInteger(chat.id)) throw new TypeError("the chat has no id");
  const thread = topic.is_topic_message === true ? topic.message_thread_id : undefined;
  const general = thread === undefined || thread === 1;
  return { platform: "telegram", chat: String(chat.id), thread: general ? null : String(thread) };
}

import { type Chats, wireChat } from "./telegram-chats.ts";
import type { Updates } from "./telegram-updates.ts";
import { bad, type Params } from "./telegram-wire.ts";

export interface Writer {
  readonly id: number;
  readonly name?: string;
  readonly username?: string;
  readonly bot?: boolean;
  /** Of their client. */
  readonly language?: string;
}

export interface SayOptions {
  /** Default: in a private chat its person, in a group person 501. */
  readonly from?: number | Writer;
  /** A forum topic. */
  readonly thread?: number;
  /** The id of a message of the same chat. */
  readonly replyTo?: number;
  /** Default: found in the text as Telegram does (mentions and commands). */
  readonly entities?: readonly Params[];
  /** Further fields of the message, e.g. `{ caption, photo }` or `{ sender_chat }`. */
  readonly extra?: Params;
}

/** What people do in the chats. Each returns the update's id. */
export interface People {
  /** Somebody writes: negative chats are groups. An empty text leaves the field out. */
  say(chat: number, text: string, options?: SayOptions): number;
  /** Somebody leaves a group, or is removed by `from`: the group shows a message that says so. */
  leave(chat: number, who: number | Writer, options?: { readonly from?: number | Writer }): number;
  /** Somebody presses a button of a message. */
  press(chat: number, message: number, data: string, options?: { readonly from?: number | Writer }): number;
  /** The person presses the stop button of the newest draft, or of a certain one. */
  stopDraft(chat: number, options?: { readonly draft?: number; readonly thread?: number }): number;
  readonly methods: Readonly<Record<string, (params: Params) => unknown>>;
}

const someone = 501;

export function createPeople(chats: Chats, updates: Updates, bot: Params): People {
  const written = new Map<string, Params>();
  const queries = new Set<string>();
  const messageOf = (chat: number, id: number): Params => {
    const own = chats.messages.get(chat)?.find((message) => message.id === id);
    if (own) return { message_id: id, from: bot, chat: wireChat(chat), date: Math.floor(own.at / 1_000), text: own.text };
    const theirs = written.get(`${chat}:${id}`);
    if (!theirs) throw new Error(`chat ${chat} has no message ${id}`);
    return theirs;
  };
  const people: People = {
    leave(chat, who, { from = who } = {}) {
      return people.say(chat, "", { from, extra: { left_chat_member: userOf(chat, who) } });
    },
    say(chat, text, options = {}) {
      const user = userOf(chat, options.from);
      const id = chats.received(chat);
      const entities = options.entities ?? found(text);
      const message = {
        message_id: id,
        from: user,
        chat: wireChat(chat, String(user.first_name)),
        date: Math.floor(Date.now() / 1_000),
        ...(text === "" ? {} : { text }),
        ...(entities.length === 0 ? {} : { entities }),
        ...(options.thread === undefined ? {} : topic(options.thread)),
        ...(options.replyTo === undefined ? {} : { reply_to_message: messageOf(chat, options.replyTo) }),
        ...options.extra,
      };
      written.set(`${chat}:${id}`, message);
      return updates.push({ message });
    },
    press(chat, id, data, options = {}) {
      const pressed = chats.messages.get(chat)?.find((each) => each.id === id);
      if (!pressed?.buttons.some((button) => button.data === data)) {
        throw new Error(`message ${id} of chat ${chat} has no button ${data}`);
      }
      const query = String(7_000_000 + queries.size);
      queries.add(query);
      const message = { ...messageOf(chat, id), ...(pressed.thread === null ? {} : topic(pressed.thread)) };
      const from = userOf(chat, options.from);
      return updates.push({ callback_query: { id: query, from, message, chat_instance: String(chat), data } });
    },
    stopDraft(chat, options = {}) {
      const newest = chats.drafts(chat).at(-1);
      const draft_id = options.draft ?? (newest?.canStop === true ? newest.id : undefined);
      if (draft_id === undefined) throw new Error(`chat ${chat} shows no draft with a stop button`);
      const thread = options.thread ?? newest?.thread ?? null;
      const place = thread === null ? {} : { message_thread_id: thread };
      return updates.push({ stopped_message_generation: { chat: wireChat(chat, `Person ${chat}`), ...place, draft_id } });
    },
    methods: {
      answerCallbackQuery({ callback_query_id: id }) {
        if (typeof id === "string" && queries.has(id)) return true;
        throw bad("query is too old and response timeout expired or query ID is invalid");
      },
    },
  };
  return people;
}

function topic(thread: number): Params {
  return { message_thread_id: thread, is_topic_message: true };
}

function userOf(chat: number, from: number | Writer | undefined): Params & { readonly first_name: string } {
  const writer: Writer = typeof from === "object" ? from : { id: from ?? (chat > 0 ? chat : someone) };
  const { id, name = `Person ${id}`, username, language } = writer;
  return {
    id,
    is_bot: writer.bot ?? false,
    first_name: name,
    ...(username === undefined ? {} : { username }),
    ...(language === undefined ? {} : { language_code: language }),
  };
}

/** Mentions and commands, marked as Telegram marks them. */
function found(text: string): readonly Params[] {
  const marks = (type: string, form: RegExp) =>
    [...text.matchAll(form)].map((match) => ({ type, offset: match.index, length: match[0].length }));
  const all = [...marks("mention", /(?<![\w@/])@\w{3,32}/g), ...marks("bot_command", /(?<![\w/])\/\w{1,32}(?:@\w{3,32})?/g)];
  return all.toSorted((one, other) => one.offset - other.offset);
}

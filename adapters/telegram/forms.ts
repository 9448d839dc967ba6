import type { ChatRef } from "../../src/core/chats.ts";
import type { TelegramChunk as PlainChunk } from "../render/telegram.ts";
import { refusal, toFailure } from "./errors.ts";
import type { TelegramOptions } from "./options.ts";

/** One message; `rich` is the same as Markdown for a rich message, tried first. */
export interface TelegramChunk extends PlainChunk {
  readonly rich?: string;
}

/** The form a message is tried in. */
interface Form {
  readonly chat_id: number;
  readonly thread: { message_thread_id?: number };
  readonly chunk: TelegramChunk;
}

/** Tries other forms of a message that Telegram has refused for its form; what is refused was not sent. */
export interface Sender {
  /** Where a chat is now: groups can move. */
  chatId(chat: ChatRef): number;
  /** `repeatable`: doing it twice is the same as once. */
  send<T>(chat: ChatRef, chunk: TelegramChunk, repeatable: boolean, call: (form: Form) => Promise<T>): Promise<T>;
}

/** `tell`: hears of a move that a refusal has told of, for the platform tells of it by a message only once. */
export function createSender({ log, moved: tell }: Pick<TelegramOptions, "log" | "moved">): Sender {
  const moved = new Map<string, number>();
  const chatId = (chat: ChatRef): number => moved.get(chat.chat) ?? Number(chat.chat);
  return {
    chatId,
    async send(chat, chunk, repeatable, call) {
      let form: Form = { chat_id: chatId(chat), thread: threadOf(chat), chunk };
      for (;;) {
        try {
          return await call(form);
        } catch (error) {
          const other = otherForm(form, error);
          if (!other) throw toFailure(error, repeatable);
          if (other.chat_id !== form.chat_id) {
            moved.set(chat.chat, other.chat_id);
            const move = { from: chat.chat, to: String(other.chat_id) };
            log.warn(move, "a Telegram group became a supergroup with a new id; sending there");
            void tell(move.from, move.to).catch((failure: unknown) => {
              log.warn(
                { ...move, error: failure },
                "the group's new id could not be stored; it is tried again with its next message",
              );
              moved.delete(move.from);
            });
          }
          form = other;
        }
      }
    },
  };
}

/** Where in a chat a message goes, as the Bot API wants it. */
export function threadOf(chat: ChatRef): { message_thread_id?: number } {
  return chat.thread === null ? {} : { message_thread_id: Number(chat.thread) };
}

/**
 * What else a refused message can be tried as: in the group's new place, outside a deleted topic, as a plain message (an older server
 * answers 404 to rich ones), without formatting.
 */
function otherForm(form: Form, error: unknown): Form | null {
  const told = refusal(error);
  const { rich, ...plain } = form.chunk;
  if (told?.error_code === 404 && rich !== undefined) return { ...form, chunk: plain };
  if (told?.error_code !== 400) return null;
  const place = told.parameters.migrate_to_chat_id;
  if (place !== undefined && place !== form.chat_id) return { ...form, chat_id: place };
  const topicless = /thread not found|TOPIC_(?:DELETED|CLOSED)/i.test(told.description);
  if (topicless && form.thread.message_thread_id !== undefined) return { ...form, thread: {} };
  if (rich !== undefined) return { ...form, chunk: plain };
  return plain.entities.length > 0 && /entit/i.test(told.description) ? { ...form, chunk: { ...plain, entities: [] } } : null;
}

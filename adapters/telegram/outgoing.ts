import type { InlineKeyboardMarkup } from "grammy/types";
import type { LiveStyle, PostOptions } from "../../src/core/adapter.ts";
import type { ChatRef } from "../../src/core/chats.ts";
import type { SentFile } from "../../src/core/files.ts";
import { Failure } from "../../src/core/failures.ts";
import type { OutboundButton } from "../../src/core/outbound.ts";
import { callSignal, type Client } from "./client.ts";
import type { Drafts } from "./drafts.ts";
import { isForeign, refusal, toFailure } from "./errors.ts";
import { inTime, previewMs, takeBack } from "./late-previews.ts";
import { createPacing, type Kind } from "./pacing.ts";
import { sendFile } from "./send-file.ts";
import type { TelegramOptions } from "./options.ts";
import { createSender, type TelegramChunk, threadOf } from "./forms.ts";

/** What an adapter sends. Nothing is sent twice here, save what Telegram has refused in one form and takes in another. */
export interface Outgoing {
  live(chat: ChatRef): LiveStyle;
  post(chat: ChatRef, chunk: TelegramChunk, options: PostOptions): Promise<string>;
  postFile(chat: ChatRef, file: SentFile, bytes: Uint8Array, options: PostOptions): Promise<string>;
  edit(chat: ChatRef, message: string, chunk: TelegramChunk, options: Pick<PostOptions, "buttons" | "turn">): Promise<void>;
  draft(chat: ChatRef, turn: string, chunk: TelegramChunk): Promise<void>;
  typing(chat: ChatRef): Promise<void>;
}

/** Edits and drafts count as messages: one a second in a private chat, twenty a minute in a group, of which answers need some. */
const privateMs = 1_500;
const groupMs = 4_000;
const repeatedRemark = "(may be repeated)\n";
/** Below the lease of a file's delivery (120 s). */
const uploadMs = 100_000;
const buttonsPerRow = 3;
/** How many chats are remembered as taking no drafts. */
const mostRemembered = 10_000;

export function createOutgoing(
  { api, uploads }: Pick<Client, "api" | "uploads">,
  drafts: Drafts,
  until: AbortSignal,
  options: Pick<TelegramOptions, "log" | "moved">,
): Outgoing {
  const { log } = options;
  const closed = callSignal(until);
  const draftless = new Set<string>();
  let noDrafts = false;

  const pacing = createPacing(until);
  const soon = () => callSignal(AbortSignal.any([until, AbortSignal.timeout(previewMs)]));
  const { chatId, send } = createSender(options);
  return {
    live(chat) {
      if (Number(chat.chat) <= 0) return { kind: "edit", everyMs: groupMs };
      const kind = noDrafts || draftless.has(chat.chat) ? "edit" : "draft";
      return { kind, everyMs: privateMs };
    },
    async post(chat, chunk, options) {
      const said = options.maybeRepeated === true ? remarked(chunk) : chunk;
      const { message_id } = await send(chat, said, false, async ({ chat_id, thread, chunk: { text, entities, rich } }) => {
        const frame = { chat_id, ...thread, ...reply(chat, options), ...keyboard(options.buttons) };
        const made = async () => {
          if (rich === undefined)
            return await api.raw.sendMessage({ ...frame, text, entities: [...entities], ...unlinked }, closed);
          return await api.raw.sendRichMessage({ ...frame, rich_message: richMessage(rich) }, closed);
        };
        const late = ({ message_id }: { message_id: number }) => takeBack({ api, log }, { chat_id, message_id });
        return await pacing.message(chat_id, kindOf(options), () => (options.turn === undefined ? made() : inTime(made(), late)));
      });
      return String(message_id);
    },
    async postFile(chat, file, bytes, options) {
      // One limit for all that is tried: past it another gateway may take the file over.
      const signal = AbortSignal.any([until, AbortSignal.timeout(uploadMs)]);
      const caption = options.maybeRepeated === true ? { caption: repeatedRemark.trim() } : {};
      // A file has no formatting that could be refused; its place may be.
      const { message_id } = await send(chat, wordless, false, ({ chat_id, thread }) =>
        sendFile(uploads, file, bytes, { chat_id, ...thread, ...reply(chat, options), ...caption }, signal, (request) =>
          pacing.message(chat_id, "file", request),
        ),
      );
      return String(message_id);
    },
    async edit(chat, message, chunk, options) {
      const message_id = Number(message);
      await send(chat, chunk, true, async ({ chat_id, chunk: { text, entities, rich } }) => {
        const frame = { chat_id, message_id, ...keyboard(options.buttons) };
        const plain = { text, entities: [...entities], ...unlinked };
        const content = rich === undefined ? plain : { rich_message: richMessage(rich) };
        const signal = options.turn === undefined ? closed : soon();
        const edited = () => api.raw.editMessageText({ ...frame, ...content }, signal);
        await pacing.message(chat_id, kindOf(options), edited).catch(unlessUnchanged);
      });
    },
    async draft(chat, turn, { text, entities }) {
      const shown = { draft_id: drafts.idOf(turn), text, entities: [...entities], can_stop: true };
      const draft = { chat_id: chatId(chat), ...threadOf(chat), ...shown };
      try {
        await pacing.message(draft.chat_id, "preview", () => api.raw.sendMessageDraft(draft, soon()));
      } catch (error) {
        const code = refusal(error)?.error_code;
        if (code !== 400 && code !== 404 && !isForeign(error)) throw toFailure(error, true);
        // An older server, or a chat it takes no drafts in: from now on its answers are shown by edits.
        if (code === 404) noDrafts = true;
        if (draftless.size >= mostRemembered) draftless.clear();
        draftless.add(chat.chat);
        const reason = refusal(error)?.description ?? "no JSON";
        log.info({ chat: chat.chat, reason }, "Telegram takes no draft in this chat; showing progress by edits");
        throw new Failure("platform.refused", "Telegram takes no drafts in this chat");
      }
    },
    async typing(chat) {
      const action = { chat_id: chatId(chat), ...threadOf(chat), action: "typing" } as const;
      await pacing
        .courtesy(action.chat_id, () => api.raw.sendChatAction(action, closed))
        .catch((error: unknown) => {
          throw toFailure(error, true);
        });
    },
  };
}

/** So many messages of an answer go out at once; the others, one a second. */
const atOnce = 3;

function kindOf({ turn, part = 0 }: Pick<PostOptions, "turn" | "part">): Kind {
  if (turn !== undefined) return "preview";
  // The last of those at once takes the place that the next one waits for.
  return part < atOnce - 1 ? "answer" : "more";
}

const wordless: TelegramChunk = { text: "", entities: [] };
const unlinked = { link_preview_options: { is_disabled: true } } as const;

/** The links and names in it are the author's: Telegram is to find no others. */
function richMessage(markdown: string): { markdown: string; skip_entity_detection: true } {
  return { markdown, skip_entity_detection: true };
}

/** In a private chat it is plain what an answer answers; a possible double is tied to its question, so that it shows. */
function reply(
  chat: ChatRef,
  { replyTo: to, maybeRepeated }: PostOptions,
): { reply_parameters?: { message_id: number; allow_sending_without_reply: true } } {
  const needed = Number(chat.chat) < 0 || maybeRepeated === true;
  return to === null || !needed ? {} : { reply_parameters: { message_id: Number(to), allow_sending_without_reply: true } };
}

function keyboard(buttons: readonly OutboundButton[] | undefined): { reply_markup?: InlineKeyboardMarkup } {
  if (!buttons || buttons.length === 0) return {};
  const all = buttons.map(({ label, data }) => ({ text: label, callback_data: data }));
  const rows = Array.from({ length: Math.ceil(all.length / buttonsPerRow) }, (_, row) =>
    all.slice(row * buttonsPerRow, (row + 1) * buttonsPerRow),
  );
  return { reply_markup: { inline_keyboard: rows } };
}

/** Says that the message may have come before. There is room: chunks end 96 characters below Telegram's limit. */
function remarked({ text, entities, rich }: TelegramChunk): TelegramChunk {
  return {
    ...(rich === undefined ? {} : { rich: `${repeatedRemark}\n${rich}` }),
    text: repeatedRemark + text,
    entities: entities.map((each) => ({ ...each, offset: each.offset + repeatedRemark.length })),
  };
}

function unlessUnchanged(error: unknown): void {
  if (!/message is not modified/i.test(refusal(error)?.description ?? "")) throw error;
}

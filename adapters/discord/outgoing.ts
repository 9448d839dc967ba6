import { ButtonStyle, ComponentType, MessageFlags, Routes } from "discord-api-types/v10";
import type { z } from "zod";
import type { LiveStyle, PostOptions } from "../../src/core/adapter.ts";
import type { ChatRef } from "../../src/core/chats.ts";
import type { SentFile } from "../../src/core/files.ts";
import type { OutboundButton } from "../../src/core/outbound.ts";
import type { DiscordChunk } from "../render/discord.ts";
import type { Client, Request } from "./client.ts";
import { codeOf, codes, foreign, toFailure } from "./errors.ts";
import type { Replies } from "./replies.ts";
import { sendFile } from "./send-file.ts";
import { findSent, nonceMs, nonceOf } from "./sent.ts";
import type { Threads } from "./threads.ts";
import { sentSchema } from "./wire.ts";

/** What an adapter sends. */
export interface Outgoing {
  live(chat: ChatRef): LiveStyle;
  post(chat: ChatRef, chunk: DiscordChunk, options: PostOptions): Promise<string>;
  postFile(chat: ChatRef, file: SentFile, bytes: Uint8Array, options: PostOptions): Promise<string>;
  edit(chat: ChatRef, message: string, chunk: DiscordChunk, options: Pick<PostOptions, "buttons" | "turn">): Promise<void>;
  typing(chat: ChatRef): Promise<void>;
}

export interface OutgoingParts {
  readonly client: Client;
  readonly threads: Threads;
  readonly replies: Replies;
  /** Our own id, once known. */
  self(): string | null;
}

/** Five edits in five seconds in a channel, of which answers need some. */
const everyMs = 1_500;
/** A preview that takes longer is given up: the answer waits for it. */
const asPreview = { urgency: "preview", timeoutMs: 3_000 } as const;
/** Discord shows somebody typing for ten seconds. */
const typingMs = 8_000;
const mostTyping = 1_000;
const repeatedRemark = "-# (may be repeated)\n";
const buttonsPerRow = 5;
const mostRows = 5;
const labelChars = 80;

export function createOutgoing(parts: OutgoingParts): Outgoing {
  const { client } = parts;
  const typed = new Map<string, number>();
  return {
    live: () => ({ kind: "edit", everyMs }),
    async post(chat, chunk, options) {
      const shown = await parts.replies.answer(options.replyTo, formOf(chunk, options));
      if (shown !== null) return shown;
      try {
        return await somewhere(parts, chat, (channel, thread) => postIn(parts, channel, chunk, options, thread));
      } catch (error) {
        throw toFailure(error, false);
      }
    },
    async postFile(chat, file, bytes, { key, maybeRepeated, since }) {
      // Within some minutes Discord knows it by its nonce; after that nobody can tell.
      const unsure = maybeRepeated === true && (since === undefined || Date.now() - since >= nonceMs);
      try {
        return await somewhere(parts, chat, (channel) =>
          sendFile(client, channel, file, bytes, { key, content: unsure ? repeatedRemark : "" }),
        );
      } catch (error) {
        throw toFailure(error, false);
      }
    },
    async edit(chat, message, chunk, options) {
      const path = Routes.channelMessage(placeOf(chat), message);
      const late = options.turn === undefined ? {} : asPreview;
      const edit = (channel: `/${string}`) =>
        client.call({ method: "PATCH", path: channel, body: formOf(chunk, options), ...late }).catch(async (error: unknown) => {
          // It can't become the answer: half of one with a stop button must not stay beside it. What was asked stays as it is.
          const answers = options.turn === undefined && options.buttons?.length !== 0;
          const goes = codeOf(error) === codes.editedTooOften && answers;
          if (goes) await client.call({ method: "DELETE", path: channel }).catch(() => undefined);
          throw error;
        });
      try {
        await edit(path).catch(async (error: unknown) => {
          // It may stand in the channel, where a thread could not be begun.
          if (codeOf(error) !== codes.unknownChannel || chat.thread === null) throw error;
          return await edit(Routes.channelMessage(chat.chat, message));
        });
      } catch (error) {
        throw toFailure(error, true);
      }
    },
    async typing(chat) {
      const channel = placeOf(chat);
      const now = performance.now();
      if (now - (typed.get(channel) ?? -typingMs) < typingMs) return;
      if (typed.size >= mostTyping) typed.clear();
      typed.set(channel, now);
      await client.call({ method: "POST", path: Routes.channelTyping(channel), urgency: "courtesy" }).catch((error: unknown) => {
        typed.delete(channel);
        throw toFailure(error, true);
      });
    },
  };
}

/** Into the thread; where there is none (any more) and none can be begun, into its channel. */
async function somewhere(
  { threads }: OutgoingParts,
  chat: ChatRef,
  send: (channel: string, thread: string | null) => Promise<string>,
): Promise<string> {
  await threads.settled(chat);
  try {
    return await send(placeOf(chat), chat.thread);
  } catch (error) {
    const code = codeOf(error);
    if (chat.thread === null || (code !== codes.unknownChannel && code !== codes.threadArchived)) throw error;
    const mended = code === codes.unknownChannel && (await threads.mend(chat));
    return mended ? await send(chat.thread, chat.thread) : await send(chat.chat, null);
  }
}

async function postIn(
  parts: OutgoingParts,
  channel: string,
  chunk: DiscordChunk,
  options: PostOptions,
  thread: string | null,
): Promise<string> {
  const { client } = parts;
  const sent = options.maybeRepeated === true ? await lookUp(parts, channel, chunk, options) : "unsent";
  if (typeof sent === "object") return sent.id;
  const said = sent === "unknown" ? { content: repeatedRemark + chunk.content } : chunk;
  // A thread's first message stands in its channel: it can't be answered from within.
  const target = parts.replies.target(options.replyTo);
  const answers = target !== null && target !== thread && /^\d+$/.test(target);
  const nonce = nonceFor(channel, chunk, options);
  const body = {
    ...formOf(said, options),
    ...(nonce === null ? {} : { nonce, enforce_nonce: true }),
    ...(answers ? { message_reference: { message_id: target, fail_if_not_exists: false } } : {}),
  };
  const request = { method: "POST", path: Routes.channelMessages(channel), body } as const;
  if (options.turn === undefined) return (await sendOnce(client, request)).id;
  const preview = { ...request, ...asPreview };
  const { id, content } = await sendOnce(client, preview).catch(async (error: unknown) => {
    // Nobody would take away a preview that nobody knows of: the nonce brings its id.
    if (toFailure(error, false).code !== "platform.unknown_outcome") throw error;
    return await sendOnce(client, preview);
  });
  // One of a process that ended before it was noted: it shows what there was to show then.
  if (content.trim() !== said.content.trim()) {
    const old = { method: "PATCH", path: Routes.channelMessage(channel, id), body: formOf(said, options), ...asPreview } as const;
    await client.call(old).catch(() => undefined);
  }
  return id;
}

/** A turn has one preview in a channel, whatever it says; what is sent once has its words, too. */
function nonceFor(channel: string, { content }: DiscordChunk, { key, turn, replyTo }: PostOptions): string | null {
  if (key !== undefined) return nonceOf([key, channel, replyTo, content]);
  return turn === undefined ? null : nonceOf([turn, channel]);
}

async function sendOnce(client: Client, request: Request): Promise<z.infer<typeof sentSchema>> {
  const message = sentSchema.safeParse(await client.call(request));
  if (!message.success) throw foreign();
  return message.data;
}

/** Whether an earlier attempt has arrived. Discord knows it by the nonce for some minutes; after that its history is read. */
async function lookUp(
  { client, self }: OutgoingParts,
  channel: string,
  { content }: DiscordChunk,
  { since, key, replyTo }: PostOptions,
): Promise<{ readonly id: string } | "unsent" | "unknown"> {
  const author = self();
  if (key === undefined || since === undefined || author === null) return "unknown";
  // A command's answer stands in the command's own place, without a nonce.
  if (Date.now() - since < nonceMs && replyTo?.startsWith("interaction:") !== true) return "unsent";
  try {
    return await findSent(client, channel, { author, content, since });
  } catch {
    return "unknown";
  }
}

function placeOf({ chat, thread }: ChatRef): string {
  return thread ?? chat;
}

/** A message's words and buttons: no names in it ring anybody, no link unfolds. */
function formOf(
  { content }: DiscordChunk,
  { buttons, turn, stop: label = "Stop" }: Pick<PostOptions, "buttons" | "turn" | "stop">,
): Record<string, unknown> {
  const stop = turn === undefined ? [] : [{ label, data: `stop:${turn}` }];
  return {
    content,
    components: rowsOf([...(buttons ?? []), ...stop]),
    allowed_mentions: { parse: [], replied_user: false },
    flags: MessageFlags.SuppressEmbeds,
  };
}

function rowsOf(buttons: readonly OutboundButton[]): readonly unknown[] {
  const all = buttons.slice(0, buttonsPerRow * mostRows).map(({ label, data }) => ({
    type: ComponentType.Button,
    style: ButtonStyle.Secondary,
    label: label.slice(0, labelChars).toWellFormed() || "…",
    custom_id: data,
  }));
  return Array.from({ length: Math.ceil(all.length / buttonsPerRow) }, (_, row) => ({
    type: ComponentType.ActionRow,
    components: all.slice(row * buttonsPerRow, (row + 1) * buttonsPerRow),
  }));
}

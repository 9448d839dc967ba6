import { type Api, InputFile } from "grammy";
import type { Message } from "grammy/types";
import type { SentFile } from "../../src/core/files.ts";
import { callSignal } from "./client.ts";
import { refusal } from "./errors.ts";

/** Where and how a file goes out. */
interface Frame {
  readonly chat_id: number;
  readonly message_thread_id?: number;
  readonly reply_parameters?: { message_id: number; allow_sending_without_reply: true };
  readonly caption?: string;
}

/** Photos may have 10 MB, everything else 50; larger ones go as documents. */
const largestPhoto = 10_000_000;

/** Sends a file as what it is; what Telegram does not take as a photo, voice or video is sent as a document. */
export async function sendFile(
  api: Api,
  file: SentFile,
  bytes: Uint8Array,
  frame: Frame,
  until: AbortSignal,
  /** Makes a request once there is room for it. */
  paced: (request: () => Promise<Message>) => Promise<Message>,
): Promise<Message> {
  const signal = callSignal(until);
  // grammY writes the name without quotes, and refuses line breaks.
  const input = () => new InputFile(bytes, file.name.replaceAll(/[\p{Cc};"]/gu, "_"));
  const document = () => paced(() => api.raw.sendDocument({ ...frame, document: input() }, signal));
  const native = (): Promise<Message> => {
    switch (file.kind) {
      case "picture":
        return bytes.length > largestPhoto ? document() : paced(() => api.raw.sendPhoto({ ...frame, photo: input() }, signal));
      case "voice":
        return paced(() => api.raw.sendVoice({ ...frame, voice: input() }, signal));
      case "audio":
        return paced(() => api.raw.sendAudio({ ...frame, audio: input() }, signal));
      case "video":
        return paced(() => api.raw.sendVideo({ ...frame, video: input() }, signal));
      case "document":
        return document();
    }
  };
  if (file.kind === "document") return await document();
  return await native().catch(async (error: unknown) => {
    const told = refusal(error);
    if (told?.error_code !== 400 || !/PHOTO|VOICE|VIDEO|AUDIO|IMAGE|media|file/i.test(told.description)) throw error;
    return await document();
  });
}

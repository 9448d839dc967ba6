import type { Message } from "grammy/types";

const kinds = {
  photo: "a photo",
  voice: "a voice message",
  audio: "an audio file",
  video: "a video",
  video_note: "a video message",
  animation: "an animation",
  document: "a file",
  sticker: "a sticker",
  venue: "a place",
  location: "a location",
  contact: "a contact",
  poll: "a poll",
  dice: "a dice",
  story: "a story",
} as const;

/** What came with a message that is not text, in words the model can answer to; null for text and for service messages. */
export function attachment(message: Message): string | null {
  for (const [key, name] of Object.entries(kinds)) {
    if (key in message) return `[sent ${name}${detail(message)}, which can't be opened here yet]`;
  }
  return null;
}

function detail(message: Message): string {
  if (message.document?.file_name !== undefined) return ` named ${JSON.stringify(message.document.file_name)}`;
  if (message.sticker?.emoji !== undefined) return ` ${message.sticker.emoji}`;
  if (message.location) return ` (${message.location.latitude}, ${message.location.longitude})`;
  return "";
}

import type { Message } from "grammy/types";
import type { FileRef } from "../../src/core/files.ts";

/** The files of a message; of a picture's sizes the largest. */
export function filesIn(message: Message): readonly FileRef[] {
  const { photo, voice, audio, video, video_note: note, animation, document, message_id: id } = message;
  const picture = photo?.at(-1);
  if (picture) return [file("picture", `photo-${id}.jpg`, picture)];
  if (voice) return [file("voice", `voice-${id}.ogg`, voice)];
  if (audio) return [file("audio", audio.file_name ?? `audio-${id}.mp3`, audio)];
  if (video) return [file("video", video.file_name ?? `video-${id}.mp4`, video)];
  if (note) return [file("video", `video-${id}.mp4`, note)];
  // Telegram names an animation a document, too.
  if (animation) return [file("video", animation.file_name ?? `animation-${id}.mp4`, animation)];
  return document ? [file("document", document.file_name ?? `file-${id}`, document)] : [];
}

function file(
  kind: FileRef["kind"],
  name: string,
  { file_id: ref, file_size }: { readonly file_id: string; readonly file_size?: number },
): FileRef {
  if (typeof ref !== "string" || typeof name !== "string") throw new TypeError("the file has no id");
  return { kind, name, size: file_size ?? null, ref };
}

const kinds = {
  sticker: "a sticker",
  venue: "a place",
  location: "a location",
  contact: "a contact",
  poll: "a poll",
  dice: "a dice",
  story: "a story",
} as const;

/** What came with a message that is neither text nor a file, in words the model can answer to; null for service messages. */
export function attachment(message: Message): string | null {
  for (const [key, name] of Object.entries(kinds)) {
    if (key in message) return `[sent ${name}${detail(message)}]`;
  }
  return null;
}

function detail({ sticker, location, venue, contact, poll, dice }: Message): string {
  if (sticker?.emoji !== undefined) return ` ${sticker.emoji}`;
  if (venue) return `: ${venue.title}, ${venue.address} (${venue.location.latitude}, ${venue.location.longitude})`;
  if (location) return ` (${location.latitude}, ${location.longitude})`;
  if (contact) return `: ${[contact.first_name, contact.last_name, contact.phone_number].filter(Boolean).join(" ")}`;
  if (poll) return `: ${poll.question} (${poll.options.map(({ text }) => text).join(" / ")})`;
  return dice ? ` ${dice.emoji} ${dice.value}` : "";
}

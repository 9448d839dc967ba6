import type { FileKind } from "./files.ts";
import type { ModelImage } from "./model.ts";

/** The type of a picture that models take, by its first bytes: names and headers may say anything. Null for all else. */
export function pictureType(data: Uint8Array): ModelImage["mediaType"] | null {
  const head = Buffer.from(data.subarray(0, 12)).toString("latin1");
  if (head.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (head.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (/^GIF8[79]a/.test(head)) return "image/gif";
  return /^RIFF[^]{4}WEBP/.test(head) ? "image/webp" : null;
}

/** What a file is, by its bytes and its name's ending, where nothing else tells. */
export function fileKind(name: string, bytes: Uint8Array): FileKind {
  if (pictureType(bytes) !== null) return "picture";
  return endings.get(name.split(".").at(-1)?.toLowerCase() ?? "") ?? "document";
}

/** No object: a name may end in what every object has. */
const endings = new Map<string, FileKind>([
  ["ogg", "voice"],
  ["oga", "voice"],
  ["opus", "voice"],
  ["mp3", "audio"],
  ["m4a", "audio"],
  ["flac", "audio"],
  ["wav", "audio"],
  ["mp4", "video"],
  ["mov", "video"],
  ["webm", "video"],
]);

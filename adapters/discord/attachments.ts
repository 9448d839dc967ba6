import { Failure } from "../../src/core/failures.ts";
import type { FileKind, FileRef } from "../../src/core/files.ts";
import { sizeWords } from "../../src/core/size-words.ts";
import type { WireMessage } from "./wire.ts";

type Attachment = WireMessage["attachments"][number];

/** The files of a message, and of what it forwards. */
export function filesIn({ attachments, message_snapshots: snapshots }: WireMessage): readonly FileRef[] {
  const all = [...attachments, ...snapshots.flatMap(({ message }) => message.attachments)];
  return all.map((each) => ({ kind: kindOf(each), name: each.filename, size: each.size ?? null, ref: each.url }));
}

function kindOf({ content_type: type, waveform }: Attachment): FileKind {
  if (waveform !== null) return "voice";
  if (type?.startsWith("image/") === true) return "picture";
  if (type?.startsWith("audio/") === true) return "audio";
  return type?.startsWith("video/") === true ? "video" : "document";
}

/** What came with a message that is neither text nor a file, in words the model can answer to. */
export function extras({ sticker_items: stickers }: WireMessage): readonly string[] {
  return stickers.map(({ name }) => `[sent a sticker named ${JSON.stringify(name)}]`);
}

const hosts = ["cdn.discordapp.com", "media.discordapp.net"];

/** The bytes of a file, from Discord's own hosts alone (`origin`: or those of the API server that is set). */
export async function fetchFile(file: FileRef, origin: string, limitBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const url = URL.parse(file.ref);
  if (url === null || !(url.origin === origin || (url.protocol === "https:" && hosts.includes(url.hostname)))) {
    throw new Failure("platform.refused", "Discord named no address of its own for the file");
  }
  // The address is signed: no error of fetch's may be shown or kept.
  const response = await fetch(url, { signal, redirect: "error" }).catch(() => null);
  if (response?.ok !== true || response.body === null) {
    const status = response === null ? "no answer" : `status ${response.status}`;
    await response?.body?.cancel();
    const gone = response !== null && response.status >= 400 && response.status < 500 && response.status !== 429;
    throw new Failure(gone ? "platform.refused" : "platform.unavailable", `Discord did not give the file (${status})`, {
      retryable: !gone,
    });
  }
  return await collected(response.body, limitBytes);
}

async function collected(body: AsyncIterable<Uint8Array>, limitBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const part of body) {
      size += part.length;
      if (size > limitBytes) throw new Failure("platform.refused", `it is larger than ${sizeWords(limitBytes)}`);
      parts.push(part);
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure("platform.unavailable", "Discord broke off in the middle of the file", { retryable: true });
  }
  return Buffer.concat(parts);
}

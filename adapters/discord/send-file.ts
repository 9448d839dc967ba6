import { MessageFlags, Routes } from "discord-api-types/v10";
import { Failure } from "../../src/core/failures.ts";
import type { SentFile } from "../../src/core/files.ts";
import { sizeWords } from "../../src/core/size-words.ts";
import type { Client } from "./client.ts";
import { foreign } from "./errors.ts";
import { nonceOf } from "./sent.ts";
import { sentSchema } from "./wire.ts";

/** What Discord takes from bots in servers that nobody has boosted. */
const largestFile = 10 * 1024 * 1024;
/** Below the lease of a file's delivery (120 s). */
const uploadMs = 90_000;

/** Sends a file into a channel; a second attempt within some minutes sends nothing. */
export async function sendFile(
  client: Client,
  channel: string,
  file: SentFile,
  bytes: Uint8Array,
  { key, content }: { readonly key: string | undefined; readonly content: string },
): Promise<string> {
  if (bytes.length > largestFile) {
    throw new Failure("platform.refused", `it is larger than the ${sizeWords(largestFile)} that Discord takes from me`);
  }
  const body = {
    ...(content === "" ? {} : { content }),
    allowed_mentions: { parse: [] },
    flags: MessageFlags.SuppressEmbeds,
    ...(key === undefined ? {} : { nonce: nonceOf([key, channel, file.name]), enforce_nonce: true }),
  };
  const files = [{ name: file.name, data: Buffer.from(bytes) }];
  const found = await client.call({ method: "POST", path: Routes.channelMessages(channel), body, files, timeoutMs: uploadMs });
  const message = sentSchema.safeParse(found);
  if (!message.success) throw foreign();
  return message.data.id;
}

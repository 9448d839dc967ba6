import { readFile, stat } from "node:fs/promises";
import { Failure } from "../../src/core/failures.ts";
import type { FileRef } from "../../src/core/files.ts";
import { sizeWords } from "../../src/core/size-words.ts";
import { callSignal, type Client } from "./client.ts";
import { refusal, toFailure } from "./errors.ts";

/** The bytes of a file that came with a message. A local Bot API server may name a path on this machine instead of an address. */
export async function fetchFile(client: Client, file: FileRef, limitBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const path = await pathOf(client, file.ref, signal);
  return path.startsWith("/") ? await fromDisk(client, path, limitBytes) : await download(client, path, limitBytes, signal);
}

async function pathOf({ api }: Client, ref: string, signal: AbortSignal): Promise<string> {
  try {
    const { file_path: path } = await api.raw.getFile({ file_id: ref }, callSignal(signal));
    if (path === undefined) throw new Failure("platform.refused", "Telegram does not give this file out");
    return path;
  } catch (error) {
    const told = refusal(error);
    if (told && /too big/i.test(told.description))
      throw new Failure("platform.refused", "it is larger than Telegram gives to bots");
    throw toFailure(error, true);
  }
}

async function download(client: Client, path: string, limitBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  // The address contains the token: no error of fetch's may be shown or kept.
  const response = await fetch(client.fileAddress(path), { signal, redirect: "error" }).catch(() => null);
  if (response?.ok !== true || response.body === null) {
    const status = response === null ? "no answer" : `status ${response.status}`;
    await response?.body?.cancel();
    const gone = response !== null && response.status >= 400 && response.status < 500 && response.status !== 429;
    throw new Failure(gone ? "platform.refused" : "platform.unavailable", `Telegram did not give the file (${status})`, {
      retryable: !gone,
    });
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const part of response.body) {
      size += part.length;
      if (size > limitBytes) throw tooLarge(limitBytes);
      parts.push(part);
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure("platform.unavailable", "Telegram broke off in the middle of the file", { retryable: true });
  }
  return Buffer.concat(parts);
}

async function fromDisk(client: Client, path: string, limitBytes: number): Promise<Uint8Array> {
  // Only a server of the team's own, on this machine, may point at its files.
  if (!client.isLocal) throw new Failure("platform.refused", "Telegram named a path instead of a file");
  const found = await stat(path).catch(() => null);
  if (found?.isFile() !== true)
    throw new Failure("platform.refused", "the local Bot API server keeps the file where it can't be read from here");
  if (found.size > limitBytes) throw tooLarge(limitBytes);
  return await readFile(path);
}

function tooLarge(limitBytes: number): Failure {
  return new Failure("platform.refused", `it is larger than ${sizeWords(limitBytes)}`);
}

import type { Adapter, PostOptions } from "../../src/core/adapter.ts";
import type { ChatRef } from "../../src/core/chats.ts";
import { Failure } from "../../src/core/failures.ts";
import type { FileRef, SentFile } from "../../src/core/files.ts";
import { sizeWords } from "../../src/core/size-words.ts";
import type { SlackApi } from "./api.ts";
import type { Budget } from "./budget.ts";
import { slower, toFailure } from "./errors.ts";
import { items, text } from "./fields.ts";
import { messagesSince, untold } from "./since.ts";

export interface FileParts {
  readonly api: SlackApi;
  readonly budget: Budget;
  /** Who we are as the writer of messages. */
  bot(): Promise<string>;
  readonly token: string;
  readonly apiUrl: string;
}

const uploadMs = 60_000;

/** Files both ways: fetched with the token, which goes to Slack's own hosts only; sent by the external upload. */
export function createFiles(parts: FileParts): Required<Pick<Adapter, "fetchFile" | "postFile">> {
  return {
    fetchFile: (file, limitBytes, signal) => fetchFile(parts, file, limitBytes, signal),
    async postFile(chat, file, bytes, options) {
      const before = options.maybeRepeated === true ? await sentBefore(parts, chat, file, options) : null;
      if (before !== null) return before;
      const { id, url } = await place(parts, file, bytes);
      await put(url, bytes);
      return await show(parts, chat, file, id);
    },
  };
}

async function fetchFile(
  { token, apiUrl }: FileParts,
  file: FileRef,
  limitBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const url = new URL(file.ref);
  if (!isSlacks(url, apiUrl)) throw new Failure("platform.refused", "it lies with somebody else than Slack");
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(url, { headers, signal, redirect: "manual" }).catch(() => null);
  const fault = faultOf(response, file);
  if (fault === null && response?.body) return await read(response.body, limitBytes);
  await response?.body?.cancel();
  throw fault ?? new Failure("platform.refused", "Slack gave an empty file");
}

function faultOf(response: Response | null, { name }: FileRef): Failure | null {
  if (response === null || response.status >= 500 || response.status === 429) {
    const why = response === null ? "no answer" : `status ${response.status}`;
    return new Failure("platform.unavailable", `Slack did not give the file (${why})`, { retryable: true });
  }
  // Without the scope Slack answers with its page to sign in.
  const isPage = (response.headers.get("content-type") ?? "").startsWith("text/html") && !/\.html?$/i.test(name);
  if (response.ok && !isPage) return null;
  return new Failure("platform.refused", "Slack does not give it out: it was deleted, or the app lacks the scope files:read");
}

async function read(body: AsyncIterable<Uint8Array>, limitBytes: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const piece of body) {
      size += piece.length;
      if (size > limitBytes) throw new Failure("platform.refused", `it is larger than ${sizeWords(limitBytes)}`);
      pieces.push(piece);
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure("platform.unavailable", "Slack broke off in the middle of the file", { retryable: true });
  }
  return Buffer.concat(pieces);
}

/** The token is for Slack alone; a server of the same API stands for it. */
function isSlacks({ protocol, hostname, origin }: URL, apiUrl: string): boolean {
  if (origin === new URL(apiUrl).origin) return true;
  return protocol === "https:" && (hostname === "slack.com" || hostname.endsWith(".slack.com"));
}

async function place(
  { api, budget }: FileParts,
  { name }: SentFile,
  bytes: Uint8Array,
): Promise<{ readonly id: string; readonly url: string }> {
  if (!budget.take("files.getUploadURLExternal")) throw slower(budget.waitMs("files.getUploadURLExternal"));
  const told = await api.call("files.getUploadURLExternal", { filename: name, length: bytes.length }).catch((error: unknown) => {
    throw toFailure(error, true);
  });
  const [id, url] = [text(told["file_id"]), text(told["upload_url"])];
  if (id === null || url === null)
    throw new Failure("platform.unavailable", "Slack named no place for the file", { retryable: true });
  return { id, url };
}

/** Nobody sees it yet: whatever fails here can be done again. */
async function put(url: string, bytes: Uint8Array): Promise<void> {
  const body = new Blob([new Uint8Array(bytes)]);
  const response = await fetch(url, { method: "POST", body, signal: AbortSignal.timeout(uploadMs), redirect: "error" }).catch(
    () => null,
  );
  await response?.body?.cancel();
  if (response?.ok !== true)
    throw new Failure("platform.unavailable", `Slack did not take the file (${response?.status ?? "no answer"})`, {
      retryable: true,
    });
}

async function show({ api, budget }: FileParts, chat: ChatRef, { name }: SentFile, id: string): Promise<string> {
  const where = { channel_id: chat.chat, ...(chat.thread === null ? {} : { thread_ts: chat.thread }) };
  if (!budget.take("files.completeUploadExternal")) throw slower(budget.waitMs("files.completeUploadExternal"));
  await api.call("files.completeUploadExternal", { files: [{ id, title: name }], ...where }).catch((error: unknown) => {
    throw toFailure(error, false);
  });
  return `file:${id}`;
}

/** A file of that name and size that we have sent since; null when there is none. While that can't be told, nothing is sent. */
async function sentBefore(parts: FileParts, chat: ChatRef, file: SentFile, { since }: PostOptions): Promise<string | null> {
  const messages = await messagesSince(parts, chat, since ?? 0);
  const us = await parts.bot().catch((error: unknown) => {
    throw untold(error);
  });
  const found = messages
    .filter((message) => message["bot_id"] === us)
    .flatMap((message) => items(message["files"]))
    .find((each) => each["name"] === file.name && each["size"] === file.size);
  return found ? `file:${text(found["id"]) ?? ""}` : null;
}

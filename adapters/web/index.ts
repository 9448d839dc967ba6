import { randomUUID } from "node:crypto";
import type { Adapter, Inlet } from "../../src/core/adapter.ts";
import type { ChatRef } from "../../src/core/chats.ts";
import { Failure } from "../../src/core/failures.ts";
import { toChunks, type WebChunk } from "./chunks.ts";
import { createConversation } from "./conversation.ts";
import { keptFile } from "../kept-files.ts";
import { webChat, type WebOptions } from "./options.ts";
import { footerHtml } from "./html.ts";
import { createRenderer } from "./renderer.ts";
import { openServer, type PageServer } from "./server.ts";
import { createStream } from "./stream.ts";

export type { HistoryItem, PageStatus, WebOptions } from "./options.ts";

/** The local page as an adapter, and the address to print. */
export interface WebAdapter extends Adapter<WebChunk> {
  /** The address to open, with the token; null before `start`. */
  address(): string | null;
}

/** Pushing costs the platform nothing, so previews are not rationed. */
const unlimited = Number.POSITIVE_INFINITY;

/** The local page: a chat over HTTP and server-sent events, for whoever has the printed address. */
export function createWeb(options: WebOptions): WebAdapter {
  const { host = "127.0.0.1", port = 8420, token, log } = options;
  const renderer = createRenderer(log);
  const stream = createStream();
  const conversation = createConversation(stream);
  let inlet: Inlet | null = null;
  let server: PageServer | null = null;

  return {
    platform: webChat.platform,
    previewsPerSecond: unlimited,
    async start(to) {
      server ??= await openServer({ options, conversation, stream, renderer, inlet: () => inlet }, host, port);
      inlet = to;
    },
    async pause() {
      inlet = null;
    },
    async close() {
      inlet = null;
      conversation.close();
      await server?.close();
      await renderer.close();
      server = null;
    },
    address: () => server && `http://${shownHost(host)}:${server.port}/?token=${encodeURIComponent(token)}`,
    live: () => ({ kind: "push" }),
    render(markdown, footer) {
      const chunks = toChunks(markdown);
      return footer === undefined ? chunks : chunks.map((each, at) => (at === chunks.length - 1 ? { ...each, footer } : each));
    },
    async post(chat, { markdown, footer }, { replyTo, buttons = [], asks = false, maybeRepeated = false }) {
      checkChat(chat);
      const html = (await renderer.html(markdown)) + footerHtml(footer);
      return conversation.post({ markdown, html, buttons, replyTo, asks, repeated: maybeRepeated });
    },
    async edit(chat, message, { markdown, footer }, { buttons = [] }) {
      checkChat(chat);
      conversation.edit(message, (await renderer.html(markdown)) + footerHtml(footer), buttons);
    },
    async postFile(chat, { kind, name }, bytes, { key = randomUUID(), maybeRepeated = false }) {
      checkChat(chat);
      // The history names an entry of the outbox so: `ENTRY:PART` is its key.
      const file = { id: `out-${key.split(":", 1)[0]}`, kind, name };
      await options.files.keep(file, bytes);
      conversation.file({ ...file, size: bytes.length }, maybeRepeated);
      return file.id;
    },
    fetchFile: ({ ref }, limitBytes) => keptFile(options.files, ref, limitBytes),
    async draft() {
      throw new Failure("internal", "The page shows turns as they run; it has no drafts.");
    },
    // The page knows from the events that a turn runs.
    async typing() {},
    push(event) {
      if (event.chat.chat === webChat.chat) conversation.push(event);
    },
  };
}

function checkChat({ chat }: ChatRef): void {
  if (chat !== webChat.chat) throw new Failure("platform.refused", `The local page has no chat ${chat}.`);
}

function shownHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}

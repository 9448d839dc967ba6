import { type ChatRef, chatKey } from "../core/chats.ts";
import type { Outbound } from "../core/outbound.ts";
import { putSentFile } from "../store/files.ts";
import type { Db } from "../store/hold.ts";
import { addOutbound } from "../store/outbox.ts";
import type { Notice } from "./access.ts";
import type { GatewayParts } from "./parts.ts";

/** Puts notices into the outbox and wakes their deliveries. */
export async function say(
  parts: Pick<GatewayParts, "db" | "queues" | "names" | "log">,
  key: string,
  notices: readonly Notice[],
  replyTo: string | null = null,
): Promise<void> {
  for (const [index, notice] of notices.entries()) {
    const body: Outbound = { markdown: notice.markdown, replyTo, ...(notice.buttons ? { buttons: notice.buttons } : {}) };
    await addOutbound(parts.db, { key: `${key}:${index}`, chat: notice.chat, turn: null, body });
    if (notice.picture) await addPicture(parts.db, `${key}:${index}:picture`, notice.chat, notice.picture);
    await parts.queues
      .queue(parts.names.deliveries(notice.chat.platform))
      .wake(chatKey(notice.chat))
      .catch((error: unknown) => parts.log.warn({ error }, "the delivery queue can't be reached; the sweeper will send this"));
  }
}

async function addPicture(db: Db, key: string, chat: ChatRef, bytes: Uint8Array): Promise<void> {
  await putSentFile(db, key, bytes);
  const file = { kind: "picture", name: "chart.png", size: bytes.length, path: "" } as const;
  await addOutbound(db, { key, chat, turn: null, body: { markdown: "", replyTo: null, file } });
}

import { chatKey, type ChatRef } from "../core/chats.ts";
import type { ChatSetting } from "../core/chat-settings.ts";
import type { Db } from "./hold.ts";

/** What was chosen for a chat, its threads included. */
export async function chatSettings(db: Db, chat: ChatRef): Promise<Readonly<Partial<Record<ChatSetting, string>>>> {
  const rows = await db.selectFrom("chat_settings").select(["name", "value"]).where("chat_key", "=", wholeChat(chat)).execute();
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}

/** Keeps what was chosen for a chat; null forgets it. */
export async function chooseChatSetting(db: Db, chat: ChatRef, name: ChatSetting, value: string | null): Promise<void> {
  const key = wholeChat(chat);
  if (value === null) {
    await db.deleteFrom("chat_settings").where("chat_key", "=", key).where("name", "=", name).execute();
    return;
  }
  await db
    .insertInto("chat_settings")
    .values({ chat_key: key, name, value })
    .onConflict((conflict) => conflict.columns(["chat_key", "name"]).doUpdateSet({ value }))
    .execute();
}

/** The key that a chat's settings have: one for it and its threads. */
export function wholeChat(chat: ChatRef): string {
  return chatKey({ ...chat, thread: null });
}

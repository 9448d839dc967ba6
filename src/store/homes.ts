import { chatKey, type ChatRef, parseChatKey } from "../core/chats.ts";
import type { Db } from "./hold.ts";
import { getSetting, putSetting } from "./settings.ts";

/** The chat where a platform's reports and notices go, as `/sethome` made it; null: none was made. */
export async function homeOf(db: Db, platform: string): Promise<ChatRef | null> {
  const kept = await getSetting(db, keyOf(platform));
  return kept === null || kept === "" ? null : parseChatKey(kept);
}

/** Makes a chat (a thread, where it is one) the home of its platform. */
export async function makeHome(db: Db, chat: ChatRef): Promise<void> {
  await putSetting(db, keyOf(chat.platform), chatKey(chat));
}

function keyOf(platform: string): string {
  return `home:${platform}`;
}

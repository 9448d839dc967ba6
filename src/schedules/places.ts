import { type ChatKind, parseChatKey } from "../core/chats.ts";
import { codeSpan, literal } from "../core/markdown.ts";
import type { Db } from "../store/hold.ts";
import { kindOf, nameOfChat } from "../store/schedule-targets.ts";

/** A place of a schedule's reports in words. Where several read, nobody's private chat is named, not even its owner's own. */
export async function placeText(db: Db, place: string, readBy: ChatKind): Promise<string> {
  if (place === "origin") return "this chat";
  if (place === "local") return "a file and the local page";
  if (place.startsWith("home:")) return `${place.slice(5)}'s home`;
  const chat = parseChatKey(place);
  if (readBy === "shared" && (await kindOf(db, chat)) !== "shared") return "a private chat";
  const name = await nameOfChat(db, chat);
  return name === null ? codeSpan(place) : `${literal(name)} (${codeSpan(place)})`;
}

import { chatKey, type ChatRef, type Person } from "../core/chats.ts";
import { plainWords } from "../core/markdown.ts";
import type { Db } from "../store/hold.ts";
import type { CallPlace } from "../store/journal.ts";
import { addOutbound } from "../store/outbox.ts";
import { type Reachable, reachableBy } from "../store/reach.ts";

/** Where a turn's messages to other chats go from. */
export interface Messaging {
  readonly db: Db;
  readonly person: Person;
  readonly from: ChatRef;
  wake(chats: readonly string[]): Promise<void>;
}

/** The chats that the turn's person may have something posted in, as text for the model. */
export async function listChats({ db, person, from }: Messaging): Promise<string> {
  const chats = await reachableBy(db, person.id);
  if (chats.length === 0) return "There is no chat to send to yet.";
  const here = chatKey(from);
  return chats.map(({ chat, kind }) => `${chatKey(chat)} (${kind}${chatKey(chat) === here ? ", this chat" : ""})`).join("\n");
}

/** Puts a message into the outbox, once for this call however often it runs. Throws for the model where the person may not post. */
export async function postTo(messaging: Messaging, place: CallPlace, target: string, text: string): Promise<string> {
  const { db, person, from } = messaging;
  const chats = await reachableBy(db, person.id);
  const found = chatFor(chats, target.trim());
  if (found === null) {
    const known = chats.map(({ chat }) => chatKey(chat)).slice(0, 20);
    throw new Error(`${person.name} can't post to "${target.slice(0, 80)}". Use one of: ${known.join(", ") || "none yet"}.`);
  }
  if (chatKey(found) === chatKey(from)) throw new Error("That is this chat: just answer here.");
  const key = `send:${place.turn}:${place.step}:${place.position}`;
  await addOutbound(db, {
    key,
    chat: found,
    turn: null,
    body: { markdown: `${text}\n\n*Sent for ${plainWords(person.name)}.*`, replyTo: null },
  });
  await messaging.wake([chatKey(found)]);
  return `It is on its way to ${chatKey(found)}.`;
}

/** A chat by its key, or one's own private chat by its platform's name. */
function chatFor(chats: readonly Reachable[], target: string): ChatRef | null {
  const named = chats.find(({ chat }) => chatKey(chat) === target);
  const own = chats.find(({ chat, kind }) => kind === "private" && chat.platform === target.toLowerCase());
  return (named ?? own)?.chat ?? null;
}

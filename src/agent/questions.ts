import type { ChatRef } from "../core/chats.ts";
import type { TurnEvent } from "../core/events.ts";
import { plainWords } from "../core/markdown.ts";
import { Parked, type Question, type Reply } from "../core/question.ts";
import type { Db, Hold } from "../store/hold.ts";
import type { CallPlace } from "../store/journal.ts";
import { ask, closeQuestions, findAsked } from "../store/questions.ts";

/** Where a turn's questions go. */
export interface Asking {
  /** The conversation itself, and the message that asked. */
  readonly chat: ChatRef;
  readonly replyTo: string | null;
  /** Who asks, where it is not the chat's own turn. */
  readonly from: string | null;
  /** The private chats of those who may decide a question that the asker may not. */
  deciders(question: Question): Promise<readonly ChatRef[]>;
  /** Wakes the deliveries of these chats, by their keys; the sweeper would too, a second later. */
  wake(chats: readonly string[]): Promise<void>;
}

/** Asks a person, or gives the reply that has come. Throws `Parked` while there is none. */
export async function askPerson(
  setting: { readonly db: Db; readonly hold: Hold; readonly asking: Asking; emit(event: TurnEvent): void },
  place: CallPlace,
  question: Question,
): Promise<Reply> {
  const { db, hold, asking } = setting;
  const asked = await findAsked(db, place, question.digest);
  if (asked === null) {
    const others = await asking.deciders(question);
    const chats = [{ chat: asking.chat, replyTo: asking.replyTo }, ...others.map((chat) => ({ chat, replyTo: null }))];
    const text = asking.from === null ? question.text : `*${plainWords(asking.from)} asks:*\n\n${question.text}`;
    await asking.wake(await ask(db, hold, place, { ...question, text }, chats));
  }
  const reply = asked?.reply ?? null;
  if (reply === null) {
    setting.emit({ type: "asks" });
    throw new Parked();
  }
  if (reply.type === "expired") await asking.wake(await closeQuestions(db, hold, place.turn, "*Nobody answered in time.*"));
  return reply;
}

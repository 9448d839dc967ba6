import type { ChatRef } from "../core/chats.ts";
import type { TurnEvent } from "../core/events.ts";
import { inEach } from "../commands/languages/index.ts";
import type { Language } from "../core/language.ts";
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
  from(language: Language): string | null;
  /** In which the turn's person is spoken to. */
  language(): Promise<Language>;
  /** The private chats of those who may decide a question that the asker may not, each with its person's language. */
  deciders(question: Question): Promise<readonly { readonly chat: ChatRef; readonly language: Language }[]>;
  /** Wakes the deliveries of these chats, by their keys; the sweeper would too, a second later. */
  wake(chats: readonly string[]): Promise<void>;
}

/** A question in a language. */
export type Wording = (language: Language) => Pick<Question, "text" | "choices">;

/**
 * Asks a person, or gives the reply that has come. Throws `Parked` while there is none. `worded` says it in the language of whoever reads
 * it; without it, it is said as it is.
 */
export async function askPerson(
  setting: { readonly db: Db; readonly hold: Hold; readonly asking: Asking; emit(event: TurnEvent): void },
  place: CallPlace,
  question: Question,
  worded: Wording = () => question,
): Promise<Reply> {
  const { db, hold, asking } = setting;
  const asked = await findAsked(db, place, question.digest);
  if (asked === null) {
    const others = await asking.deciders(question);
    const here = { chat: asking.chat, replyTo: asking.replyTo, language: await asking.language() };
    const chats = [here, ...others.map((other) => ({ ...other, replyTo: null }))].map(({ language, ...where }) => {
      const { text, choices } = worded(language);
      return { ...where, language: language.code, text: whole(asking, question, text, language), choices };
    });
    await asking.wake(await ask(db, hold, place, question, chats));
  }
  const reply = asked?.reply ?? null;
  if (reply === null) {
    setting.emit({ type: "asks" });
    throw new Parked();
  }
  if (reply.type === "expired")
    await asking.wake(
      await closeQuestions(
        db,
        hold,
        place.turn,
        inEach(({ asking: words }) => words.nobodyAnswered),
      ),
    );
  return reply;
}

/** With who asks before it, and after it that words will do. */
function whole({ from }: Asking, { kind, choices }: Question, text: string, language: Language): string {
  const who = from(language);
  const before = who === null ? [] : [language.asking.from(plainWords(who))];
  const after = kind === "clarify" && choices.length > 0 ? [language.asking.orWords] : [];
  return [...before, text, ...after].join("\n\n");
}

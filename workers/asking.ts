import type { Asking } from "../src/agent/questions.ts";
import { inTheirLanguage, languageOfPerson } from "../src/commands/languages/chosen.ts";
import { chatKey, isAtLeast, type Person, parseChatKey } from "../src/core/chats.ts";
import { type Errand, nameOf } from "../src/core/errand.ts";
import type { Language } from "../src/core/language.ts";
import type { Log } from "../src/core/log.ts";
import type { Queues } from "../src/core/queue.ts";
import type { Db } from "../src/store/hold.ts";
import { privateChatsOf } from "../src/store/people.ts";
import type { SessionInfo } from "../src/store/sessions.ts";
import type { Turn } from "../src/store/turns.ts";

interface AskingParts {
  readonly db: Db;
  readonly queues: Queues;
  readonly log: Log;
}

interface SpeakingParts extends AskingParts {
  readonly settings: { readonly language: string };
}

/** The turn's questions go to its own chat, and where its person may not decide, to those who may. */
export function askingFor(parts: SpeakingParts, info: SessionInfo, turn: Turn, person: Person, errand: Errand | null): Asking {
  let language: Promise<Language> | null = null;
  const { db, settings } = parts;
  return {
    language: () => (language ??= languageOfPerson(db, person.id, settings.language, turn.request.sender.language)),
    chat: info.chat,
    replyTo: errand === null ? turn.request.messageId : (errand.shownIn?.replyTo ?? null),
    // Not what it is about: whoever may decide reads this, and need not be in the chat.
    from: (told) => (errand === null ? null : nameOf(errand, told.asking.errands)),
    async deciders({ mayAnswer }) {
      if (mayAnswer.type === "asker" || (!mayAnswer.fourEyes && isAtLeast(person.role, mayAnswer.least))) return [];
      const others = await privateChatsOf(db, mayAnswer.least, person.id);
      const elsewhere = others.filter((chat) => chatKey(chat) !== chatKey(info.chat));
      return await inTheirLanguage(db, elsewhere, settings.language);
    },
    wake: (chats) => wakeDeliveries(parts, chats),
  };
}

/** What must be said is in the outbox; this only wakes whoever sends it, and the sweeper does too. */
export async function wakeDeliveries({ queues, log }: Omit<AskingParts, "db">, chats: readonly string[]): Promise<void> {
  for (const chat of chats) {
    await queues
      .queue(deliveryQueue(parseChatKey(chat).platform))
      .wake(chat)
      .catch((error: unknown) => log.warn({ error }, "the delivery queue can't be reached; the sweeper will send this"));
  }
}

/** The name of a platform's delivery queue: only a gateway with that platform's adapter consumes it. */
export function deliveryQueue(platform: string): string {
  return `deliveries-${platform}`;
}

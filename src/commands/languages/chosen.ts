import type { ChatRef } from "../../core/chats.ts";
import type { Language } from "../../core/language.ts";
import type { Db } from "../../store/hold.ts";
import { newestLanguage, personOfTurn, personSettings } from "../../store/person-settings.ts";
import { languageOf, languages } from "./index.ts";

/** The language for whoever has picked none and whose client tells none. */
export function usualLanguage(configured: string | undefined): Language {
  return languageOf(configured) ?? languages[0];
}

/** A person's language: what they picked, else their client's (`told` just now, or known from before), else the usual one. */
export async function languageOfPerson(db: Db, person: string, configured?: string, told?: string): Promise<Language> {
  const { language, client_language: known } = await personSettings(db, person);
  const found = languageOf(language) ?? languageOf(told) ?? languageOf(known);
  // It is noted with commands and buttons; there are people who use none.
  return found ?? languageOf(await newestLanguage(db, person)) ?? usualLanguage(configured);
}

/** The language of whoever asked in a turn. */
export async function languageOfTurn(db: Db, turn: string, configured?: string): Promise<Language> {
  const person = await personOfTurn(db, turn);
  return person === null ? usualLanguage(configured) : await languageOfPerson(db, person, configured);
}

/** A person's private chat, as something to tell them in their language. */
export async function inTheirLanguage<Chat extends ChatRef & { readonly person: string }>(
  db: Db,
  chats: readonly Chat[],
  configured?: string,
): Promise<readonly { readonly chat: ChatRef; readonly language: Language }[]> {
  return await Promise.all(
    chats.map(async ({ person, platform, chat, thread }) => ({
      chat: { platform, chat, thread },
      language: await languageOfPerson(db, person, configured),
    })),
  );
}

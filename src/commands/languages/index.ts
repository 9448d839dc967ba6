import type { Language } from "../../core/language.ts";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

/** The languages that ship, one line each; the first is for whoever has none of them. */
export const languages: readonly [Language, ...Language[]] = [en, zh];

/** The same in every language that ships, by its code. */
export function inEach(words: (language: Language) => string): Readonly<Record<string, string>> {
  return Object.fromEntries(languages.map((language) => [language.code, words(language)]));
}

/** The language of a BCP 47 tag (`zh-Hans-CN`, `zh_CN`, `en-US`); null when it does not ship, or there is no tag. */
export function languageOf(tag: string | null | undefined): Language | null {
  const primary = /^[a-z]{2,3}(?=$|[-_])/i.exec(tag ?? "")?.[0].toLowerCase();
  return languages.find(({ code }) => code === primary) ?? null;
}

/** Characters that stand for something in a word being expanded; a source text is cleared of them first. */

/** What can't be known before it runs. */
export const unknown = "\uFFFF";
/** Where an unquoted expansion is split into words. */
export const split = "\u0001";
export const braceOpen = "\u0002";
export const braceComma = "\u0003";
export const braceClose = "\u0004";
/** An unquoted `*`, `?` or `[` stays what it is; a quoted one in a command's name is not a pattern. */
const all = /[\u0001-\u0004\uFFFF]/g;

/** A source text without the marks. */
export function unmarked(text: string): string {
  return text.replaceAll(all, "\uFFFD");
}

/** A word to be shown or compared: what is unknown reads `…`. */
export function shown(text: string): string {
  return text.replaceAll(unknown, "…").replaceAll(all, " ");
}

/** The part of a text where the first of the words stands, on one line. */
export function excerpt(text: string, query: string, chars: number): string {
  const words = query.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const low = text.toLowerCase();
  const at = Math.min(...words.map((word) => low.indexOf(word)).filter((index) => index >= 0), text.length);
  const from = at === text.length ? 0 : Math.max(0, at - chars / 4);
  return (from > 0 ? "… " : "") + shortened(text.slice(from).toWellFormed(), chars);
}

/** A text on one line, cut where it is longer. */
export function shortened(text: string, chars: number): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length <= chars ? line : `${beginning(line, chars)} …`;
}

/** The first so many characters of a text, or one fewer where the last would be cut in half. */
export function beginning(text: string, chars: number): string {
  return text.slice(0, chars).replace(/[\ud800-\udbff]$/, "");
}

/** A name or another piece of somebody's text as plain words in Markdown: nothing in it can format, link or break the line. */
export function plainWords(text: string): string {
  return text
    .replaceAll(/\s+/g, " ")
    .slice(0, longest)
    .replaceAll(/[\\`*_[\]<>#|~]/g, "\\$&");
}

/** Names are shorter; what is longer is not read as one. */
const longest = 80;

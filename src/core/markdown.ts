/** A name or another piece of somebody's text as plain words in Markdown: nothing in it can format, link or break the line. */
export function plainWords(text: string): string {
  return literal(text.replaceAll(/\s+/g, " ").slice(0, longest));
}

/** A text whose signs mean nothing in Markdown. */
export function literal(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>#|~]/g, "\\$&");
}

/** Names are shorter; what is longer is not read as one. */
const longest = 80;

/** Somebody's text as code on one line: nothing in it ends the code. */
export function codeSpan(text: string): string {
  const line = text.replaceAll(/\s+/g, " ") || " ";
  const ticks = "`".repeat(longestRun(line) + 1);
  // A space on both sides is taken off again by whoever reads it.
  const pad = line.startsWith("`") || line.endsWith("`") || /^ .*[^ ].* $/.test(line) ? " " : "";
  return `${ticks}${pad}${line}${pad}${ticks}`;
}

/** Somebody's text as a block of code: nothing in it ends the block. */
export function codeBlock(text: string, language = ""): string {
  const fence = "`".repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}${language}\n${text}\n${fence}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}

/** What would not be seen, or would turn the rest around, written out; line breaks and tabs stay. */
export function unhidden(text: string): string {
  return text.replaceAll(/(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, writtenOut);
}

/** The same on one line. */
export function unhiddenLine(text: string): string {
  return unhidden(text).replaceAll(/[\n\t]/g, writtenOut);
}

function writtenOut(letter: string): string {
  return `\\u{${letter.codePointAt(0)?.toString(16)}}`;
}

/** A longer last paragraph is left as it is: its marks can't be paired cheaply. */
const paragraphChars = 8_000;

/**
 * Closes what the last paragraph leaves open, so that a stream cut anywhere shows no raw markers: bold, strike-through, inline code,
 * and a link whose address is not there yet.
 */
export function closeOpenMarks(markdown: string): string {
  const start = markdown.lastIndexOf("\n\n") + 1;
  if (markdown.length - start > paragraphChars) return markdown;
  const head = markdown.slice(0, start);
  const tail = markdown.slice(start);
  return head + closeTail(tail.trimEnd());
}

function closeTail(tail: string): string {
  if (codeIsOpen(tail)) return `${tail}\``;
  const linked = tail.replace(/!?\[([^[\]\n]*)\]\([^()\s]*$/, "$1").replace(/(^|\s)!?\[([^[\]\n]+)$/, "$1$2");
  const words = withoutCode(linked);
  const marks = ["**", "~~"].filter((mark) => isOpen(words, mark));
  return closeAll(linked, marks);
}

/** Closes marks innermost first; a mark with nothing behind it yet is left out. */
function closeAll(text: string, marks: readonly string[]): string {
  const bare = /(?:\*{1,2}|~{1,2})$/.exec(text)?.[0];
  if (bare !== undefined && marks.includes(bare)) {
    return closeAll(
      text.slice(0, -bare.length).trimEnd(),
      marks.filter((mark) => mark !== bare),
    );
  }
  // A half-typed closing mark: `**bold*`.
  const half = marks.find((mark) => text.endsWith(mark.charAt(0)) && !text.endsWith(mark));
  const whole = half === undefined ? text : text.slice(0, -1);
  return whole + marks.toSorted((one, other) => whole.lastIndexOf(other) - whole.lastIndexOf(one)).join("");
}

function codeIsOpen(text: string): boolean {
  const ticks = [...text.matchAll(/`+/g)];
  const last = ticks.at(-1);
  if (ticks.length % 2 === 0 || last?.[0] !== "`") return false;
  return /(?:^|[\s([{"'*_])`[^\s`][^`]*$/.test(text.slice(Math.max(0, last.index - 1)));
}

function withoutCode(text: string): string {
  return text.replaceAll(/`[^`\n]*`/g, (code) => "x".repeat(code.length));
}

/** An odd number of marks, of which the last one can open. */
function isOpen(text: string, mark: string): boolean {
  const parts = text.split(mark);
  if (parts.length % 2 === 1) return false;
  const after = parts.at(-1) ?? "";
  const before = parts.at(-2) ?? "";
  return after === "" ? /(?:^|\s)$/.test(before) : /^\S/.test(after) && !/[\w]$/.test(before);
}

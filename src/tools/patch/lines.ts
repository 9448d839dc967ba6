/** A text's lines without their ends, and where each begins. A line end at the very end begins no line. */
export interface Lines {
  readonly texts: readonly string[];
  readonly starts: readonly number[];
  /** Whether the last line has its end. True for an empty text. */
  readonly closed: boolean;
}

export function linesOf(text: string): Lines {
  const texts = text.split("\n");
  const closed = texts.at(-1) === "";
  if (closed) texts.pop();
  const starts: number[] = [];
  let at = 0;
  for (const line of texts) {
    starts.push(at);
    at += line.length + 1;
  }
  return { texts, starts, closed };
}

/** The line, from 1, in which this place is. */
export function lineAt({ starts }: Lines, place: number): number {
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= place) low = middle + 1;
    else high = middle;
  }
  return Math.max(1, low);
}

/** Spaces and tabs before a line's text. */
export function indentOf(line: string): string {
  return /^[ \t]*/.exec(line)?.[0] ?? "";
}

/** Quotes, dashes, spaces and dots that look alike, as a keyboard has them; one letter for one. */
export function plainLetters(text: string): string {
  return text
    .replaceAll(/[\u2018\u2019\u201a\u201b\u2032]/g, "'")
    .replaceAll(/[\u201c\u201d\u201e\u201f\u2033]/g, '"')
    .replaceAll(/[\u2010-\u2015\u2212]/g, "-")
    .replaceAll(/[\u00a0\u2000-\u200a\u202f\u205f\u3000]/g, " ");
}

/**
 * New lines moved to where the file has the old ones: each indentation of `old` is taken for the one that the file has in its place.
 */
export function reindented(fresh: string, old: readonly string[], found: readonly string[]): string {
  const known = new Map<string, string>();
  for (const [index, line] of old.entries()) {
    const there = found[index];
    if (there === undefined || line.trim() === "" || there.trim() === "") continue;
    if (!known.has(indentOf(line))) known.set(indentOf(line), indentOf(there));
  }
  const lines = fresh.split("\n");
  // Line for line, each goes where its counterpart is.
  const counterparts = lines.length === old.length ? old : [];
  return lines
    .map((line, index) => {
      const [sent, there] = [counterparts[index] ?? "", found[index] ?? ""];
      if (line.trim() === "") return line;
      const alike = sent.trim() !== "" && indentOf(sent) === indentOf(line);
      return alike ? indentOf(there) + line.slice(indentOf(line).length) : moved(line, known);
    })
    .join("\n");
}

function moved(line: string, known: ReadonlyMap<string, string>): string {
  const indent = indentOf(line);
  const rest = line.slice(indent.length);
  const shorter = [...known.keys()]
    .filter((sent) => indent.startsWith(sent))
    .toSorted((one, other) => other.length - one.length)[0];
  if (shorter !== undefined) return (known.get(shorter) ?? shorter) + indent.slice(shorter.length) + rest;
  const deeper = [...known].toSorted(([one], [other]) => one.length - other.length)[0];
  if (deeper === undefined || !deeper[0].startsWith(indent)) return line;
  const [sent, there] = deeper;
  return there.slice(0, Math.max(0, there.length - (sent.length - indent.length))) + rest;
}

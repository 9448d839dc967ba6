/** A stretch of a document that can be parsed on its own. */
export type Segment =
  | { readonly type: "markdown" | "plain"; readonly text: string }
  | { readonly type: "fence"; readonly language: string | null; readonly text: string };

/** The parser takes more than linear time: measured 5 ms for this many characters, 700 ms for ten times as many in one table. */
const segmentChars = 8_000;
/** A block longer than this is cut where it stands: unclosed brackets take quadratic time (100,000 characters of them: 4 s). */
const blockChars = 24_000;
/** More markers than this before a line's first word overflow the parser's stack or its time. */
const deepest = 20;

/**
 * Cuts a document at places where a block surely ends, so that long answers parse in linear time. Fences need no parser at all.
 * A table or list longer than a segment is cut between its rows or items; a table's head is said again.
 */
export function segments(markdown: string): Segment[] {
  const found: Segment[] = [];
  const lines = markdown.split("\n");
  let held: string[] = [];
  let chars = 0;
  let inner = createInnerFence();
  const flush = (): void => {
    const text = held.join("\n");
    const costly = text.length > blockChars && !inner.seen();
    if (text.trim() !== "") found.push({ type: costly || held.some(isTooDeep) ? "plain" : "markdown", text });
    held = [];
    chars = 0;
    inner = createInnerFence();
  };
  const hold = (text: string): void => {
    const full = chars + text.length > blockChars && !inner.open();
    if (full || (chars > segmentChars && endsBefore(text, held))) {
      const head = tableHead(held, text);
      flush();
      held.push(...head);
    }
    held.push(text);
    chars += text.length + 1;
    inner.take(text);
  };
  for (let at = 0; at < lines.length; at += 1) {
    const text = lines[at] ?? "";
    const fence = openFence(lines, at, held);
    if (fence) {
      flush();
      found.push(fence.segment);
      at = fence.last;
      continue;
    }
    for (const piece of inner.open() ? [text] : shortLines(text)) hold(piece);
  }
  flush();
  return found;
}

/** Follows fences within list items and quotations: they are never cut, and cost the parser little. */
function createInnerFence(): { take(line: string): void; open(): boolean; seen(): boolean } {
  let mark: string | null = null;
  let seen = false;
  return {
    take(text) {
      const found = /^\s*(?:(?:[-*+]|\d{1,9}[.)]|>)\s*)*(`{3,}|~{3,})([^`]*)$/.exec(text);
      if (found?.[1] === undefined) return;
      seen = true;
      if (mark === null) mark = found[1];
      else if (found[1].startsWith(mark) && found[2]?.trim() === "") mark = null;
    },
    open: () => mark !== null,
    seen: () => seen,
  };
}

/** A line longer than a block in pieces that end with a sentence or a word; one without spaces stays whole. */
function shortLines(text: string): string[] {
  const pieces: string[] = [];
  let rest = text;
  while (rest.length > blockChars) {
    const sentence = rest.lastIndexOf(". ", blockChars);
    const at = sentence > blockChars / 2 ? sentence + 1 : rest.lastIndexOf(" ", blockChars);
    if (at < blockChars / 2) break;
    pieces.push(rest.slice(0, at));
    rest = rest.slice(at + 1);
  }
  return [...pieces, rest];
}

/** A fence at the margin, not within a list item (whose lines are indented, and its fences with them). */
function openFence(lines: readonly string[], at: number, held: readonly string[]): { segment: Segment; last: number } | null {
  const match = /^(`{3,}|~{3,})([^\n]*)$/.exec(lines[at] ?? "");
  const mark = match?.[1];
  if (mark === undefined || (mark.startsWith("`") && match?.[2]?.includes("`")) || inRawHtml(held)) return null;
  const close = new RegExp(`^ {0,3}\\${mark.charAt(0)}{${mark.length},}[ \\t]*$`);
  let last = at + 1;
  while (last < lines.length && !close.test(lines[last] ?? "")) last += 1;
  const language = /^[^\s{]+/.exec((match?.[2] ?? "").trim())?.[0] ?? null;
  return { segment: { type: "fence", language, text: lines.slice(at + 1, last).join("\n") }, last };
}

/** Inside `<pre>` or a comment a fence is text; the parser decides then. */
function inRawHtml(held: readonly string[]): boolean {
  const start = held.findLastIndex((text) => /^ {0,3}<(?:!--|pre\b|script\b|style\b|textarea\b)/i.test(text));
  return start >= 0 && !held.slice(start).some((text) => /-->|<\/(?:pre|script|style|textarea)>/i.test(text));
}

function endsBefore(text: string, held: readonly string[]): boolean {
  if (/^\s/.test(text) || text === "") return false;
  return held.at(-1)?.trim() === "" || /^[-*+] /.test(text) || tableHead(held, text).length > 0;
}

/** The head of the table that this row continues, if it does. */
function tableHead(held: readonly string[], row: string): readonly string[] {
  if (!row.startsWith("|") || !held.at(-1)?.startsWith("|")) return [];
  const rule = held.findLastIndex((text) => /^\|[\s:|-]*-[\s:|-]*$/.test(text));
  const head = held[rule - 1];
  if (rule < 1 || head === undefined || !head.startsWith("|")) return [];
  if (held.slice(rule).some((text) => !text.startsWith("|"))) return [];
  return [head, held[rule] ?? ""];
}

function isTooDeep(text: string): boolean {
  const lead = /^(?:[ \t]*(?:>|(?:[-*+]|\d{1,9}[.)])[ \t]))+/.exec(text)?.[0] ?? "";
  return lead.length > deepest && lead.replaceAll(/[ \t]/g, "").length > deepest;
}

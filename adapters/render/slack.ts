import { harmless } from "./slack-marks.ts";
import { fencePieces, shortPieces } from "./slack-lines.ts";
import { type Spans, spansOf } from "./slack-spans.ts";
import { inset, isTable, repeatedHead, shortRows } from "./slack-table.ts";

/** One Slack message: Markdown, which Slack renders itself. */
export interface SlackChunk {
  readonly markdown: string;
  /** A small line below, plain text. */
  readonly footer?: string;
}

/** A message's Markdown blocks take 12,000 characters together; a remark is put before some. */
const limitChars = 11_500;
/** Where a chunk may end early to begin the next with a block. */
const wellFilled = 1 / 2;
/** What is said again in each message may take this part of it. */
const carriedShare = 1 / 4;
/** What stands before a line's words, and is said again with each part of them, may take this part of it. */
const leadShare = 1 / 8;

/** What a cut leaves open and the next chunk opens again: a fence, or a table with its head. */
interface Frame {
  readonly open: readonly string[];
  readonly close: readonly string[];
}

/** Markdown as Slack messages: as it was written, cut between blocks or lines; fences, tables and marks whole. Never empty. */
export function renderSlack(markdown: string, limit = limitChars): SlackChunk[] {
  const text = harmless(
    markdown
      .toWellFormed()
      .replaceAll(/\r\n?/g, "\n")
      .replaceAll(/[\u0000-\u0008\u000B-\u001F\u007F]/g, ""),
  );
  const chunks = cut(text, limit).filter((each) => each.trim() !== "");
  return chunks.length > 0 ? chunks.map((each) => ({ markdown: each })) : [{ markdown: "…" }];
}

interface Placed {
  readonly text: string;
  /** The frame that is open before this line; null: none. */
  readonly frame: Frame | null;
  /** The signs of marks that are open before it, and after it. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

function cut(text: string, limit: number): string[] {
  if (text.length <= limit) return [text];
  const chunks: string[] = [];
  let held: Placed[] = [];
  let size = 0;
  const take = (line: Placed): void => {
    if (held.length === 0) size = sizeOf(line.frame?.open ?? []) + line.before.join("").length;
    held.push(line);
    size += line.text.length + 1;
  };
  for (const line of placed(text, limit)) {
    const closing = sizeOf(line.frame?.close ?? []) + line.after.join("").length;
    while (held.length > 0 && size + line.text.length + 1 + closing > limit) {
      const at = goodEnd(held, limit);
      const rest = held.slice(at);
      chunks.push(written(held.slice(0, at), rest[0] ?? line));
      held = [];
      size = 0;
      for (const each of rest) take(each);
    }
    take(line);
  }
  chunks.push(written(held, null));
  return chunks;
}

/** Where to end a chunk: before the last block that leaves it well filled, headings with what they head; else at its end. */
function goodEnd(held: readonly Placed[], limit: number): number {
  let size = 0;
  let best = held.length;
  for (const [at, line] of held.entries()) {
    size += line.text.length + 1;
    const ends = line.text.trim() === "" && line.frame === null && held[at + 1]?.frame === null;
    if (ends && size >= limit * wellFilled && at + 1 < held.length) best = at + 1;
  }
  while (best > 1 && best < held.length && /^#{1,6} |^\s*$/.test(held[best - 1]?.text ?? "") && hasHeading(held, best)) best -= 1;
  return best;
}

function hasHeading(held: readonly Placed[], end: number): boolean {
  const last = held.slice(0, end).findLast((line) => line.text.trim() !== "");
  return last !== undefined && last.frame === null && /^#{1,6} /.test(last.text);
}

function written(lines: readonly Placed[], next: Placed | null): string {
  const [first] = lines;
  const frame = first?.frame ?? null;
  const texts = lines.map(({ text }) => text);
  if (first && first.before.length > 0) texts[0] = opened(first);
  const shown = atMargin([...(frame?.open ?? []), ...texts, ...(next?.frame?.close ?? [])]);
  // A mark ends with a word.
  return shown.join("\n").replace(/^\n+|\s+$/g, "") + (next?.before ?? []).toReversed().join("");
}

/** A line that goes on with what was open: its signs stand after what makes it part of a quotation. */
function opened({ text, before }: Placed): string {
  const lead = inset.exec(text)?.[0] ?? "";
  return lead + before.join("") + text.slice(lead.length);
}

/** Four spaces before a message's first line would make code of it: what belonged to a list above begins at the margin. */
function atMargin(lines: readonly string[]): readonly string[] {
  const start = lines.findIndex((line) => line.trim() !== "");
  const indentation = indentationOf(lines[start] ?? "");
  if (indentation < 4) return lines;
  const end = lines.findIndex((line, at) => at > start && line.trim() !== "" && indentationOf(line) < indentation);
  return lines.map((line, at) => (end < 0 || at < end ? line.slice(Math.min(indentation, indentationOf(line))) : line));
}

function indentationOf(line: string): number {
  return line.length - line.trimStart().length;
}

function sizeOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + line.length + 1, 0);
}

/** Every line with what is open before it. */
function placed(text: string, limit: number): Placed[] {
  const found: Placed[] = [];
  const lines = text.split("\n");
  for (let at = 0; at < lines.length;) {
    const fence = opening(lines[at] ?? "", limit);
    const end = fence ? fenceEnd(lines, at, fence.mark) : blockEnd(lines, at, limit);
    const own = lines.slice(at, end);
    found.push(...(fence ? fenceLines(own, fence, limit) : blockLines(own, limit)));
    at = end;
  }
  return found;
}

function fenceEnd(lines: readonly string[], start: number, mark: string): number {
  const last = lines.findIndex((line, at) => at > start && isClosing(line, mark));
  return last < 0 ? lines.length : last + 1;
}

/** A block ends before an empty line or a fence. */
function blockEnd(lines: readonly string[], start: number, limit: number): number {
  const ends = (line: string): boolean => line.trim() === "" || opening(line, limit) !== null;
  const end = ends(lines[start] ?? "") ? start + 1 : lines.findIndex((line, at) => at > start && ends(line));
  return end < 0 ? lines.length : end;
}

/** The line that closes a fence belongs to it: a chunk must not begin with it, so it is cut before the line above. */
function fenceLines([first = "", ...lines]: readonly string[], frame: Frame, limit: number): Placed[] {
  // What a frame says again needs room.
  const most = Math.floor(limit / 2);
  const inside = lines.flatMap((line) => fencePieces(line, most).map((text) => ({ text, frame, before: [], after: [] })));
  return [...plainLines([first], limit - 1), ...inside];
}

function plainLines(lines: readonly string[], most: number): Placed[] {
  return lines.flatMap((line) => fencePieces(line, most).map((text) => ({ text, frame: null, before: [], after: [] })));
}

/** A block's lines; tables keep their heads, and rows that are too long for a message become several. */
function blockLines(lines: readonly string[], limit: number): Placed[] {
  const spans = spansOf(lines);
  const most = Math.floor(limit / 2);
  const found: Placed[] = [];
  let table: Frame | null = null;
  let from = 0;
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    const rule = lines[at + 1] ?? "";
    const to = from + line.length;
    if (table && !line.includes("|")) table = null;
    const begins = table === null && isTable(line, rule);
    const open = begins ? repeatedHead(line, rule, limit * carriedShare) : null;
    if (open) {
      const frame: Frame = { open, close: [] };
      const whole = line.length + rule.length < most;
      // A head that is too long for a message is shown as rows, below an empty one.
      const rows = whole ? [`${line}\n${rule}`] : [open.join("\n"), ...shortRows(spans, { from, to }, most)];
      found.push(...rows.map((text, row) => ({ text, frame: row === 0 ? null : frame, before: [], after: [] })));
      table = frame;
      at += 1;
      from = to + 1 + rule.length + 1;
      continue;
    }
    if (table) {
      const frame = table;
      found.push(...shortRows(spans, { from, to }, most).map((text) => ({ text, frame, before: [], after: [] })));
    } else found.push(...textLines(spans, { from, to }, limit));
    from = to + 1;
  }
  return found;
}

/** A line, in pieces where it is longer than a message. */
function textLines(spans: Spans, { from, to }: { readonly from: number; readonly to: number }, limit: number): Placed[] {
  const line = spans.text.slice(from, to);
  const found = /^(?:\s*>)+ ?/.exec(line)?.[0] ?? "";
  const quote = found.length > limit * leadShare ? "" : found;
  const signs = 2 * spans.signsWithin(from - 1, to + 1);
  const pieces = shortPieces(spans, { from, to }, Math.max(limit - 1 - quote.length - signs, Math.floor(limit / 2)));
  return pieces.map((piece, at) => ({
    text: (at === 0 ? "" : quote) + spans.text.slice(piece.from, piece.to),
    frame: null,
    before: spans.openAt(at === 0 ? from - 1 : piece.from),
    after: spans.openAt(piece.to),
  }));
}

/** A fence's first line, at the margin or within a list or quotation. */
function opening(line: string, limit: number): (Frame & { readonly mark: string }) | null {
  const match = /^((?:\s|[-*+] |\d{1,9}[.)] |>)*)(`{3,}|~{3,})([^\n]*)$/.exec(line);
  const mark = match?.[2];
  const inset = (match?.[1] ?? "").replaceAll(/[^\s>]/g, " ");
  const most = Math.floor(limit * leadShare);
  if (mark === undefined || mark.length > most || inset.length > most) return null;
  if (mark.startsWith("`") && match?.[3]?.includes("`") === true) return null;
  const info = (match?.[3] ?? "").slice(0, most);
  return { mark, open: [`${inset}${mark}${info}`], close: [`${inset}${mark}`] };
}

function isClosing(line: string, mark: string): boolean {
  const found = /^[\s>]*(`{3,}|~{3,})\s*$/.exec(line)?.[1];
  return found?.startsWith(mark) === true;
}

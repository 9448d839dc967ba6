import { harmless } from "./slack-marks.ts";
import { shortLines } from "./slack-lines.ts";

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

/** What a cut leaves open and the next chunk opens again: a fence, or a table with its head. */
interface Frame {
  readonly open: readonly string[];
  readonly close: readonly string[];
}

/** Markdown as Slack messages: as it was written, cut between blocks or lines, fences and tables whole. Never empty. */
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
}

function cut(text: string, limit: number): string[] {
  if (text.length <= limit) return [text];
  const chunks: string[] = [];
  let held: Placed[] = [];
  let size = 0;
  const take = (line: Placed): void => {
    if (held.length === 0 && line.frame) size = sizeOf(line.frame.open);
    held.push(line);
    size += line.text.length + 1;
  };
  for (const line of placed(text, limit)) {
    const closing = line.frame ? sizeOf(line.frame.close) : 0;
    while (held.length > 0 && size + line.text.length + 1 + closing > limit) {
      const at = goodEnd(held, limit);
      const rest = held.slice(at);
      chunks.push(written(held.slice(0, at), (rest[0] ?? line).frame));
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

function written(lines: readonly Placed[], next: Frame | null): string {
  const frame = lines[0]?.frame ?? null;
  return [...(frame?.open ?? []), ...lines.map(({ text }) => text), ...(next?.close ?? [])].join("\n").replace(/^\n+|\s+$/g, "");
}

function sizeOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + line.length + 1, 0);
}

/** Every line with what is open before it. */
function placed(text: string, limit: number): Placed[] {
  const found: Placed[] = [];
  let fence: (Frame & { readonly mark: string }) | null = null;
  let table: Frame | null = null;
  const lines = text.split("\n");
  for (const [at, whole] of lines.entries()) {
    // What a frame says again needs room; other lines may fill a message.
    const most: number = fence || table ? Math.floor(limit / 2) : limit - 1;
    for (const line of shortLines(whole, most, fence !== null)) {
      const before: Frame | null = fence ?? table;
      const closes: boolean = fence !== null && isClosing(line, fence.mark);
      if (table && !line.includes("|")) table = null;
      // The line that closes a fence belongs to it: a chunk must not begin with it, so it is cut before the line above.
      found.push({ text: line, frame: fence ? fence : table ? before : null });
      if (closes) fence = null;
      else if (fence === null) {
        fence = opening(line, limit);
        if (fence === null && isRule(line) && lines[at - 1]?.includes("|") === true) {
          table = { open: [lines[at - 1] ?? "", line].filter((each) => each.length <= limit / 8), close: [] };
        }
      }
    }
  }
  return found;
}

/** A fence's first line, at the margin or within a list or quotation. */
function opening(line: string, limit: number): (Frame & { readonly mark: string }) | null {
  const match = /^((?:\s|[-*+] |\d{1,9}[.)] |>)*)(`{3,}|~{3,})([^\n]*)$/.exec(line);
  const mark = match?.[2];
  if (mark === undefined || mark.length > limit / 8 || (mark.startsWith("`") && match?.[3]?.includes("`") === true)) return null;
  const inset = (match?.[1] ?? "").replaceAll(/[^\s>]/g, " ");
  const info = (match?.[3] ?? "").slice(0, Math.floor(limit / 8));
  return { mark, open: [`${inset}${mark}${info}`], close: [`${inset}${mark}`] };
}

function isClosing(line: string, mark: string): boolean {
  const found = /^[\s>]*(`{3,}|~{3,})\s*$/.exec(line)?.[1];
  return found?.startsWith(mark) === true;
}

function isRule(line: string): boolean {
  return /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/.test(line) && line.includes("|");
}

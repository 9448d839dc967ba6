import { PatchError } from "./text-file.ts";

/** A line of a hunk: as it is, to be taken out, or to be put in. */
export interface HunkLine {
  readonly kind: "same" | "out" | "in";
  readonly text: string;
}

/** A change at one place of a file. */
export interface Hunk {
  /** Lines that come somewhere before it, outermost first: what stands behind `@@`. */
  readonly under: readonly string[];
  readonly lines: readonly HunkLine[];
  /** It is at the end of the file. */
  readonly atEnd: boolean;
  /** Where it begins in the patch, from 1. */
  readonly number: number;
}

/** What a patch does with one file. */
export type FileChange =
  | { readonly type: "add"; readonly path: string; readonly lines: readonly string[] }
  | { readonly type: "delete"; readonly path: string }
  | { readonly type: "update"; readonly path: string; readonly to: string | null; readonly hunks: readonly Hunk[] };

/** Reads a patch of the form `*** Begin Patch … *** End Patch`. Throws a `PatchError` that names the line. */
export function parsePatch(text: string): readonly FileChange[] {
  const reader = readerOf(text);
  const changes: FileChange[] = [];
  for (let line = reader.peek(); line !== null; line = reader.peek()) {
    if (line.trim() === "") reader.next();
    else changes.push(fileChange(reader));
  }
  if (changes.length === 0) throw new PatchError(`The patch names no file. ${form}`);
  return changes;
}

const form =
  'It looks like this: *** Begin Patch, then "*** Update File: PATH" with hunks of "@@", " same", "-out" and "+in" lines, or "*** Add File: PATH" with "+" lines, or "*** Delete File: PATH", then *** End Patch.';

interface Reader {
  /** The line to be read next; null at the end. */
  peek(): string | null;
  next(): string;
  /** Its number, from 1. */
  readonly number: number;
}

/** Lines between the patch's own first and last line; a code fence around it is no part of it. */
function readerOf(text: string): Reader {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const isMark = (line: string, word: string) => line.trim() === `*** ${word} Patch`;
  const begin = lines.findIndex((line) => isMark(line, "Begin"));
  const end = lines.findLastIndex((line) => isMark(line, "End"));
  const first = begin >= 0 ? begin + 1 : lines.findIndex((line) => line.trim() !== "" && !line.startsWith("```"));
  let last = end >= first ? end : lines.length;
  // Without an end mark, the last line's end is no empty line of the patch.
  while (end < first && last > first && /^(?:```)?$/.test(lines[last - 1] ?? "")) last -= 1;
  let at = Math.max(0, first);
  return {
    peek: () => (at < last ? (lines[at] ?? "") : null),
    next: () => lines[at++] ?? "",
    get number() {
      return at + 1;
    },
  };
}

function fileChange(reader: Reader): FileChange {
  const number = reader.number;
  const line = reader.next();
  const [, word, rest = ""] = /^\*\*\* (Add|Delete|Update|Move) File:(.*)$/.exec(line.trim()) ?? [];
  const path = rest.trim();
  if (word === undefined) throw new PatchError(`Line ${number} of the patch belongs to no file: ${line.slice(0, 100)}\n${form}`);
  if (path === "") throw new PatchError(`Line ${number} of the patch names no file.`);
  switch (word) {
    case "Add":
      return { type: "add", path, lines: addedLines(reader, path) };
    case "Delete":
      return { type: "delete", path };
    case "Move":
      return moveOf(path, number);
    default:
      return updateOf(reader, path);
  }
}

/** `*** Move File: FROM -> TO`, another spelling of an update that only moves. */
function moveOf(path: string, number: number): FileChange {
  const [from = "", to = "", more] = path.split(" -> ");
  if (to.trim() === "" || more !== undefined)
    throw new PatchError(`Line ${number} of the patch: write *** Move File: FROM -> TO.`);
  return { type: "update", path: from.trim(), to: to.trim(), hunks: [] };
}

function addedLines(reader: Reader, path: string): string[] {
  const lines: string[] = [];
  for (let line = reader.peek(); line !== null && !isHeader(line); line = reader.peek()) {
    const number = reader.number;
    reader.next();
    if (line.startsWith("+")) lines.push(line.slice(1));
    else if (line.trim() !== "")
      throw new PatchError(`Line ${number} of the patch, in the new file ${path}, must begin with +: ${line.slice(0, 100)}`);
    else if (stillAdding(reader)) lines.push("");
  }
  return lines;
}

/** An empty line between added ones is one of them; those before the next file are not. */
function stillAdding(reader: Reader): boolean {
  const next = reader.peek();
  return next !== null && !isHeader(next);
}

function isHeader(line: string): boolean {
  return /^\*\*\* (?:Add|Delete|Update|Move) File:/.test(line);
}

function updateOf(reader: Reader, path: string): FileChange {
  const [, to = null] = /^\*\*\* Move to:\s*(.+?)\s*$/.exec(reader.peek() ?? "") ?? [];
  if (to !== null) reader.next();
  const hunks: Hunk[] = [];
  for (let line = reader.peek(); line !== null && !isHeader(line); line = reader.peek()) {
    const hunk = hunkOf(reader, path);
    if (hunk.lines.length > 0) hunks.push(hunk);
  }
  if (hunks.length === 0 && to === null) throw new PatchError(`The patch updates ${path} but has no hunk for it. ${form}`);
  return { type: "update", path, to, hunks };
}

function hunkOf(reader: Reader, path: string): Hunk {
  const number = reader.number;
  const under: string[] = [];
  for (let line = reader.peek(); line?.startsWith("@@"); line = reader.peek()) {
    const name = headerOf(reader.next());
    if (name !== "") under.push(name);
  }
  const lines: HunkLine[] = [];
  let atEnd = false;
  let empty = 0;
  for (let line = reader.peek(); line !== null && !atEnd; line = reader.peek()) {
    if (line.startsWith("@@") || isHeader(line)) break;
    if (line.trim() === "*** End of File") atEnd = true;
    else lines.push(hunkLine(line, reader.number, path));
    empty = line === "" ? empty + 1 : 0;
    reader.next();
  }
  const next = reader.peek();
  // Empty lines before the next file or the end were written for the eye.
  const over = next === null || isHeader(next) ? empty : 0;
  return { under, lines: lines.slice(0, lines.length - over), atEnd, number };
}

/** What stands behind `@@`, without the line numbers that other formats have there. */
function headerOf(line: string): string {
  return line
    .slice(2)
    .replace(/^\s*-\d+(?:,\d+)?\s+\+\d+(?:,\d+)?\s*(?:@@)?/, "")
    .replace(/\s*@@\s*$/, "")
    .trim();
}

function hunkLine(line: string, number: number, path: string): HunkLine {
  if (line === "") return { kind: "same", text: "" };
  const text = line.slice(1);
  switch (line.charAt(0)) {
    case " ":
      return { kind: "same", text };
    case "-":
      return { kind: "out", text };
    case "+":
      return { kind: "in", text };
    default:
      throw new PatchError(
        `Line ${number} of the patch, in ${path}, begins with neither "+" nor "-" nor a space: ${line.slice(0, 100)}`,
      );
  }
}

import { lineAt, linesOf } from "./lines.ts";
import { type Edit, editedText } from "./text-file.ts";

/** A short diff of edits: what went and what came, each with its line. */
export function diffOf(text: string, edits: readonly Edit[]): string {
  const lines = linesOf(text);
  let shift = 0;
  const shown = blocksOf(text, edits).flatMap((block) => {
    const made = changedLines(text, block);
    const number = lineAt(lines, block.start) + made.same + shift;
    shift += made.fresh.length - made.old.length;
    if (made.old.length + made.fresh.length === 0) return [];
    const out = made.old.map((line) => `-${cut(line)}`);
    const come = made.fresh.map((line) => `+${cut(line)}`);
    return [`@@ line ${number}`, ...shortened(out), ...shortened(come)];
  });
  return shown.length <= mostLines
    ? shown.join("\n")
    : [...shown.slice(0, mostLines), `[... ${shown.length - mostLines} more lines]`].join("\n");
}

const mostLines = 60;
const blockLines = 20;
const lineChars = 160;

interface Block {
  readonly start: number;
  readonly end: number;
  readonly edits: readonly Edit[];
}

/** Edits grown to whole lines; those on the same lines together. */
function blocksOf(text: string, edits: readonly Edit[]): readonly Block[] {
  const blocks: Block[] = [];
  for (const edit of edits) {
    const start = edit.start === 0 ? 0 : text.lastIndexOf("\n", edit.start - 1) + 1;
    const next = text.indexOf("\n", edit.end);
    const end = next < 0 ? text.length : next;
    const last = blocks.at(-1);
    if (last !== undefined && start <= last.end)
      blocks[blocks.length - 1] = { start: last.start, end, edits: [...last.edits, edit] };
    else blocks.push({ start, end, edits: [edit] });
  }
  return blocks;
}

function changedLines(text: string, { start, end, edits }: Block): { same: number; old: string[]; fresh: string[] } {
  const before = text.slice(start, end);
  const within = edits.map((edit) => ({ start: edit.start - start, end: edit.end - start, text: edit.text }));
  const old = before.split("\n");
  const fresh = editedText(before, within).split("\n");
  let same = 0;
  while (same < Math.min(old.length, fresh.length) && old[same] === fresh[same]) same += 1;
  let tail = 0;
  while (tail < Math.min(old.length, fresh.length) - same && old[old.length - 1 - tail] === fresh[fresh.length - 1 - tail])
    tail += 1;
  return { same, old: old.slice(same, old.length - tail), fresh: fresh.slice(same, fresh.length - tail) };
}

function shortened(lines: readonly string[]): readonly string[] {
  if (lines.length <= blockLines) return lines;
  const half = blockLines / 2;
  return [...lines.slice(0, half), `[... ${lines.length - blockLines} lines]`, ...lines.slice(-half)];
}

function cut(line: string): string {
  return line.length <= lineChars ? line : `${line.slice(0, lineChars)}…`;
}

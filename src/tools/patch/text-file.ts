/** What is wrong with an edit, said to the model. The only error that reading and matching a patch throws. */
export class PatchError extends Error {
  override readonly name = "PatchError";
}

/** A file's text with line ends as the model writes them, and what is needed to give it its own ones back. */
export interface TextFile {
  readonly text: string;
  readonly bom: boolean;
  /** Where in `text` a line end stands for CR LF, ascending. */
  readonly returns: readonly number[];
}

/** Replaces `text[start, end)`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Reads a file's bytes; throws for what is no text. */
export function textFile(path: string, data: Uint8Array): TextFile {
  if (data.includes(0)) throw new PatchError(`${path} is not text (${data.length} bytes).`);
  const whole = decoded(path, data);
  const bom = whole.startsWith("\uFEFF");
  const raw = bom ? whole.slice(1) : whole;
  const returns: number[] = [];
  for (let at = raw.indexOf("\r\n"); at >= 0; at = raw.indexOf("\r\n", at + 2)) returns.push(at - returns.length);
  return { text: returns.length === 0 ? raw : raw.replaceAll("\r\n", "\n"), bom, returns };
}

/** A file that does not exist yet. */
export const noText: TextFile = { text: "", bom: false, returns: [] };

/** The file's bytes after the edits, which are ascending and apart; everything outside them stays as it was, byte for byte. */
export function edited(file: TextFile, edits: readonly Edit[]): Uint8Array {
  let at = 0;
  let made = file.bom ? "\uFEFF" : "";
  for (const { start, end, text } of edits) {
    made += rawPart(file, at, start) + (endsInReturns(file, start) ? text.replaceAll(/\r?\n/g, "\r\n") : text);
    at = end;
  }
  return new TextEncoder().encode(made + rawPart(file, at, file.text.length));
}

/** The text after the edits. */
export function editedText(text: string, edits: readonly Edit[]): string {
  let at = 0;
  let made = "";
  for (const edit of edits) {
    made += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return made + text.slice(at);
}

/** What the model sends for a file: CR LF is how the file has it, not how it is searched for. */
export function asSent({ returns }: TextFile, text: string): string {
  return returns.length === 0 ? text : text.replaceAll("\r\n", "\n");
}

function decoded(path: string, data: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    throw new PatchError(`${path} is not UTF-8 text. Convert it first, e.g. with iconv, or change it with the terminal.`);
  }
}

function rawPart({ text, returns }: TextFile, from: number, to: number): string {
  if (returns.length === 0) return text.slice(from, to);
  let at = from;
  let part = "";
  for (let index = firstFrom(returns, from); (returns[index] ?? to) < to; index += 1) {
    const end = returns[index] ?? to;
    part += `${text.slice(at, end)}\r\n`;
    at = end + 1;
  }
  return part + text.slice(at, to);
}

/** Whether lines around here end in CR LF: as the next line end does, or the last one. */
function endsInReturns({ text, returns }: TextFile, at: number): boolean {
  if (returns.length === 0) return false;
  const next = text.indexOf("\n", at);
  const near = next >= 0 ? next : text.lastIndexOf("\n");
  return returns[firstFrom(returns, near)] === near;
}

/** The first index whose value is not below `at`. */
function firstFrom(values: readonly number[], at: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

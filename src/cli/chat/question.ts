import { fstatSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { asFailure, Failure } from "../../core/failures.ts";
import type { Streams } from "../context.ts";

/**
 * What is asked in one go: the words of the options, and what was piped in after them; null: neither was given. A `Failure` says what is
 * wrong with them.
 */
export async function questionFrom(
  { query, queryFile }: { readonly query?: string; readonly queryFile?: string },
  { stdin, stderr }: Streams,
): Promise<string | null> {
  const words = [query ?? "", queryFile === undefined ? "" : await textOf(queryFile)].filter((text) => text !== "").join("\n\n");
  const asked = query !== undefined || queryFile !== undefined;
  if (stdin.isTTY === true || !isPiped(stdin)) return asked ? nonEmpty(words) : null;
  const slow = setTimeout(() => stderr.write("hermes: reading what is piped in …\n"), slowMs);
  const piped = await whole(stdin).finally(() => clearTimeout(slow));
  const text = [words, piped.trimEnd()].filter((part) => part.trim() !== "").join("\n\n");
  return nonEmpty(text);
}

/** Whoever forgets `</dev/null` should see why nothing happens. */
const slowMs = 2_000;
/** More than any window holds. */
const mostBytes = 2_000_000;

/** A program that starts us may have left our input as it was, e.g. `/dev/null`: there is nothing to wait for. */
function isPiped(stdin: Streams["stdin"]): boolean {
  if (stdin !== process.stdin) return true;
  try {
    const input = fstatSync(0);
    return input.isFIFO() || input.isFile() || input.isSocket();
  } catch {
    // Closed from the beginning.
    return false;
  }
}

async function whole(stdin: Streams["stdin"]): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of stdin) {
    const bytes = Buffer.from(piece);
    pieces.push(bytes);
    size += bytes.length;
    if (size > mostBytes) throw refusal(`What is piped in has more than ${mostBytes / 1e6} MB; give me the path of the file.`);
  }
  const text = Buffer.concat(pieces).toString("utf8");
  if (text.includes("\u0000")) throw refusal("What is piped in is no text. Give me the path of the file instead.");
  return text;
}

async function textOf(path: string): Promise<string> {
  return await readFile(path, "utf8").catch((thrown: unknown) => {
    throw refusal(`${path} can't be read: ${asFailure(thrown).message}`);
  });
}

function nonEmpty(text: string): string {
  if (text.trim() === "") throw refusal("There is nothing to ask: the question is empty.");
  return text;
}

function refusal(words: string): Failure {
  return new Failure("platform.refused", words);
}

import { createReadStream, fstatSync } from "node:fs";
import { Readable } from "node:stream";
import { asFailure, Failure } from "../../core/failures.ts";
import { mostSaid } from "../../core/terminal.ts";
import type { Streams } from "../context.ts";

/**
 * What is asked in one go: the words of the options, and what was piped in after them; null: neither was given. A `Failure` says what is
 * wrong with them.
 */
export async function questionFrom(
  { query, queryFile }: { readonly query?: string; readonly queryFile?: string },
  streams: Streams,
): Promise<string | null> {
  const words = [query ?? "", queryFile === undefined ? "" : await textOf(queryFile)].filter((text) => text !== "").join("\n\n");
  const asked = query !== undefined || queryFile !== undefined;
  const input = streams.stdin.isTTY === true ? "none" : inputOf(streams.stdin);
  if (input === "none") return asked ? checked(words) : null;
  const piped = await pipedIn(streams, asked && input === "held");
  const text = [words, piped.trimEnd()].filter((part) => part.trim() !== "").join("\n\n");
  return checked(text);
}

/** Whoever forgets `</dev/null` should see why nothing happens. */
const slowMs = 2_000;
/** A question that has its words need not wait longer for an input that nobody may ever write to. */
const silentMs = 3_000;

/**
 * What stands behind an input: something that was piped in; one `held` by a program that started us, which may never write to it (Node's
 * `spawn` leaves such a socket by default); or nothing, e.g. `/dev/null`. A shell's pipe may be slow: it is waited for.
 */
function inputOf(stdin: Streams["stdin"]): "piped" | "held" | "none" {
  if (stdin !== process.stdin) return "held";
  try {
    const input = fstatSync(0);
    if (input.isSocket()) return "held";
    return input.isFIFO() || input.isFile() ? "piped" : "none";
  } catch {
    // Closed from the beginning.
    return "none";
  }
}

/** All that is piped in; nothing, where it `mayStaySilent` and no byte comes. */
async function pipedIn({ stdin, stderr }: Streams, mayStaySilent: boolean): Promise<string> {
  const silence = Promise.withResolvers<null>();
  const slow = setTimeout(() => stderr.write("hermes: reading what is piped in …\n"), slowMs);
  const silent = mayStaySilent ? setTimeout(() => silence.resolve(null), silentMs) : undefined;
  const reading = whole(stdin, "What is piped in", () => clearTimeout(silent));
  const text = await Promise.race([reading, silence.promise]).finally(() => {
    clearTimeout(slow);
    clearTimeout(silent);
  });
  if (text !== null) return text;
  stderr.write("hermes: nothing is piped in; going on without\n");
  // It would keep this process from ending.
  if (stdin instanceof Readable) stdin.destroy();
  return "";
}

async function whole(input: AsyncIterable<Buffer | string>, what: string, begun: () => void = () => {}): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of input) {
    begun();
    const bytes = Buffer.from(piece);
    pieces.push(bytes);
    size += bytes.length;
    if (size > mostSaid) throw refusal(`${what} has more than ${mostSaid / 1e6} MB; give me the path of the file.`);
  }
  const text = Buffer.concat(pieces).toString("utf8");
  if (text.includes("\u0000")) throw refusal(`${what} is no text. Give me the path of the file instead.`);
  return text;
}

async function textOf(path: string): Promise<string> {
  return await whole(createReadStream(path), path).catch((thrown: unknown) => {
    throw thrown instanceof Failure ? thrown : refusal(`${path} can't be read: ${asFailure(thrown).message}`);
  });
}

function checked(text: string): string {
  if (text.trim() === "") throw refusal("There is nothing to ask: the question is empty.");
  if (text.length > mostSaid) throw refusal(`The question has more than ${mostSaid / 1e6} million characters.`);
  return text;
}

function refusal(words: string): Failure {
  return new Failure("platform.refused", words);
}

import { randomUUID } from "node:crypto";
import { type Stats, readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import { asFailure, Failure } from "../../core/failures.ts";
import { largestFile } from "../../core/files.ts";
import { pictureType } from "../../core/media-types.ts";
import { sizeWords } from "../../core/size-words.ts";
import type { TerminalFile } from "../../core/terminal.ts";

/** Reads a file of this machine for a message; a `Failure` says why it can't go along. */
export function fileAt(path: string, wanted: "any" | "picture" = "any"): TerminalFile {
  const found = statAt(path);
  if (found.isDirectory()) throw refusal(`${path} is a directory. Attach a file of it, or an archive of all.`);
  if (!found.isFile()) throw refusal(`${path} is no ordinary file.`);
  if (found.size > largestFile)
    throw refusal(`${path} has ${sizeWords(found.size)}, and at most ${sizeWords(largestFile)} go along.`);
  const bytes = read(path, () => readFileSync(path));
  if (bytes.length === 0) throw refusal(`${path} is empty.`);
  if (wanted === "picture" && pictureType(bytes) === null)
    throw refusal(`${path} is no PNG, JPEG, GIF or WebP. As a file it can go along: --file, or /attach in the chat.`);
  return { id: randomUUID(), name: basename(path), bytes };
}

function statAt(path: string): Stats {
  return read(path, () => statSync(path));
}

function read<T>(path: string, how: () => T): T {
  try {
    return how();
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? thrown.code : null;
    if (code === "ENOENT" || code === "ENOTDIR") throw refusal(`There is no file ${path}.`);
    if (code === "EACCES" || code === "EPERM") throw refusal(`You may not read ${path}.`);
    throw refusal(`${path} can't be read: ${asFailure(thrown).message}`);
  }
}

function refusal(words: string): Failure {
  return new Failure("platform.refused", words);
}

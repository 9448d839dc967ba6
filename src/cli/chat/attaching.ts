import { randomUUID } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from "node:fs";
import { basename } from "node:path";
import { asFailure, Failure } from "../../core/failures.ts";
import { largestFile } from "../../core/files.ts";
import { pictureType } from "../../core/media-types.ts";
import { sizeWords } from "../../core/size-words.ts";
import type { TerminalFile } from "../../core/terminal.ts";

/** Reads a file of this machine for a message; a `Failure` says why it can't go along. */
export function fileAt(path: string, wanted: "any" | "picture" = "any"): TerminalFile {
  check(
    path,
    read(path, () => statSync(path)),
  );
  const bytes = bytesOf(path);
  if (bytes.length === 0) throw refusal(`${path} is empty.`);
  if (wanted === "picture" && pictureType(bytes) === null)
    throw refusal(`${path} is no PNG, JPEG, GIF or WebP. As a file it can go along: --file, or /attach in the chat.`);
  return { id: randomUUID(), name: basename(path), bytes };
}

function check(path: string, found: Stats): void {
  if (found.isDirectory()) throw refusal(`${path} is a directory. Attach a file of it, or an archive of all.`);
  if (!found.isFile()) throw noFile(path);
  if (found.size > largestFile)
    throw refusal(`${path} has ${sizeWords(found.size)}, and at most ${sizeWords(largestFile)} go along.`);
}

/** No more of it than may go along, and nothing that is waited for: files of the system say they are empty, and some have no end. */
function bytesOf(path: string): Buffer {
  const fd = read(path, () => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
  try {
    // Another may be in its place by now.
    check(path, fstatSync(fd));
    const room = Buffer.allocUnsafe(largestFile + pieceBytes);
    let length = 0;
    while (length <= largestFile) {
      const count = read(path, () => readSync(fd, room, length, pieceBytes, null));
      if (count === 0) return Buffer.from(room.subarray(0, length));
      length += count;
    }
    throw refusal(`${path} has more than ${sizeWords(largestFile)}, which is the most that goes along.`);
  } finally {
    closeSync(fd);
  }
}

/** As much as a pipe holds; some of the system's files give even pieces only. */
const pieceBytes = 65_536;

function read<T>(path: string, how: () => T): T {
  try {
    return how();
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? thrown.code : null;
    if (code === "ENOENT" || code === "ENOTDIR") throw refusal(`There is no file ${path}.`);
    if (code === "EACCES" || code === "EPERM") throw refusal(`You may not read ${path}.`);
    if (code === "EAGAIN") throw noFile(path);
    throw refusal(`${path} can't be read: ${asFailure(thrown).message}`);
  }
}

function noFile(path: string): Failure {
  return refusal(`${path} is no ordinary file.`);
}

function refusal(words: string): Failure {
  return new Failure("platform.refused", words);
}
